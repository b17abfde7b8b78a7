"""The Bot API's HTML, judged without TDLib: strict, with Telegram's own words for each fault.

Rule (tdlib/td MessageEntity.cpp, parse_html): only the tags below, properly nested; only four
named character references and numeric ones decode; a bad `href` drops the link and keeps its
text. Offsets in faults are in bytes of the input, in entities in UTF-16 units.
"""

import re
from dataclasses import dataclass, field

from sandbox.links import checked_link
from sandbox.values import JsonObject, Refusal, bad_request

_SIMPLE = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
}
_TAGS = frozenset(_SIMPLE) | {"a", "span", "tg-emoji", "tg-time", "pre", "code", "blockquote"}
_NAMED = {b"lt": "<", b"gt": ">", b"amp": "&", b"quot": '"'}
_INTEGER = re.compile(r"-?[0-9]{1,19}")
_MENTION = re.compile(r"tg://user\?id=([0-9]{1,16})")
_TIME_FORMAT = re.compile(r"r|w?[dD]?[tT]?")
_SPACES = b" \t\r\n\0\v"
_TOKEN = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")


@dataclass(slots=True)
class _OpenTag:
    name: str
    attributes: dict[str, str]
    offset: int


@dataclass(slots=True)
class _Reading:
    """How far the input is read, and what has come out of it."""

    source: bytes
    at: int = 0
    out: list[str] = field(default_factory=list)
    offset: int = 0
    open_tags: list[_OpenTag] = field(default_factory=list)
    entities: list[JsonObject] = field(default_factory=list)

    def emit(self, text: str) -> None:
        self.out.append(text)
        self.offset += len(text.encode("utf-16-le", "surrogatepass")) // 2

    def peek(self) -> int:
        return self.source[self.at] if self.at < len(self.source) else 0

    def skip_spaces(self) -> None:
        while self.at < len(self.source) and self.source[self.at] in _SPACES:
            self.at += 1


def parse(text: str, parse_mode: str = "html") -> tuple[str, list[JsonObject]]:
    """Plain text and Bot API entities of HTML; raises Refusal with the fault."""
    if parse_mode != "html":
        raise bad_request("unsupported parse_mode")
    reading = _Reading(text.encode("utf-8", "replace"))
    while reading.at < len(reading.source):
        byte = reading.peek()
        if byte == ord("&"):
            _read_reference(reading)
        elif byte == ord("<"):
            closing = reading.source[reading.at + 1 : reading.at + 2] == b"/"
            (_read_end_tag if closing else _read_start_tag)(reading)
        else:
            _read_run(reading)
    if reading.open_tags:
        name = reading.open_tags[-1].name
        raise _fault(f'Can\'t find end tag corresponding to start tag "{name}"')
    reading.entities.sort(key=lambda entity: (entity["offset"], -entity["length"]))
    return "".join(reading.out), reading.entities


def _fault(reason: str) -> Refusal:
    return bad_request(f"can't parse entities: {reason}")


def _read_run(reading: _Reading) -> None:
    start = reading.at
    while reading.at < len(reading.source) and reading.peek() not in b"&<":
        reading.at += 1
    reading.emit(reading.source[start : reading.at].decode())


def _read_reference(reading: _Reading) -> None:
    character, length = _decoded(reading.source, reading.at)
    reading.emit(character)
    reading.at += length


def _decoded(source: bytes, at: int) -> tuple[str, int]:
    """The character that a reference at `at` stands for, and the bytes it takes."""
    end = at + 1
    if source[end : end + 1] == b"#":
        end += 1
        hexadecimal = source[end : end + 1] == b"x"
        end += hexadecimal
        start = end
        allowed = b"0123456789abcdefABCDEF" if hexadecimal else b"0123456789"
        while end < len(source) and source[end] in allowed:
            end += 1
        digits = source[start:end]
        code = int(digits, 16 if hexadecimal else 10) if digits else 0
        if not 0 < code < 0x10FFFF or 0xD800 <= code < 0xE000 or end - at >= 10:
            return "&", 1
        character = chr(code)
    else:
        while end < len(source) and source[end : end + 1].isalpha():
            end += 1
        named = _NAMED.get(source[at + 1 : end])
        if named is None:
            return "&", 1
        character = named
    return character, end - at + (source[end : end + 1] == b";")


def _read_start_tag(reading: _Reading) -> None:
    begin = reading.at
    reading.at += 1
    start = reading.at
    while reading.at < len(reading.source) and reading.peek() not in _SPACES + b">":
        reading.at += 1
    if reading.at >= len(reading.source):
        raise _fault(f"Unclosed start tag at byte offset {begin}")
    name = reading.source[start : reading.at].decode("utf-8", "replace").lower()
    if name not in _TAGS:
        raise _fault(f'Unsupported start tag "{name}" at byte offset {begin}')
    attributes: dict[str, str] = {}
    while reading.peek() != ord(">"):
        reading.skip_spaces()
        if reading.peek() == ord(">"):
            break
        _read_attribute(reading, name, begin, attributes)
    if name == "span" and attributes.get("class") != "tg-spoiler":
        raise _fault(f'Tag "span" must have class "tg-spoiler" at byte offset {begin}')
    reading.at += 1
    reading.open_tags.append(_OpenTag(name, attributes, reading.offset))


