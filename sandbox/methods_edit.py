"""The Bot API's methods that change or delete messages, inline mode's messages included.

Rules: the bot edits its own messages only, without an age limit; an edit that changes nothing is
refused; anything may be deleted for 48 hours, others' messages only with the right to.
"""

from sandbox.access import Call, find_message, find_own_chat
from sandbox.chats import Chat, Message
from sandbox.keyboard import inline_keyboard
from sandbox.markup import read_caption
from sandbox.media import read_picture
from sandbox.methods_send import (
    caption_content,
    photo_content,
    preview_options,
    read_call_caption,
    read_formatted,
    text_content,
)
from sandbox.values import JsonObject, bad_request

DELETE_AGE = 48 * 3600
DELETE_MANY = 100
_TEXT = ("text", "entities", "link_preview_options", "reply_markup")
_CAPTION = ("caption", "caption_entities", "show_caption_above_media", "reply_markup")
_MEDIA = ("photo", "document", "has_media_spoiler", *_CAPTION, *_TEXT)
_NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the "
    "same as a current content and reply markup of the message"
)


def edit_message_text(call: Call) -> JsonObject | bool:
    """editMessageText: answers the Message, or True for a message of inline mode."""
    formatted = read_formatted(call)
    options = preview_options(call)
    chat, message = _editable(call)
    if "text" not in message.payload:
        raise bad_request("there is no text in the message to edit")
    preview = call.world.previews.preview(formatted.text, formatted.entities, options)
    content = text_content(formatted, options)
    return _edit(call, chat, message, content, _TEXT, preview)


def edit_message_caption(call: Call) -> JsonObject | bool:
    """editMessageCaption: answers the Message, or True for a message of inline mode."""
    caption = read_call_caption(call)
    chat, message = _editable(call)
    if "photo" not in message.payload and "document" not in message.payload:
        raise bad_request("there is no caption in the message to edit")
    content = caption_content(caption)
    if call.arguments.flag("show_caption_above_media"):
        content["show_caption_above_media"] = True
    return _edit(call, chat, message, content, _CAPTION, message.preview)


def edit_message_reply_markup(call: Call) -> JsonObject | bool:
    """editMessageReplyMarkup: answers the Message, or True for a message of inline mode."""
    chat, message = _editable(call)
    return _edit(call, chat, message, {}, ("reply_markup",), message.preview)


def edit_message_media(call: Call) -> JsonObject | bool:
    """editMessageMedia with a photo: answers the Message, or True."""
    media = call.arguments.table("media", "input media")
    if media.get("type") != "photo":
        raise bad_request("can't parse InputMedia: media of this type is not supported here")
    caption = read_caption(
        str(media.get("caption") or ""),
        str(media.get("parse_mode") or ""),
        media.get("caption_entities"),
    )
    picture = read_picture(call, "media", str(media.get("media") or ""))
    chat, message = _editable(call)
    content = photo_content(call, picture, caption)
    return _edit(call, chat, message, content, _MEDIA, None, picture.address)


def _editable(call: Call) -> tuple[Chat, Message]:
    inline_id = call.arguments.text("inline_message_id")
    if inline_id:
        place = call.world.inline_messages.get(inline_id)
        chat = call.world.chats.get(place[0]) if place else None
        message = chat.messages.get(place[1]) if place and chat else None
        if chat is None or message is None:
            raise bad_request("MESSAGE_ID_INVALID")
        return chat, message
    chat = find_own_chat(call)
    if not call.arguments.number("message_id"):
        raise bad_request("message identifier is not specified")
    message = find_message(call, chat, "edit")
    foreign = message.sender_id != call.world.bot.id or "forward_origin" in message.payload
    if foreign or message.reply_keyboard is not None:
        raise bad_request("message can't be edited")
    if chat.kind == "channel" and not chat.member(call.world.bot.id).may("can_post_messages"):
        raise bad_request("message can't be edited")
    return chat, message


def _edit(
    call: Call,
    chat: Chat,
    message: Message,
    content: JsonObject,
    replaced: tuple[str, ...],
    preview: JsonObject | None,
    picture: str | None = None,
) -> JsonObject | bool:
    """Put new content in the place of the replaced fields, unless nothing would change."""
    markup = call.arguments.nested("reply_markup", "inline keyboard")
    if isinstance(markup, dict) and markup and "inline_keyboard" not in markup:
        raise bad_request("inline keyboard expected")
    keyboard = inline_keyboard(markup, chat.kind == "private")
    if keyboard is not None:
        content["reply_markup"] = keyboard
    before = {key: message.payload[key] for key in replaced if key in message.payload}
    if content == before:
        raise bad_request(_NOT_MODIFIED)
    call.pace(chat, "edit")
    kept = {key: value for key, value in message.payload.items() if key not in replaced}
    message.preview = preview
    message.picture = picture or message.picture
    edited = kept | content
    # What changes the keyboard alone is not shown as edited (td, Message.hide_edit_date).
    if any(content.get(key) != before.get(key) for key in replaced if key != "reply_markup"):
        edited["edit_date"] = int(call.world.clock())
    call.world.replace(chat, message, edited)
    return True if call.arguments.text("inline_message_id") else message.payload


def delete_message(call: Call) -> bool:
    """deleteMessage: answers True."""
    chat = find_own_chat(call)
    message = find_message(call, chat, "delete")
    if not _deletable(call, chat, message):
        raise bad_request("message can't be deleted for everyone")
    call.world.remove(chat, message.id)
    return True


def delete_messages(call: Call) -> bool:
    """deleteMessages: answers True; those that cannot be deleted are skipped."""
    numbers = call.arguments.numbers("message_ids", "message identifiers")
    if not numbers:
        raise bad_request("message identifiers are not specified")
    if len(numbers) > DELETE_MANY:
        raise bad_request("too many message identifiers specified")
    chat = find_own_chat(call)
    for number in numbers:
        message = chat.messages.get(number)
        if message is not None and _deletable(call, chat, message):
            call.world.remove(chat, number)
    return True


def _deletable(call: Call, chat: Chat, message: Message) -> bool:
    if call.world.clock() - message.sent_at > DELETE_AGE:
        return False
    member = chat.member(call.world.bot.id)
    own = message.sender_id == call.world.bot.id
    if chat.kind == "private":
        return True
    if chat.kind == "channel" and own:
        return member.may("can_post_messages") or member.may("can_delete_messages")
    return own or member.may("can_delete_messages")


METHODS = {
    "editMessageText": edit_message_text,
    "editMessageCaption": edit_message_caption,
    "editMessageReplyMarkup": edit_message_reply_markup,
    "editMessageMedia": edit_message_media,
    "deleteMessage": delete_message,
    "deleteMessages": delete_messages,
}
