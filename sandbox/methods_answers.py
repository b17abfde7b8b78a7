"""The Bot API's methods that answer people: pressed buttons and inline searches.

Limits: a button's answer holds 200 characters; an inline answer 50 results with unique ids of 1
to 64 bytes (tdlib/td InlineQueriesManager.cpp).
"""

import re
from typing import Any

from sandbox.access import Call
from sandbox.keyboard import inline_keyboard
from sandbox.links import checked_link
from sandbox.markup import Formatted, read_caption, read_text
from sandbox.methods_send import caption_content, text_content
from sandbox.values import JsonObject, bad_request

ANSWER_LENGTH = 200
RESULTS_LIMIT = 50
_START = re.compile(r"[A-Za-z0-9_-]*")


def answer_callback_query(call: Call) -> bool:
    """answerCallbackQuery: answers True; the press that waits gets the answer."""
    arguments = call.arguments
    text = arguments.text("text")
    if len(text) > ANSWER_LENGTH:
        raise bad_request("MESSAGE_TOO_LONG")
    answer: JsonObject = {}
    if text:
        answer["text"] = text
    if arguments.flag("show_alert"):
        answer["show_alert"] = True
    if arguments.text("url"):
        answer["url"] = arguments.text("url")
    call.world.queries.close("callback", arguments.text("callback_query_id"), answer)
    return True


def answer_inline_query(call: Call) -> bool:
    """answerInlineQuery: answers True; the search that waits gets the checked results."""
    arguments = call.arguments
    given = arguments.nested("results", "inline query results")
    if not isinstance(given, list):
        raise bad_request("can't parse inline query results: expected an Array")
    if len(given) > RESULTS_LIMIT:
        raise bad_request("RESULTS_TOO_MUCH")
    next_offset = arguments.text("next_offset")
    if len(next_offset.encode()) > 64:
        raise bad_request("NEXT_OFFSET_INVALID")
    results = [_result(result) for result in given]
    if len({result["id"] for result in results}) != len(results):
        raise bad_request("RESULT_ID_DUPLICATE")
    answer = {
        "results": results,
        "next_offset": next_offset,
        "cache_time": min(86_400, max(0, arguments.number("cache_time", 300))),
        "is_personal": arguments.flag("is_personal"),
        "button": _button(arguments.table("button", "inline query results button")),
    }
    call.world.queries.close("inline", arguments.text("inline_query_id"), answer)
    return True


def _button(button: JsonObject) -> JsonObject | None:
    if not button:
        return None
    if not button.get("text"):
        raise bad_request("can't parse inline query results button: Can't find field \"text\"")
    if "start_parameter" in button:
        parameter = str(button["start_parameter"])
        if not parameter:
            raise bad_request("can't use empty start_parameter")
        if len(parameter) > 64:
            raise bad_request("too long start_parameter specified")
        if not _START.fullmatch(parameter):
            raise bad_request("unallowed characters in start_parameter are used")
    elif not isinstance(button.get("web_app"), dict):
        raise bad_request("exactly one of the optional fields must be used in the button")
    return button


def _result(given: Any) -> JsonObject:
    if not isinstance(given, dict):
        raise bad_request("can't parse inline query result: expected an Object")
    identifier = str(given.get("id", ""))
    if not 1 <= len(identifier.encode()) <= 64:
        raise bad_request("RESULT_ID_INVALID")
    kind = given.get("type")
    if kind not in ("article", "photo"):
        raise bad_request(f'inline query result of type "{kind}" is not supported by the sandbox')
    if kind == "article" and not given.get("title"):
        raise bad_request("can't parse inline query result: Can't find field \"title\"")
    if kind == "photo" and not checked_link(str(given.get("photo_url", ""))):
        raise bad_request("wrong HTTP URL specified")
    result = {key: value for key, value in given.items() if key != "input_message_content"}
    result["id"] = identifier
    # Inline messages may land in any chat, where Web App buttons are refused.
    result["reply_markup"] = inline_keyboard(given.get("reply_markup"), False)
    result["message"] = _message_content(given, str(kind))
    return result


def _message_content(given: JsonObject, kind: str) -> JsonObject:
    """The Message fields that choosing the result posts."""
    content = given.get("input_message_content")
    if isinstance(content, dict):
        formatted: Formatted = read_text(
            str(content.get("message_text") or ""),
            str(content.get("parse_mode") or ""),
            content.get("entities"),
        )
        options = content.get("link_preview_options") or {}
        return text_content(formatted, {key: value for key, value in options.items() if value})
    if kind == "article":
        raise bad_request(
            "can't parse inline query result: Can't find field \"input_message_content\""
        )
    return caption_content(
        read_caption(
            str(given.get("caption") or ""),
            str(given.get("parse_mode") or ""),
            given.get("caption_entities"),
        )
    )


METHODS = {
    "answerCallbackQuery": answer_callback_query,
    "answerInlineQuery": answer_inline_query,
}