def _read_attribute(reading: _Reading, tag: str, begin: int, attributes: dict[str, str]) -> None:
    start = reading.at
    while reading.at < len(reading.source) and reading.peek() not in _SPACES + b"=>/\"'":
        reading.at += 1
    name = reading.source[start : reading.at].decode("utf-8", "replace").lower()
    if not name:
        raise _fault(f'Empty attribute name in the tag "{tag}" at byte offset {begin}')
    reading.skip_spaces()
    if reading.at < len(reading.source) and reading.peek() != ord("="):
        attributes.setdefault(name, "")
        return
    reading.at += 1
    reading.skip_spaces()
    if reading.at >= len(reading.source):
        raise _fault(f'Unclosed start tag "{tag}" at byte offset {begin}')
    attributes[name] = _read_value(reading, begin)
    if reading.at >= len(reading.source):
        raise _fault(f"Unclosed start tag at byte offset {begin}")


def _read_value(reading: _Reading, begin: int) -> str:
    quote = reading.peek()
    if quote not in b"'\"":
        start = reading.at
        while reading.at < len(reading.source) and reading.peek() in _TOKEN:
            reading.at += 1
        value = reading.source[start : reading.at].decode().lower()
        if reading.at < len(reading.source) and reading.peek() not in _SPACES + b">":
            raise _fault(f"Unexpected end of name token at byte offset {start}")
        return value
    reading.at += 1
    pieces = []
    while reading.at < len(reading.source) and reading.peek() != quote:
        if reading.peek() == ord("&"):
            character, length = _decoded(reading.source, reading.at)
            pieces.append(character.encode())
            reading.at += length
        else:
            pieces.append(reading.source[reading.at : reading.at + 1])
            reading.at += 1
    if reading.at >= len(reading.source):
        raise _fault(f"Unclosed start tag at byte offset {begin}")
    reading.at += 1
    return b"".join(pieces).decode("utf-8", "replace")


def _read_end_tag(reading: _Reading) -> None:
    begin = reading.at
    if not reading.open_tags:
        raise _fault(f"Unexpected end tag at byte offset {begin}")
    reading.at += 2
    start = reading.at
    while reading.at < len(reading.source) and reading.peek() not in _SPACES + b">":
        reading.at += 1
    name = reading.source[start : reading.at].decode("utf-8", "replace").lower()
    reading.skip_spaces()
    if reading.peek() != ord(">"):
        raise _fault(f"Unclosed end tag at byte offset {begin}")
    tag = reading.open_tags.pop()
    if name and name != tag.name:
        raise _fault(
            f'Unmatched end tag at byte offset {begin}, expected "</{tag.name}>", found "</{name}>"'
        )
    reading.at += 1
    length = reading.offset - tag.offset
    shape = _shape(tag, reading) if length else None
    if shape is not None:
        reading.entities.append({**shape, "offset": tag.offset, "length": length})


def _shape(tag: _OpenTag, reading: _Reading) -> JsonObject | None:
    """The entity of a closed tag, without its place; None where the tag leaves only its text."""
    if tag.name in _SIMPLE or tag.name == "span":
        return {"type": _SIMPLE.get(tag.name, "spoiler")}
    if tag.name == "a":
        return _link(tag.attributes.get("href") or _inner(tag, reading))
    if tag.name == "blockquote":
        expandable = "expandable" in tag.attributes
        return {"type": "expandable_blockquote" if expandable else "blockquote"}
    if tag.name == "tg-emoji":
        identifier = tag.attributes.get("emoji-id", "")
        if not _INTEGER.fullmatch(identifier) or not int(identifier):
            raise _fault("Invalid custom emoji identifier specified")
        return {"type": "custom_emoji", "custom_emoji_id": identifier}
    if tag.name == "tg-time":
        return _time(tag.attributes.get("unix", ""), tag.attributes.get("format", ""))
    return _code(tag, reading)


def _inner(tag: _OpenTag, reading: _Reading) -> str:
    encoded = "".join(reading.out).encode("utf-16-le", "surrogatepass")
    return encoded[2 * tag.offset :].decode("utf-16-le", "replace")


def _link(address: str) -> JsonObject | None:
    mention = _MENTION.fullmatch(address)
    if mention is not None and 0 < int(mention[1]) < 2**53:
        return {"type": "text_mention", "user": {"id": int(mention[1])}}
    checked = checked_link(address)
    return {"type": "text_link", "url": checked} if checked is not None else None


def _time(unix: str, shown: str) -> JsonObject | None:
    if not _TIME_FORMAT.fullmatch(shown):
        raise _fault("Invalid date format used")
    if not _INTEGER.fullmatch(unix) or not 0 < int(unix) < 2**31:
        return None
    moment: JsonObject = {"type": "date_time", "unix_time": int(unix)}
    return moment | ({"date_time_format": shown} if shown else {})


def _code(tag: _OpenTag, reading: _Reading) -> JsonObject | None:
    """code and pre; `<pre><code class="language-x">` is one entity with a language."""
    language = tag.attributes.get("class", "")
    if tag.name == "code":
        inside_pre = bool(reading.open_tags) and reading.open_tags[-1].name == "pre"
        if inside_pre and reading.open_tags[-1].offset == tag.offset:
            if language.startswith("language-"):
                reading.open_tags[-1].attributes["class"] = language
            return None if language.startswith("language-") else {"type": "code"}
        return {"type": "code"}
    if language.startswith("language-"):
        return {"type": "pre", "language": language.removeprefix("language-")}
    return {"type": "pre"}
