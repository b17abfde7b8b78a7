"""From what a caller sends to what Telegram shows: text, its entities, and the limits on both.

Two judges of markup exist: TDLib itself (sandbox.tdlib) when installed, else the strict parser of
sandbox.hypertext. Afterwards the same rules for both: white space at the ends goes, entities of
white space alone go, code and pre exclude other formatting, at most 100 entities stay
(tdlib/td MessageEntity.cpp, fix_formatted_text).
"""

from dataclasses import dataclass
from typing import Any

from sandbox import detection, hypertext, tdlib
from sandbox.detection import units
from sandbox.links import checked_link
from sandbox.values import JsonObject, bad_request

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024
RAW_BYTES_LIMIT = 32_768
ENTITIES_LIMIT = 100
_ALONE = frozenset({"code", "pre"})
_UNSEARCHED = frozenset({"code", "pre", "text_link", "text_mention"})
_GIVEN_TYPES = frozenset(
    {
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "blockquote",
        "expandable_blockquote",
        "code",
        "pre",
        "text_link",
        "text_mention",
        "custom_emoji",
        "date_time",
    }
)
_FIELDS = (
    "type",
    "offset",
    "length",
    "url",
    "user",
    "language",
    "custom_emoji_id",
    "unix_time",
    "date_time_format",
)
# Outer formatting comes before inner formatting of the same range.
_ORDER = {"blockquote": 0, "expandable_blockquote": 0, "pre": 2, "code": 3}


@dataclass(frozen=True, slots=True)
class Formatted:
    """A text as shown, with its entities in UTF-16 offsets."""

    text: str
    entities: list[JsonObject]


def read_text(raw: str, parse_mode: str, entities: object, limit: int = TEXT_LIMIT) -> Formatted:
    """The text of a message to send or edit.

    Raises Refusal when it is empty, too long (`limit` counts characters after parsing) or broken.
    """
    if not raw:
        raise bad_request("message text is empty")
    formatted = _read(raw, parse_mode, entities)
    if not formatted.text:
        raise bad_request("text must be non-empty")
    if len(formatted.text) > limit:
        raise bad_request("message is too long")
    return formatted


def read_caption(raw: str, parse_mode: str, entities: object) -> Formatted:
    """The caption of a picture or document; may be empty, is shorter than a text."""
    formatted = _read(raw, parse_mode, entities) if raw else Formatted("", [])
    if len(formatted.text) > CAPTION_LIMIT:
        raise bad_request("message caption is too long")
    return formatted


def _read(raw: str, parse_mode: str, entities: object) -> Formatted:
    if len(raw) * 4 > RAW_BYTES_LIMIT and len(raw.encode()) > RAW_BYTES_LIMIT:
        raise bad_request("text is too long")
    mode = parse_mode.lower()
    if mode in ("", "none"):
        given = [entity for entity in _given(entities) if entity["type"] in _GIVEN_TYPES]
        return fix(raw, given)
    if mode not in tdlib.PARSE_MODES or (mode != "html" and not tdlib.available):
        raise bad_request("unsupported parse_mode")
    parse = tdlib.parse if tdlib.available else hypertext.parse
    return fix(*(parse(raw, mode)))


def _given(entities: object) -> list[JsonObject]:
    if not isinstance(entities, list):
        return []
    given = []
    for entity in entities:
        if not isinstance(entity, dict) or not isinstance(entity.get("type"), str):
            raise bad_request("can't parse entities: expected an Object")
        if type(entity.get("offset")) is not int or type(entity.get("length")) is not int:
            raise bad_request("can't parse entities: expected a field of type Number")
        known = {key: entity[key] for key in _FIELDS if key in entity}
        if known["type"] == "text_link":
            # A bad link keeps its text and loses the link.
            known["url"] = checked_link(str(entity.get("url", "")))
            if known["url"] is None:
                continue
        given.append(known)
    return given


def fix(text: str, entities: list[JsonObject]) -> Formatted:
    """Trim the text, repair the entities and add those that Telegram finds by itself."""
    text, entities = _trimmed(text, entities)
    found = tdlib.detect(text) if tdlib.available else detection.detect(text)
    if not entities:
        return Formatted(text, found[:ENTITIES_LIMIT])
    entities = _apart_from_code(entities)
    blocked = [_span(entity) for entity in entities if entity["type"] in _UNSEARCHED]
    entities += [entity for entity in found if not _overlaps(_span(entity), blocked)]
    entities.sort(key=_position)
    return Formatted(text, entities[:ENTITIES_LIMIT])


def _trimmed(text: str, entities: list[JsonObject]) -> tuple[str, list[JsonObject]]:
    right = text.rstrip(" \n\t\r\v\f")
    end = units(right)
    encoded = text.encode("utf-16-le", "surrogatepass") if entities else b""
    kept = []
    for entity in entities:
        start, stop = max(0, entity["offset"]), min(end, entity["offset"] + entity["length"])
        inside = encoded[2 * start : 2 * stop].decode("utf-16-le", "replace") if entities else ""
        if stop > start and inside.strip():
            kept.append({**entity, "offset": start, "length": stop - start})
    first = min((entity["offset"] for entity in kept), default=end)
    lead = min(len(right) - len(right.lstrip(" \n\t\r\v\f")), first)
    for entity in kept:
        entity["offset"] -= lead
    return right[lead:], kept


def _apart_from_code(entities: list[JsonObject]) -> list[JsonObject]:
    """Cut other formatting out of code and pre, which stand alone (blockquotes excepted)."""
    alone = [_span(entity) for entity in entities if entity["type"] in _ALONE]
    if not alone or len(alone) == len(entities):
        return entities
    separated: list[JsonObject] = []
    for entity in entities:
        if entity["type"] in _ALONE or entity["type"].endswith("blockquote"):
            separated.append(entity)
            continue
        pieces = [_span(entity)]
        for start, stop in alone:
            pieces = [
                (low, high)
                for left, right in pieces
                for low, high in ((left, min(right, start)), (max(left, stop), right))
                if low < high
            ]
        separated += [{**entity, "offset": low, "length": high - low} for low, high in pieces]
    return separated


def _span(entity: JsonObject) -> tuple[int, int]:
    return entity["offset"], entity["offset"] + entity["length"]


def _overlaps(span: tuple[int, int], others: list[tuple[int, int]]) -> bool:
    return any(span[0] < stop and start < span[1] for start, stop in others)


def _position(entity: JsonObject) -> tuple[int, int, int, Any]:
    return entity["offset"], -entity["length"], _ORDER.get(entity["type"], 1), entity["type"]
