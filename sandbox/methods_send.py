"""The Bot API's methods that send: texts, pictures by address, documents, albums, copies.

Order of checks as in the original: the text, then the markup, then the chat, then thread and
reply, last the flood limits; so a broken text is refused even where the chat is unknown.
"""

from dataclasses import dataclass

from sandbox.access import Call, find_reply, find_thread, writable_chat
from sandbox.chats import Chat, Message
from sandbox.keyboard import inline_keyboard, reply_keyboard
from sandbox.markup import Formatted, read_caption, read_text
from sandbox.media import Picture, read_document, read_picture
from sandbox.values import JsonObject, bad_request

_PREVIEW_FLAGS = ("is_disabled", "prefer_small_media", "prefer_large_media", "show_above_text")


@dataclass(slots=True)
class _Draft:
    """What a send has put together before the message is stored."""

    content: JsonObject
    permission: str
    what: str
    preview: JsonObject | None = None
    picture: str | None = None


def send_message(call: Call) -> JsonObject:
    """sendMessage: answers the Message."""
    formatted = read_formatted(call)
    options = preview_options(call)
    content = text_content(formatted, options)
    draft = _Draft(content, "can_send_messages", "text messages")
    draft.preview = call.world.previews.preview(formatted.text, formatted.entities, options)
    return _send(call, draft).payload


def send_photo(call: Call) -> JsonObject:
    """sendPhoto, by address, file id or upload: answers the Message."""
    caption = read_call_caption(call)
    picture = read_picture(call)
    draft = _Draft(photo_content(call, picture, caption), "can_send_photos", "photos")
    draft.picture = picture.address
    return _send(call, draft).payload


def send_document(call: Call) -> JsonObject:
    """sendDocument: answers the Message."""
    caption = read_call_caption(call)
    document = read_document(call)
    content = {"document": document, **caption_content(caption)}
    return _send(call, _Draft(content, "can_send_documents", "documents")).payload


def copy_message(call: Call) -> JsonObject:
    """copyMessage: answers the MessageId of the copy."""
    content = _source_content(call, "copy")
    caption = call.arguments.values.get("caption")
    if caption is not None and "text" not in content:
        for key in ("caption", "caption_entities"):
            content.pop(key, None)
        content |= caption_content(read_call_caption(call))
    message = _send(call, _Draft(content, "can_send_messages", "text messages"))
    return {"message_id": message.id}


def forward_message(call: Call) -> JsonObject:
    """forwardMessage: answers the Message."""
    content = _source_content(call, "forward")
    source = _source(call, "forward")
    origin: JsonObject = {"type": "user", "date": source.payload["date"]}
    if "sender_chat" in source.payload:
        origin |= {"type": "channel", "chat": source.payload["sender_chat"]}
        origin["message_id"] = source.id
    else:
        origin["sender_user"] = source.payload["from"]
    content["forward_origin"] = origin
    return _send(call, _Draft(content, "can_send_messages", "text messages")).payload


def _source(call: Call, purpose: str) -> Message:
    reference = call.arguments.number("from_chat_id")
    chat = call.world.chats.get(reference)
    if chat is None:
        raise bad_request("chat not found")
    message = chat.messages.get(call.arguments.number("message_id"))
    if message is None:
        raise bad_request(f"message to {purpose} not found")
    return message


def _source_content(call: Call, purpose: str) -> JsonObject:
    payload = _source(call, purpose).payload
    kept = ("text", "entities", "photo", "document", "caption", "caption_entities")
    return {key: payload[key] for key in kept if key in payload}


def read_formatted(call: Call) -> Formatted:
    """The text argument with its markup."""
    arguments = call.arguments
    entities = arguments.nested("entities", "entities")
    return read_text(arguments.text("text"), arguments.text("parse_mode"), entities)


def read_call_caption(call: Call) -> Formatted:
    """The caption argument with its markup."""
    arguments = call.arguments
    entities = arguments.nested("caption_entities", "caption entities")
    return read_caption(arguments.text("caption"), arguments.text("parse_mode"), entities)


def preview_options(call: Call) -> JsonObject:
    """The link preview options of a call, the old `disable_web_page_preview` included."""
    given = call.arguments.table("link_preview_options", "link preview options")
    options: JsonObject = {name: True for name in _PREVIEW_FLAGS if given.get(name)}
    if given.get("url"):
        options["url"] = str(given["url"])
    if not given and call.arguments.flag("disable_web_page_preview"):
        options["is_disabled"] = True
    return options


def text_content(formatted: Formatted, options: JsonObject) -> JsonObject:
    """The Message fields of a text."""
    content: JsonObject = {"text": formatted.text}
    if formatted.entities:
        content["entities"] = formatted.entities
    if options:
        content["link_preview_options"] = options
    return content


def caption_content(caption: Formatted) -> JsonObject:
    """The Message fields of a caption."""
    if not caption.text:
        return {}
    content: JsonObject = {"caption": caption.text}
    if caption.entities:
        content["caption_entities"] = caption.entities
    return content


def photo_content(call: Call, picture: Picture, caption: Formatted) -> JsonObject:
    """The Message fields of a picture."""
    content: JsonObject = {"photo": picture.sizes, **caption_content(caption)}
    for name in ("show_caption_above_media", "has_media_spoiler"):
        if call.arguments.flag(name.replace("has_media", "has")):
            content[name] = True
    return content


def _send(call: Call, draft: _Draft) -> Message:
    arguments = call.arguments
    markup = arguments.nested("reply_markup", "reply keyboard markup")
    # A chat's kind decides about Web App buttons; only private chats have positive ids.
    private = arguments.number("chat_id") > 0
    keyboard = inline_keyboard(markup, private)
    chat = writable_chat(call, draft.permission, draft.what)
    thread = find_thread(call, chat)
    reply = find_reply(call, chat)
    call.pace(chat)
    content = signature(call, chat) | draft.content
    if thread is not None:
        content |= {"message_thread_id": thread, "is_topic_message": True}
        reply = reply or chat.messages.get(thread)
    if reply is not None:
        content["reply_to_message"] = reply.quoted()
    if keyboard is not None:
        content["reply_markup"] = keyboard
    if arguments.flag("protect_content"):
        content["has_protected_content"] = True
    return call.world.post(
        chat,
        call.world.bot.id,
        content,
        silent=arguments.flag("disable_notification"),
        preview=draft.preview,
        picture=draft.picture,
        reply_keyboard=reply_keyboard(markup),
    )


def signature(call: Call, chat: Chat) -> JsonObject:
    """Who a message of the bot is from: the channel itself, or the bot."""
    if chat.kind == "channel":
        return {"sender_chat": chat.brief}
    return {"from": call.world.bot.user()}


METHODS = {
    "sendMessage": send_message,
    "sendPhoto": send_photo,
    "sendDocument": send_document,
    "copyMessage": copy_message,
    "forwardMessage": forward_message,
}
