"""What people do in a chat: write, edit, press, delete, start; each tells the bot what it may hear.

Raises Mistake with a sentence for the person, or Refusal with Telegram's words for a bad text.
Membership, blocking, migration and topics are in sandbox.standing, inline mode in sandbox.inline.
"""

import asyncio

from sandbox.access import check_topic_open, may_send
from sandbox.chats import GENERAL_TOPIC, Chat, Message
from sandbox.client_state import tell_chat
from sandbox.markup import fix, read_text
from sandbox.media import describe_document
from sandbox.people import ANONYMOUS_ADMINISTRATOR, Person
from sandbox.values import JsonObject, Mistake, Refusal
from sandbox.world import World

PRESS_SECONDS = 10.0


def find_person(world: World, person_id: int) -> Person:
    """The person with an id."""
    person = world.people.get(person_id)
    if person is None:
        raise Mistake(f"There is no person with the id {person_id}.", 404)
    return person


def find_joined_chat(world: World, person_id: int, chat_id: int) -> Chat:
    """A chat that a person is in."""
    find_person(world, person_id)
    chat = world.chats.get(chat_id)
    if chat is None:
        raise Mistake(f"There is no chat with the id {chat_id}.", 404)
    if not chat.has(person_id):
        raise Mistake("You are not in this chat.", 403)
    return chat


def find_chat_message(chat: Chat, message_id: int) -> Message:
    """A message of a chat."""
    message = chat.messages.get(message_id)
    if message is None:
        raise Mistake("This message is gone.", 404)
    return message


def send(
    world: World,
    person_id: int,
    chat_id: int,
    text: str,
    *,
    thread: int | None = None,
    reply_to: int | None = None,
    anonymous: bool = False,
) -> Message:
    """Write a message; the bot hears it unless privacy mode keeps it from it."""
    formatted = read_text(text, "", None)
    content: JsonObject = {"text": formatted.text}
    if formatted.entities:
        content["entities"] = formatted.entities
    preview = world.previews.preview(formatted.text, formatted.entities, {})
    chat = find_joined_chat(world, person_id, chat_id)
    content = headed(world, chat, person_id, thread, reply_to, anonymous) | content
    message = world.post(chat, person_id, content, preview=preview)
    world.announce(chat, message)
    return message


def send_document(
    world: World,
    person_id: int,
    chat_id: int,
    name: str,
    data: bytes,
    mime_type: str,
    caption: str,
    thread: int | None = None,
) -> Message:
    """Send a file with a caption, in which commands count as in a text."""
    chat = find_joined_chat(world, person_id, chat_id)
    head = headed(world, chat, person_id, thread)
    stored = world.files.add("documents", name, mime_type, data)
    content = head | {"document": describe_document(stored)}
    if caption:
        formatted = fix(caption, [])
        content |= {"caption": formatted.text, "caption_entities": formatted.entities}
    message = world.post(chat, person_id, content)
    world.announce(chat, message)
    return message


def headed(
    world: World,
    chat: Chat,
    person_id: int,
    thread: int | None = None,
    reply_to: int | None = None,
    anonymous: bool = False,
) -> JsonObject:
    """The fields that say who writes, in which topic, and in reply to what."""
    check_may_write(world, chat, person_id, thread)
    head = _sender(world, chat, person_id, anonymous)
    answered = chat.messages.get(reply_to) if reply_to is not None else None
    if reply_to is not None and answered is None:
        raise Mistake("The message that you answer is gone.", 404)
    if chat.is_forum and thread is not None and thread != GENERAL_TOPIC:
        head |= {"message_thread_id": thread, "is_topic_message": True}
        # Telegram shows a topic's message as an answer to the one that opened the topic.
        answered = answered or chat.messages.get(thread)
    if answered is not None:
        head["reply_to_message"] = answered.quoted()
    return head


def check_may_write(world: World, chat: Chat, person_id: int, thread: int | None) -> None:
    """Raise Mistake where a person cannot write: upgraded, blocked, muted, closed, unknown."""
    member = chat.member(person_id)
    if chat.migrated_to is not None:
        raise Mistake("This group was upgraded to a supergroup; write there.")
    if chat.kind == "private" and world.people[person_id].blocked_bot:
        raise Mistake("You have blocked the bot; unblock it first.", 403)
    if chat.kind == "channel" and not member.may("can_post_messages"):
        raise Mistake("Only the channel's administrators may post here.", 403)
    if chat.kind in ("group", "supergroup") and not may_send(chat, member, "can_send_messages"):
        raise Mistake("You may not write in this group.", 403)
    if thread is not None and thread not in chat.topics:
        raise Mistake("There is no such topic.", 404)
    try:
        check_topic_open(chat, thread or GENERAL_TOPIC, member)
    except Refusal:
        raise Mistake("This topic is closed.", 403) from None


