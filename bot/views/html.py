"""Telegram HTML whose size is known while it is built: cleaning, cutting, escaping, markup.

Nothing here knows what a story is. Sizes are UTF-16 units after parsing, as Telegram counts
(Bot API, MessageEntity), beside the entities and the bytes that a message may have.

Observation: titles arrive with control characters, bidirectional overrides, unpaired surrogates
and invisible fillers; Telegram drops or refuses some of them, and an override can turn a whole
message around.
Rule: those are removed; what would show nothing at all counts as empty. Joiners and direction
marks stay, because emoji, Persian and Hebrew need them.
Exception: a cluster longer than its limit (stacked accents) is cut inside.
Rejected: cutting by code points, which tears flags and families of emoji apart.

plain() is for the product's own sentences, quoted() for what sources and readers wrote.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

TEXT_UNITS = 4096
"""Of a message after parsing (Bot API, sendMessage: code points, which are never more)."""
ENTITIES = 90
"""Of the 100 that Telegram keeps; the rest is room for those that it detects by itself."""
BYTES = 32_000
"""Of the 32,768 that the Bot API server accepts before parsing."""
LINK_BYTES = 1_200
"""Of an escaped address. Longer ones are no links: ten of them must fit into one message."""
ELLIPSIS = "…"

_REMOVED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u180e\u200b\u202a-\u202e"
    "\u2060-\u206f\ufeff\ufff9-\ufffc\ufffe\uffff]"
)
_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SPACES = re.compile(r"\s+")
_BLANKS = re.compile(r"[^\S\n]+")
_MANY_LINES = re.compile(r" ?\n ?(?:\n ?)+")
_FILLERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
_LINK = re.compile(
    r"https?://(?:\w(?:[\w-]*\w)?(?:\.\w(?:[\w-]*\w)?)+|\[[0-9a-f:]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?:[/?#].*)?",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>]*>")
_JOINER = "\u200d"
_WORD_JOINER = "\u2060"
_ACTIVE = re.compile(r"((?<![\w])@(?=\w)|(?<![\w<>/])/(?=\w))")


@dataclass(frozen=True, slots=True)
class Rich:
    """A piece of Telegram HTML with its size."""

    html: str = ""
    units: int = 0
    entities: int = 0

    def __add__(self, other: "Rich") -> "Rich":
        return Rich(
            self.html + other.html, self.units + other.units, self.entities + other.entities
        )

    def __bool__(self) -> bool:
        return bool(self.html)


def units(text: str) -> int:
    """Length in UTF-16 units; an unpaired surrogate counts as one."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def escape(text: str) -> str:
    """Escape for text and attributes; Telegram decodes only these four by name (Bot API, HTML)."""
    return (
        text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    )


def clean(text: str, *, lines: bool = False) -> str:
    """Text without what Telegram drops or what breaks a display; "" when nothing would be visible.

    Surrogate pairs become their character, unpaired ones U+FFFD. White space becomes single
    spaces; with `lines`, line ends stay and at most one blank line separates paragraphs.
    """
    if not text.isascii():
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = _LINE_ENDS.sub("\n", text)
    if lines:
        text = _BLANKS.sub(" ", _REMOVED.sub("", text))
        text = _MANY_LINES.sub("\n\n", text).replace(" \n", "\n").replace("\n ", "\n").strip()
    else:
        text = _SPACES.sub(" ", _REMOVED.sub("", _SPACES.sub(" ", text))).strip()
    return text if any(_visible(character) for character in text) else ""


def cut(text: str, limit: int) -> str:
    """At most `limit` UTF-16 units: whole if it fits, else up to a word if one is near, and …"""
    if units(text) <= limit:
        return text
    if limit < 1:
        return ""
    end = cluster_end(text, _index_at(text, limit - 1))
    space = text.rfind(" ", 0, end + 1)
    # A word's end is worth at most a third of the text.
    if space >= 2 * end // 3:
        end = space
    return text[:end].rstrip(" \n,;:–—-") + ELLIPSIS


def cluster_end(text: str, end: int) -> int:
    """The nearest place at or before `end` that tears no visible character apart; `end` if none."""
    place = end
    while 0 < place < len(text) and _joined(text, place):
        place -= 1
    return place or end


def plain(text: str, limit: int = TEXT_UNITS, *, lines: bool = False) -> Rich:
    """Cleaned, cut and escaped text."""
    shown = cut(clean(text, lines=lines), limit)
    return Rich(escape(shown), units(shown))


