"""What a chat client shows when it opens: the person, the bot and its commands, the chats."""

from sandbox.chats import Chat
from sandbox.people import Person
from sandbox.values import JsonObject
from sandbox.world import World

MESSAGES_SHOWN = 60


def describe_state(world: World, person: Person) -> JsonObject:
    """Everything at once, the newest chat first."""
    chats = [
        chat for chat in world.chats.values() if chat.has(person.id) and chat.migrated_to is None
    ]
    return {
        "me": person.user(),
        "blocked_bot": person.blocked_bot,
        "bot": _describe_bot(world, person, chats),
        "chats": [describe_chat(world, person, chat) for chat in chats],
    }


def describe_chat(world: World, person: Person, chat: Chat) -> JsonObject:
    """One chat as its member sees it, with its newest messages."""
    private = chat.kind == "private"
    member = chat.member(person.id)
    subscriber = chat.kind == "channel" and not member.administers
    described: JsonObject = {
        "id": chat.id,
        "type": chat.kind,
        "title": world.bot.first_name if private else chat.title,
        "is_forum": chat.is_forum,
        "role": "subscriber" if subscriber else member.status,
        "can_post": _can_post(person, chat),
        "topics": [
            {
                "message_thread_id": topic.message_thread_id,
                "name": topic.name,
                "closed": topic.closed,
            }
            for topic in chat.topics.values()
        ],
        "unread": chat.unread(person.id),
        "messages": [message.for_client() for message in chat.newest(MESSAGES_SHOWN)],
        "pinned": list(chat.pinned),
        "members": sum(account.present for account in chat.members.values()),
    }
    username = world.bot.username if private else chat.username
    if username:
        described["username"] = username
    return described


def tell_chat(world: World, chat: Chat, account_ids: set[int]) -> None:
    """Tell the chat clients of some accounts that a chat is new, changed or left (then null)."""
    for person_id in world.events.connected() & account_ids:
        person = world.people[person_id]
        described = describe_chat(world, person, chat) if chat.has(person_id) else None
        world.events.tell(person_id, {"type": "chat", "chat_id": chat.id, "chat": described})


def _can_post(person: Person, chat: Chat) -> bool:
    member = chat.member(person.id)
    if chat.kind == "private":
        return not person.blocked_bot
    if chat.kind == "channel":
        return member.may("can_post_messages")
    return member.status != "restricted" or member.may("can_send_messages")


def _describe_bot(world: World, person: Person, chats: list[Chat]) -> JsonObject:
    language = person.language_code or ""
    profile, bot = world.profile, world.bot

    def commands(kind: str, chat_id: int, chat: Chat | None) -> list[JsonObject]:
        member = (chat or Chat(chat_id, kind, "")).member(person.id)
        return profile.commands_for(kind, chat_id, member, person.id, language)

    return {
        "id": bot.id,
        "username": bot.username,
        "first_name": profile.text("name", language) or bot.first_name,
        "description": profile.text("description", language),
        "short_description": profile.text("short_description", language),
        "commands": commands("private", person.id, None),
        "menu_commands_by_chat": {
            str(chat.id): commands(chat.kind, chat.id, chat)
            for chat in chats
            if chat.kind != "channel"
        },
        "menu_button": profile.menu_button(person.id),
    }
