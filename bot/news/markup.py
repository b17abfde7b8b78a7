"""HTML as feeds carry it, read into blocks of plain text and pictures. No cleaning of words here.

Observation: feeds carry anything from tidy XHTML to fragments cut in the middle of a tag, and a
reader of Telegram gets plain paragraphs only. Rule: one pass of one regular expression, no tree;
every step is linear in the size of the input, whatever the input. Rejected: html.parser (in the
supported Python versions quadratic on unclosed comments and tags) and a sanitiser (nothing of the
markup survives, so there is nothing to allow).
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

# Attribute values in quotes may hold ">"; a tag with a stray quote is read without that care.
_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<[!?][^<>]*>"
    r"|<(?P<close>/?)(?P<name>[a-zA-Z][a-zA-Z0-9:_-]*+)"
    r"(?P<attributes>(?:[^<>=]++|=\s*+(?:\"[^\"]*+\"|'[^']*+')|=)*+)>"
    r"|<(?P<close2>/?)(?P<name2>[a-zA-Z][a-zA-Z0-9:_-]*+)(?P<attributes2>[^<>]*+)>",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(
    r"([a-zA-Z_:][\w:.-]*+)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s\"'<>]++)))?"
)


def _names(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SKIPPED = _names("script style template iframe object svg math head select textarea audio video")
_VOID = _names("area base br col embed hr img input link meta source track wbr")
_BLOCKS = _names(
    "address article aside blockquote body dd details div dl dt fieldset figcaption figure footer"
    " form h1 h2 h3 h4 h5 h6 header hr html li main nav ol p pre section summary table tbody td"
    " th tr ul"
)
_INLINE = _names(
    "a abbr acronym b bdi bdo big br center cite code data del dfn em font i img ins kbd label mark"
    " noscript q s samp small span strike strong sub sup time tt u var wbr source picture"
)
HTML_TAGS = _SKIPPED | _VOID | _BLOCKS | _INLINE
"""Names that are taken for markup where text may also hold things like "Vector<int>"."""

_ESCAPED_MARKUP = re.compile(
    r"&(?:amp;)?lt;/?(?:p|br|div|a|b|i|em|strong|span|img|ul|li|h[1-6])\b", re.IGNORECASE
)
_DEEPEST = 100
LINE = "\u2028"
"""Stands for a line break within a block until the block is tidied."""


@dataclass(frozen=True, slots=True)
class Image:
    """An <img> as it stands: its attributes, names in lower case."""

    attributes: dict[str, str]
    block: int
    """How many blocks of text stand before it."""


@dataclass(frozen=True, slots=True)
class Block:
    """A stretch of text between two block-level tags."""

    text: str
    """Entities decoded; white space as in the source, line breaks as LINE."""
    tag: str
    """The innermost block-level element; "" at the top."""
    marks: str
    """Class names and ids of the element and what encloses it, in lower case."""
    links: tuple[tuple[str, str], ...]
    """(text, address as it stands) of each link in it."""


@dataclass(frozen=True, slots=True)
class Markup:
    """Blocks with text, in order, and every picture."""

    blocks: tuple[Block, ...]
    images: tuple[Image, ...]
    plain: bool
    """No tag was seen: blank lines separate the paragraphs."""


@dataclass(slots=True)
class _Reading:
    """The state of one pass."""

    blocks: list[Block] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    open: list[tuple[str, str]] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)
    link: str = ""
    link_from: int = 0
    skipping: str = ""
    tags: int = 0

    def text(self, text: str) -> None:
        if text and not self.skipping:
            self.pieces.append(html.unescape(text))

    def flush(self) -> None:
        self.end_link()
        text = "".join(self.pieces)
        if text.strip() or self.links:
            tag = next((name for name, _ in reversed(self.open) if name in _BLOCKS), "")
            marks = " ".join(marks for _, marks in self.open if marks)
            self.blocks.append(Block(text, tag, marks, tuple(self.links)))
        self.pieces.clear()
        self.links.clear()

    def end_link(self) -> None:
        if self.link:
            self.links.append(("".join(self.pieces[self.link_from :]), self.link))
            self.link = ""

    def start(self, name: str, raw_attributes: str) -> None:
        if name == "br":
            self.pieces.append(LINE)
            return
        if name in _BLOCKS:
            self.flush()
        attributes = attributes_of(raw_attributes)
        if name == "img":
            self.images.append(Image(attributes, len(self.blocks)))
        elif name == "a" and attributes.get("href"):
            self.end_link()
            self.link, self.link_from = attributes["href"], len(self.pieces)
        if name not in _VOID and len(self.open) < _DEEPEST:
            marks = f"{attributes.get('class', '')} {attributes.get('id', '')}".strip().lower()
            self.open.append((name, marks[:200]))

    def end(self, name: str) -> None:
        if name == "a":
            self.end_link()
        if name in _BLOCKS:
            self.flush()
        for depth in range(len(self.open) - 1, -1, -1):
            if self.open[depth][0] == name:
                del self.open[depth:]
                return

    def tag(self, tag: "Tag") -> None:
        self.tags += 1
        if self.skipping:
            if tag.closing and tag.name == self.skipping:
                self.skipping = ""
        elif tag.name in _SKIPPED:
            if not tag.closing and not tag.attributes.endswith("/"):
                self.skipping = tag.name
        elif tag.closing:
            self.end(tag.name)
        else:
            self.start(tag.name, tag.attributes)


def attributes_of(raw: str) -> dict[str, str]:
    """Attributes of a tag, values decoded; of a repeated name the first counts."""
    attributes: dict[str, str] = {}
    for found in _ATTRIBUTE.finditer(raw):
        value = found.group(2) or found.group(3) or found.group(4) or ""
        attributes.setdefault(found.group(1).lower(), html.unescape(value).strip())
    return attributes


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag, a comment or a declaration, with the text that stands before it."""

    before: str
    name: str
    """In lower case; "" for comments, declarations and the end of the input."""
    closing: bool
    attributes: str
    source: str


def tags_of(markup: str) -> Iterator[Tag]:
    """Split markup at its tags; the last one has no name and carries what is left."""
    position = 0
    for token in _TOKEN.finditer(markup):
        yield Tag(
            markup[position : token.start()],
            (token.group("name") or token.group("name2") or "").lower(),
            bool(token.group("close") or token.group("close2")),
            token.group("attributes") or token.group("attributes2") or "",
            token.group(),
        )
        position = token.end()
    yield Tag(markup[position:], "", False, "", "")


def read_markup(markup: str) -> Markup:
    """Blocks and pictures of an HTML fragment; of one escaped once too often, what it meant."""
    if "<" not in markup and _ESCAPED_MARKUP.search(markup):
        markup = html.unescape(html.unescape(markup) if "&amp;lt;" in markup else markup)
    reading = _Reading()
    for tag in tags_of(markup):
        reading.text(tag.before)
        if tag.name:
            reading.tag(tag)
    reading.flush()
    return Markup(tuple(reading.blocks), tuple(reading.images), reading.tags == 0)
