"""Telegram's own judge of formatted text: TDLib's parser, when the package `tdjson` is there.

`td_execute` needs no network, login or token. The package is a development dependency only;
without it `available` is false and sandbox.hypertext and sandbox.detection judge instead.
"""

from typing import Any

import orjson

from sandbox.values import JsonObject, Refusal, bad_request

try:
    import tdjson
except ImportError:
    available = False
else:
    available = True
    tdjson.td_execute(b'{"@type":"setLogVerbosityLevel","new_verbosity_level":0}')

PARSE_MODES: dict[str, JsonObject] = {
    "html": {"@type": "textParseModeHTML"},
    "markdown": {"@type": "textParseModeMarkdown", "version": 1},
    "markdownv2": {"@type": "textParseModeMarkdown", "version": 2},
}
_PREFIX = "textEntityType"
_PLAIN_TYPES = {
    "Bold": "bold",
    "Italic": "italic",
    "Underline": "underline",
    "Strikethrough": "strikethrough",
    "Spoiler": "spoiler",
    "Code": "code",
    "Pre": "pre",
    "BlockQuote": "blockquote",
    "ExpandableBlockQuote": "expandable_blockquote",
    "Mention": "mention",
    "Hashtag": "hashtag",
    "Cashtag": "cashtag",
    "BotCommand": "bot_command",
    "Url": "url",
    "EmailAddress": "email",
    "PhoneNumber": "phone_number",
}


def parse(text: str, parse_mode: str) -> tuple[str, list[JsonObject]]:
    """Plain text and Bot API entities (UTF-16 offsets) of marked-up text.

    Raises Refusal with TDLib's own "can't parse entities: ..." text.
    """
    answer = _execute(
        {"@type": "parseTextEntities", "text": text, "parse_mode": PARSE_MODES[parse_mode]}
    )
    if answer["@type"] == "error":
        raise bad_request(answer["message"])
    return answer["text"], _translated(answer["entities"])


def detect(text: str) -> list[JsonObject]:
    """The entities that Telegram finds by itself: links, commands, mentions, hashtags."""
    answer = _execute({"@type": "getTextEntities", "text": text})
    if answer["@type"] == "error":
        return []
    return _translated(answer["entities"])


def _execute(request: JsonObject) -> JsonObject:
    try:
        written = orjson.dumps(request)
    except TypeError:
        # Half a surrogate pair is no character.
        raise bad_request("text must be encoded in UTF-8") from None
    answer = tdjson.td_execute(written)
    if answer is None:
        raise Refusal(500, "Internal Server Error: TDLib gave no answer")
    decoded: JsonObject = orjson.loads(answer)
    return decoded


def _translated(entities: list[Any]) -> list[JsonObject]:
    translated = []
    for entity in entities:
        described = _entity_type(entity["type"])
        if described is not None:
            described["offset"] = entity["offset"]
            described["length"] = entity["length"]
            translated.append(described)
    return translated


def _entity_type(kind: JsonObject) -> JsonObject | None:
    name = kind["@type"].removeprefix(_PREFIX)
    if name in _PLAIN_TYPES:
        return {"type": _PLAIN_TYPES[name]}
    if name == "TextUrl":
        return {"type": "text_link", "url": kind["url"]}
    if name == "PreCode":
        return {"type": "pre", "language": kind["language"]}
    if name == "CustomEmoji":
        return {"type": "custom_emoji", "custom_emoji_id": str(kind["custom_emoji_id"])}
    if name == "MentionName":
        return {"type": "text_mention", "user": {"id": kind["user_id"]}}
    if name == "DateTime":
        return _time(kind)
    return None


def _time(kind: JsonObject) -> JsonObject:
    moment: JsonObject = {"type": "date_time", "unix_time": kind["unix_time"]}
    shown = kind.get("formatting_type")
    if not shown:
        return moment
    if shown["@type"].endswith("Relative"):
        return moment | {"date_time_format": "r"}
    letters = ("w" if shown.get("show_day_of_week") else "") + "".join(
        letter if precision.endswith("Short") else letter.upper()
        for letter, precision in (
            ("d", shown["date_precision"]["@type"]),
            ("t", shown["time_precision"]["@type"]),
        )
        if not precision.endswith("None")
    )
    return moment | {"date_time_format": letters}
