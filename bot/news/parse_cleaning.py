"""XML text made harmless before any parser sees it. Nothing of its meaning is decided here.

Observation: feeds come with warnings of PHP before the prolog, control characters, bare
ampersands, HTML entities and undefined ones; parsers are quadratic in white space before the root
and read tens of thousands of entries for seconds. Rule: one linear pass drops comments, resolves
or escapes every "&" outside of CDATA and cuts off what is endless; then the document starts at its
root (no prolog, no DOCTYPE, no entity declarations, hence no expansion) and ends after the entries
that are wanted. Known exception: entities that a document declares itself are shown by name.
Rejected: expanding them (a bomb needs few, and real feeds declare only what HTML already knows).
"""

import html
import re
from dataclasses import dataclass
from html.entities import html5
from xml.sax.saxutils import quoteattr

from bot.news.parse_dates import parse_date
from bot.news.parse_entries import MOST_KEPT
from bot.news.text import excerpt, plain_text

_MOST_READ = 5000
# Dense markup takes some microseconds for a character; 4 MB are read in half the time there is.
_MOST_TEXT = 4_000_000
_LONGEST_TEXT = 262_144
_LONGEST_ENTRY = 524_288
_LONGEST_CAPTION = 500
# A parser needs some ten microseconds for a tag; real feeds have a few thousand.
_MOST_TAGS = 120_000
_MOST_TOKENS = 1_500_000
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TOKEN = re.compile(
    r"<!--.*?(?:-->|\Z)"
    r"|<!\[CDATA\[(?P<cdata>.*?)(?:\]\]>|\Z)"
    r"|(?P<pair>&\#[xX][dD][89abAB][0-9a-fA-F]{2};&\#[xX][dD][c-fC-F][0-9a-fA-F]{2};)"
    r"|&(?P<entity>\#[0-9]{1,7}|\#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
    r"|&(?P<bare>(?!\#[xX]?[0-9a-fA-F]+;))"
    r"|&\#[xX]?[0-9a-fA-F]+;"
    r"|<(?P<entry>(?:[A-Za-z][\w.-]{0,20}:)?(?:item|entry))(?=[\s>/])"
    r"|<(?P<media>/?media:(?:content|description|credit))(?=[\s>/])(?P<attributes>[^<>]*)>",
    re.DOTALL | re.IGNORECASE,
)
_ROOT = re.compile(
    r"<(?P<name>(?P<prefix>[A-Za-z][\w.-]{0,20}:)?(?P<local>rss|feed|rdf|channel|opml))(?=[\s>/])",
    re.IGNORECASE,
)
_CHANNEL = re.compile(r"<((?:[a-z]+:)?channel)[\s>]", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]*>")
_DATE = re.compile(
    r"<(?:pubDate|published|updated|dc:date)[^<>]*>\s*(?:<!\[CDATA\[)?([^<>\]]{8,60})",
    re.IGNORECASE,
)
_XML_ENTITIES = frozenset(["lt", "gt", "amp", "quot", "apos"])


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A document from its root element on, and what stood before it."""

    text: str
    root: str
    """Local name of the root in lower case; "" when there is none that is known."""
    before: str
    """At most a thousand characters, for saying what else it may be."""


class _Pass:
    """Collects the pieces of the document and where entries begin in them."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.entries: list[tuple[int, str]] = []
        self.size = 0
        self.tags = 0
        self.content: tuple[int, str] | None = None
        self.said: dict[str, str] = {}
        self.said_from = 0

    def text(self, text: str) -> None:
        if len(text) > _LONGEST_TEXT and "<" not in text:
            text = text[:_LONGEST_TEXT]
        self.size += len(text)
        if self.size > _LONGEST_ENTRY:
            text = "".join(_TAG.findall(text))
        if not text.startswith("<!["):
            allowed = max(0, _MOST_TAGS - self.tags)
            self.tags += text.count("<")
            if self.tags > _MOST_TAGS:
                text = "<".join(text.split("<", allowed + 1)[: allowed + 1])
        self.pieces.append(text)

    def token(self, found: re.Match[str]) -> None:
        kind = found.lastgroup
        self.tags += found.group().startswith("<")
        if kind == "cdata":
            self.text(f"<![CDATA[{found['cdata'][:_LONGEST_TEXT]}]]>")
        elif kind == "entity":
            self.text(_entity(found["entity"]))
        elif kind == "pair":
            self.text(_surrogate_pair(found["pair"]))
        elif kind == "bare":
            self.text("&amp;")
        elif kind == "entry":
            self.entries.append((len(self.pieces), found["entry"]))
            self.pieces.append(found.group())
            self.size = 0
            self.content = None
        elif kind == "attributes":
            self.media(found.group(), found["media"].lower(), found["attributes"].rstrip())

    def media(self, tag: str, name: str, attributes: str) -> None:
        """Rename descriptions of pictures, which a parser would take for the entry's own."""
        closing, local = name.startswith("/"), name.rpartition(":")[2]
        if local == "content":
            self.picture(closing, attributes)
        elif closing and self.content is not None:
            key = "caption" if local == "description" else "credit"
            if key not in self.said:
                self.said[key] = _said(self.pieces[self.said_from :])
        if local == "description":
            empty = "/" if attributes.endswith("/") else ""
            tag = "</media:caption>" if closing else f"<media:caption{empty}>"
        self.pieces.append(tag)
        self.said_from = len(self.pieces)

    def picture(self, closing: bool, attributes: str) -> None:
        """Tie caption and credit to their picture as attributes; parsers drop the nesting."""
        if closing and self.content is not None:
            at, kept = self.content
            said = "".join(f" {key}={quoteattr(text)}" for key, text in self.said.items())
            self.pieces[at] = f"<media:content{kept}{said}>"
        opened = not closing and not attributes.endswith("/")
        self.content = (len(self.pieces), attributes) if opened else None
        self.said = {}


