"""Checking a reply markup as Telegram does, and what of it a message keeps.

Refusals are Telegram's own (tdlib/td ReplyMarkup.cpp, LinkManager.cpp); the ones in capitals come
from its servers. Only inline keyboards stay with a message.
"""

from typing import Any

from sandbox.links import checked_link
from sandbox.values import JsonObject, Refusal, bad_request

CALLBACK_BYTES = 64
BUTTONS_LIMIT = 100
_STYLES = frozenset({"danger", "success", "primary"})
_KINDS = (
    "url",
    "callback_data",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "copy_text",
    "callback_game",
    "pay",
)
_CHAT_TYPES = ("allow_user_chats", "allow_bot_chats", "allow_group_chats", "allow_channel_chats")


def inline_keyboard(markup: object, private: bool) -> JsonObject | None:
    """The checked inline keyboard of a markup, or None when there is none; raises Refusal."""
    if markup is None:
        return None
    if not isinstance(markup, dict):
        raise bad_request("object expected as reply markup")
    rows = markup.get("inline_keyboard")
    if rows is None:
        return None
    if not isinstance(rows, list):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array')
    checked = []
    for row in rows:
        if not isinstance(row, list):
            raise bad_request("can't parse inline keyboard button: expected an Array of buttons")
        buttons = [_button(button, private) for button in row]
        if buttons:
            checked.append(buttons)
    if sum(len(row) for row in checked) > BUTTONS_LIMIT:
        raise bad_request("reply markup is too long")
    return {"inline_keyboard": checked} if checked else None


def reply_keyboard(markup: object) -> JsonObject | None:
    """A keyboard under the person's input field, its removal, or a forced reply."""
    if not isinstance(markup, dict):
        return None
    if any(markup.get(key) for key in ("keyboard", "remove_keyboard", "force_reply")):
        return markup
    return None


def _button(button: object, private: bool) -> JsonObject:
    if not isinstance(button, dict):
        raise _unparsed("expected an Object")
    text = button.get("text")
    if not isinstance(text, str):
        raise _unparsed(
            'Can\'t find field "text"' if text is None else 'Field "text" must be of type String'
        )
    if not text.strip():
        raise bad_request("inline keyboard button text must be non-empty")
    kind = next((kind for kind in _KINDS if kind in button), None)
    if kind is None:
        raise _unparsed("Text buttons are unallowed in the inline keyboard")
    checked: JsonObject = {"text": text.strip(), kind: _content(kind, button[kind], private)}
    if button.get("style"):
        if button["style"] not in _STYLES:
            raise _unparsed("invalid button style specified")
        checked["style"] = button["style"]
    if button.get("icon_custom_emoji_id"):
        checked["icon_custom_emoji_id"] = str(button["icon_custom_emoji_id"])
    return checked


def _content(kind: str, value: Any, private: bool) -> object:
    if kind == "url":
        return _address(str(value), "inline keyboard button URL")
    if kind == "callback_data":
        _check_callback_data(value)
    elif kind == "web_app":
        return _web_app(value, private)
    elif kind == "copy_text":
        text = value.get("text") if isinstance(value, dict) else None
        if not isinstance(text, str) or not 1 <= len(text) <= 256:
            raise bad_request("BUTTON_COPY_TEXT_INVALID")
    elif kind == "switch_inline_query_chosen_chat":
        if not isinstance(value, dict) or not any(value.get(name) for name in _CHAT_TYPES):
            raise bad_request("at least one chat type must be allowed")
    elif kind.startswith("switch_inline_query") and not isinstance(value, str):
        raise _unparsed(f'Field "{kind}" must be of type String')
    return value


def _check_callback_data(value: Any) -> None:
    if not isinstance(value, str) or not 1 <= len(value.encode()) <= CALLBACK_BYTES:
        raise bad_request("BUTTON_DATA_INVALID")


def _web_app(value: object, private: bool) -> JsonObject:
    address = value.get("url") if isinstance(value, dict) else None
    if not private:
        raise bad_request("BUTTON_TYPE_INVALID")
    if not isinstance(address, str) or not address.startswith("https://"):
        raise bad_request(
            f"inline keyboard button Web App URL '{address}' is invalid: "
            "Only HTTPS links are allowed"
        )
    return {"url": _address(address, "inline keyboard button Web App URL")}


def _address(address: str, what: str) -> str:
    checked = checked_link(address)
    if checked is None:
        raise bad_request(f"{what} '{address}' is invalid: Wrong HTTP URL")
    return checked


def _unparsed(reason: str) -> Refusal:
    return bad_request(f"can't parse inline keyboard button: {reason}")