def quoted(text: str, limit: int = TEXT_UNITS, *, lines: bool = False) -> Rich:
    """As plain(), for other people's words: nobody is mentioned, nothing is a command.

    Telegram makes "@name" and "/word" active by itself: a headline would notify a group's member,
    or offer a press that ends subscriptions. An invisible joiner after the sign prevents it.
    """
    shown = cut(_ACTIVE.sub(rf"\1{_WORD_JOINER}", clean(text, lines=lines)), limit)
    return Rich(escape(shown), units(shown))


def bold(piece: Rich) -> Rich:
    """Bold, unless empty."""
    return _tagged("b", piece)


def italic(piece: Rich) -> Rich:
    """Italic, unless empty."""
    return _tagged("i", piece)


def link(piece: Rich, url: str) -> Rich:
    """Linked, if the address is one that Telegram takes; else the text alone."""
    if not piece or not is_link(url):
        return piece
    return Rich(f'<a href="{escape(url)}">{piece.html}</a>', piece.units, piece.entities + 1)


def is_link(url: str) -> bool:
    """An absolute http(s) address that Telegram takes, short enough and free of hidden characters.

    A subset of what TDLib takes (LinkManager): the host has a dot, or is an IPv6 address; a name
    and password before the host, which mislead readers, make it no link.
    """
    if len(url) > LINK_BYTES or _SPACES.search(url) or clean(url) != url:
        return False
    if len(escape(url).encode("utf-8")) > LINK_BYTES:
        return False
    found = _LINK.fullmatch(url)
    return found is not None and (not found["port"] or 0 < int(found["port"]) < 65_536)


def join(separator: str, pieces: Iterable[Rich]) -> Rich:
    """The pieces that are not empty, with a plain separator between them."""
    between = Rich(escape(separator), units(separator))
    whole = Rich()
    for piece in pieces:
        if piece:
            whole = whole + between + piece if whole else piece
    return whole


def to_plain(html: str) -> str:
    """What a reader sees of Telegram HTML: for sending once more as plain text."""
    text = _TAG.sub("", html)
    for name, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&amp;", "&")):
        text = text.replace(name, character)
    return text


class Builder:
    """Lines of a message; a line that would exceed a limit is refused, never sent cut."""

    def __init__(
        self, limit: int = TEXT_UNITS, *, entities: int = ENTITIES, size: int = BYTES
    ) -> None:
        self._limit = limit
        self._entities = entities
        self._bytes = size
        self._whole = Rich()
        self._size = 0

    def add(self, piece: Rich, *, before: str = "\n") -> bool:
        """Append a piece after `before` (nothing before the first); False if it does not fit."""
        if not piece:
            return True
        if self._whole:
            piece = Rich(before, units(before)) + piece
        size = len(piece.html.encode("utf-8"))
        if not self._fits(piece, size):
            return False
        self._whole += piece
        self._size += size
        return True

    def _fits(self, piece: Rich, size: int) -> bool:
        return (
            self._whole.units + piece.units <= self._limit
            and self._whole.entities + piece.entities <= self._entities
            and self._size + size <= self._bytes
        )

    @property
    def room(self) -> int:
        """UTF-16 units left."""
        return self._limit - self._whole.units

    @property
    def html(self) -> str:
        """The text so far."""
        return self._whole.html


def _tagged(tag: str, piece: Rich) -> Rich:
    if not piece:
        return piece
    return Rich(f"<{tag}>{piece.html}</{tag}>", piece.units, piece.entities + 1)


def _visible(character: str) -> bool:
    if character in _FILLERS:
        return False
    return unicodedata.category(character)[0] not in "CZ" and character != "\u034f"


def _index_at(text: str, limit: int) -> int:
    """How many characters of the text are at most `limit` UTF-16 units."""
    used = 0
    for place, character in enumerate(text):
        used += 2 if character > "\uffff" else 1
        if used > limit:
            return place
    return len(text)


def _joined(text: str, place: int) -> bool:
    """Whether the characters around `place` belong together (a subset of Unicode's UAX 29)."""
    after, before = text[place], text[place - 1]
    if _extends(after) or before == _JOINER:
        return True
    if _regional(after) and _regional(before):
        run = 0
        while place - 1 - run >= 0 and _regional(text[place - 1 - run]):
            run += 1
        return run % 2 == 1
    # Korean syllables written as single letters.
    return "\u1160" <= after <= "\u11ff" and "\u1100" <= before <= "\u11ff"


def _extends(character: str) -> bool:
    return (
        unicodedata.category(character) in {"Mn", "Mc", "Me"}
        or character in "\u200c\u200d"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
    )


def _regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"