def _said(pieces: list[str]) -> str:
    """What a described picture's element holds, as one line of plain text."""
    texts = [
        piece[9:-3] if piece.startswith("<![CDATA[") else html.unescape(piece) for piece in pieces
    ]
    return excerpt(plain_text("".join(texts)), _LONGEST_CAPTION)


def _entity(name: str) -> str:
    if name.startswith("#"):
        code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
        return html.escape(_character(code))
    if name.lower() in _XML_ENTITIES:
        return f"&{name.lower()};"
    known = html5.get(f"{name};")
    return html.escape(known) if known else f"&amp;{name};"


def _character(code: int) -> str:
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        return ""
    # Numbers of windows-1252 for quotes and dashes mean what HTML makes of them.
    return _ILLEGAL.sub("", html.unescape(f"&#{code};") if 0x80 <= code < 0xA0 else chr(code))


def _surrogate_pair(pair: str) -> str:
    high, low = (int(code.strip("&#xX"), 16) for code in pair.rstrip(";").split(";"))
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def clean(text: str) -> Cleaned:
    """The document from its root on, with at most most_read() entries; never raises."""
    reading = _Pass()
    position = 0
    text = _ILLEGAL.sub("", text)
    for count, found in enumerate(_TOKEN.finditer(text)):
        if count > _MOST_TOKENS or reading.tags > _MOST_TAGS:
            text = text[:position]
            break
        if found.start() > position:
            reading.text(text[position : found.start()])
        reading.token(found)
        position = found.end()
    reading.text(text[position:])
    whole = "".join(reading.pieces)
    root = _ROOT.search(whole)
    if root is None:
        return Cleaned("", "", whole[:1000])
    before = whole[: root.start()][-1000:]
    mine = {"", root["prefix"] or ""}
    starts = [at for at, name in reading.entries if name[: name.find(":") + 1] in mine]
    wanted = most_read(len(starts), len(whole))
    if len(starts) > wanted:
        whole = _cut(reading.pieces, starts, wanted, root["name"])
        root = _ROOT.search(whole) or root
    return Cleaned(whole[root.start() :], root["local"].lower(), before)


def most_read(entries: int, length: int) -> int:
    """How many entries of a document are looked at: 5,000, or 4 million characters' worth of its
    `length` where that is less, but never fewer than may become entries of the wire."""
    return max(MOST_KEPT, min(_MOST_READ, entries * _MOST_TEXT // max(length, 1)))


def _cut(pieces: list[str], starts: list[int], wanted: int, root: str) -> str:
    """Keep the newest entries: the last ones where the dates ascend, else the first ones."""
    head = "".join(pieces[: starts[0]])
    if _ascending(pieces, starts):
        return head + "".join(pieces[starts[-wanted] :])
    channel = _CHANNEL.search(head)
    open_channel = channel and f"</{channel.group(1)}>" not in head
    ending = f"</{channel.group(1)}>" if channel and open_channel else ""
    if not root.lower().endswith("channel"):
        ending += f"</{root}>"
    return head + "".join(pieces[starts[0] : starts[wanted]]) + ending


def _ascending(pieces: list[str], starts: list[int]) -> bool:
    first = _DATE.search("".join(pieces[starts[0] : starts[1]]))
    last = _DATE.search("".join(pieces[starts[-1] :]))
    if first is None or last is None:
        return False
    dates = parse_date(first.group(1)), parse_date(last.group(1))
    return bool(dates[0] and dates[1] and dates[1] > dates[0])