def _sender(world: World, chat: Chat, person_id: int, anonymous: bool) -> JsonObject:
    if chat.kind == "channel":
        return {"sender_chat": chat.brief}
    if anonymous:
        if chat.kind != "supergroup" or not chat.member(person_id).administers:
            raise Mistake("Only a supergroup's administrators write anonymously.", 403)
        return {"from": ANONYMOUS_ADMINISTRATOR, "sender_chat": chat.brief}
    return {"from": world.people[person_id].user()}


def edit(world: World, person_id: int, chat_id: int, message_id: int, text: str) -> Message:
    """Change one's own message; the bot gets an edited_message."""
    chat = find_joined_chat(world, person_id, chat_id)
    message = find_chat_message(chat, message_id)
    if message.sender_id != person_id or "text" not in message.payload:
        raise Mistake("Only your own text messages can be edited.", 403)
    formatted = read_text(text, "", None)
    payload = {key: value for key, value in message.payload.items() if key != "entities"}
    payload |= {"text": formatted.text, "edit_date": int(world.clock())}
    if formatted.entities:
        payload["entities"] = formatted.entities
    message.preview = world.previews.preview(formatted.text, formatted.entities, {})
    world.replace(chat, message, payload)
    world.announce(chat, message, edited=True)
    return message


def delete(world: World, person_id: int, chat_id: int, message_id: int) -> None:
    """Delete a message for everyone; bots are not told about it."""
    chat = find_joined_chat(world, person_id, chat_id)
    message = find_chat_message(chat, message_id)
    own = message.sender_id == person_id or chat.kind == "private"
    if not own and not chat.member(person_id).may("can_delete_messages"):
        raise Mistake("You may not delete this message.", 403)
    world.remove(chat, message_id)


def start(world: World, person_id: int, payload: str = "") -> Message:
    """Press Start in the private chat: opens it, unblocks the bot, sends /start."""
    person = find_person(world, person_id)
    chat = world.open_private_chat(person)
    if person.blocked_bot:
        world.set_blocked(person, False)
    tell_chat(world, chat, {person_id})
    return send(world, person_id, chat.id, f"/start {payload}".strip())


async def press(
    world: World, person_id: int, chat_id: int, message_id: int, row: int, column: int
) -> JsonObject:
    """Press an inline button; for a callback waits up to ten seconds for the bot's answer."""
    chat = find_joined_chat(world, person_id, chat_id)
    message = find_chat_message(chat, message_id)
    rows = message.payload.get("reply_markup", {}).get("inline_keyboard", [])
    if not (0 <= row < len(rows) and 0 <= column < len(rows[row])):
        raise Mistake("The message has no such button.", 404)
    button = rows[row][column]
    if "callback_data" in button:
        return {"answer": await _call_back(world, person_id, chat, message, button)}
    outcome: JsonObject = {"answer": None}
    if "url" in button:
        outcome["open_url"] = button["url"]
    elif "web_app" in button:
        outcome["open_url"] = button["web_app"]["url"]
    elif "copy_text" in button:
        outcome["copy_text"] = button["copy_text"]["text"]
    else:
        outcome["switch_inline"] = _switch(button)
    return outcome


def _switch(button: JsonObject) -> JsonObject:
    if "switch_inline_query_current_chat" in button:
        return {"query": button["switch_inline_query_current_chat"], "current_chat": True}
    chosen = button.get("switch_inline_query_chosen_chat", {})
    query = button.get("switch_inline_query", chosen.get("query", ""))
    return {"query": query, "current_chat": False}


async def _call_back(
    world: World, person_id: int, chat: Chat, message: Message, button: JsonObject
) -> JsonObject | None:
    query = world.queries.open("callback", person_id)
    content = {
        "id": query.id,
        "from": world.people[person_id].user(),
        "chat_instance": str(abs(chat.id) * 7_919 + 1),
        "data": button["callback_data"],
    }
    if message.inline_message_id is not None:
        content["inline_message_id"] = message.inline_message_id
    else:
        content["message"] = message.payload
    world.updates.put("callback_query", content, f"person:{person_id}")
    return await answered(query.answer)


async def answered(future: asyncio.Future[JsonObject]) -> JsonObject | None:
    """A query's answer, or None when the bot does not answer in time."""
    try:
        async with asyncio.timeout(PRESS_SECONDS):
            return await asyncio.shield(future)
    except TimeoutError:
        return None
