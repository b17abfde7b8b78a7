"""Bodies of Bot API requests, as plain dictionaries, from views. Pure.

python-telegram-bot's objects would cost more than the request itself; see transport.py.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from bot.models.identifiers import Address, MessageId, ThreadId
from bot.models.messages import Button, Preview, View
from bot.views.html import to_plain

Json = dict[str, Any]


def send_body(
    address: Address,
    thread: ThreadId,
    view: View,
    *,
    silent: bool,
    reply_to: MessageId | None = None,
    plain: bool = False,
    paid: bool = False,
) -> Json:
    """Bot API, sendMessage. A reply is sent even when its target is gone. `paid`: what exceeds the
    free 30 messages a second may be charged.
    """
    body = {"chat_id": address, **content(view, plain=plain)}
    if thread:
        body["message_thread_id"] = thread
    if paid:
        body["allow_paid_broadcast"] = True
    if silent:
        body["disable_notification"] = True
    if reply_to is not None:
        body["reply_parameters"] = {"message_id": reply_to, "allow_sending_without_reply": True}
    return body


def edit_body(address: Address, message_id: MessageId, view: View, *, plain: bool = False) -> Json:
    """Bot API, editMessageText."""
    return {"chat_id": address, "message_id": message_id, **content(view, plain=plain)}


@lru_cache(maxsize=500)
def content(view: View, *, plain: bool = False) -> Mapping[str, Any]:
    """Text, preview and buttons; `plain` drops all that a server could refuse about them.

    One view goes to many chats: the answer is shared, and not to be changed.
    """
    if plain:
        rows = tuple(tuple(button for button in row if button.data) for row in view.buttons)
        body: Json = {
            "text": to_plain(view.text),
            "link_preview_options": {"is_disabled": True},
        }
    else:
        rows = view.buttons
        body = {
            "text": view.text,
            "parse_mode": "HTML",
            "link_preview_options": preview_options(view.preview),
        }
    if any(rows):
        body["reply_markup"] = keyboard(rows)
    return body


def preview_options(preview: Preview | None) -> Json:
    """Bot API, LinkPreviewOptions."""
    if preview is None:
        return {"is_disabled": True}
    size = "prefer_large_media" if preview.large else "prefer_small_media"
    return {"url": preview.url, size: True, "show_above_text": preview.above}


def keyboard(rows: Sequence[Sequence[Button]]) -> Json:
    """Bot API, InlineKeyboardMarkup."""
    return {"inline_keyboard": [[_button(button) for button in row] for row in rows if row]}


def _button(button: Button) -> Json:
    if button.share is not None:
        return {"text": button.text, "switch_inline_query": button.share}
    if button.url:
        return {"text": button.text, "url": button.url}
    return {"text": button.text, "callback_data": button.data}
