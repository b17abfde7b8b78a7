"""Finding the chat that a bot's call names, and whether the bot may act there.

Refusals are those of tdlib/telegram-bot-api (Client.cpp, check_chat and check_chat_access) and of
TDLib (DialogManager.cpp): a group asks membership (403), a channel the right to post (400).
"""

from dataclasses import dataclass

from sandbox.arguments import Arguments
from sandbox.chats import GENERAL_TOPIC, Chat, Message
from sandbox.limits import Limits
from sandbox.people import Member
from sandbox.values import bad_request, forbidden
from sandbox.webhook import Webhook
from sandbox.world import World


@dataclass(slots=True)
class Call:
    """One call of the bot: its arguments, and what it runs against."""

    world: World
    limits: Limits
    webhook: Webhook
    arguments: Arguments

    def pace(self, chat: Chat, kind: str = "send", cost: int = 1) -> None:
        """Count the call against the flood limits; raises the 429."""
        paid = self.arguments.flag("allow_paid_broadcast")
        self.limits.take(kind, chat.id, chat.kind == "private", cost, paid)


def find_chat(world: World, reference: str) -> Chat:
    """The chat with an id or @username; raises Refusal when there is none."""
    if not reference:
        raise bad_request("chat_id is empty")
    chat_id = chat_id_of(world, reference)
    chat = world.chats.get(chat_id) if chat_id is not None else None
    if chat is None:
        raise bad_request("chat not found")
    return chat


def chat_id_of(world: World, reference: object) -> int | None:
    """The id that a chat_id argument names, None when it is neither a number nor a known name."""
    if isinstance(reference, str) and reference.startswith("@"):
        return world.usernames.get(reference[1:].lower())
    try:
        return int(reference) if isinstance(reference, str | int) else None
    except ValueError:
        return None


def find_own_chat(call: Call) -> Chat:
    """The chat of a call that acts in it: one that the bot may write to at all."""
    reference = call.arguments.text("chat_id")
    person_id = chat_id_of(call.world, reference)
    if person_id in call.world.people and person_id not in call.world.chats:
        raise forbidden("bot can't initiate conversation with a user")
    chat = find_chat(call.world, reference)
    check_writable(call.world, chat)
    return chat


def readable_chat(call: Call, name: str = "chat_id") -> Chat:
    """A chat that the bot may read: where it takes part, or a public one."""
    chat = find_chat(call.world, call.arguments.text(name))
    if not (chat.kind == "private" or chat.username or chat.migrated_to):
        _check_membership(call.world, chat)
    return chat


def writable_chat(call: Call, permission: str, what: str) -> Chat:
    """A chat where the bot may send; `permission` and `what` name the kind ("photos")."""
    chat = find_own_chat(call)
    member = chat.member(call.world.bot.id)
    if chat.kind == "channel" and not member.may("can_post_messages"):
        raise bad_request("need administrator rights in the channel chat")
    if chat.kind in ("group", "supergroup") and not may_send(chat, member, permission):
        raise bad_request(f"not enough rights to send {what} to the chat")
    return chat


def may_send(chat: Chat, member: Member, permission: str) -> bool:
    """Whether a member of a group may send something (administrators always may)."""
    if member.administers:
        return True
    if member.status == "restricted":
        return member.may("can_send_messages") and member.may(permission)
    allowed = chat.permissions
    return allowed.get("can_send_messages", True) and allowed.get(permission, True)


def check_writable(world: World, chat: Chat) -> None:
    """Raise Refusal where the bot cannot act: upgraded group, blocked, kicked, not a member."""
    if chat.migrated_to is not None:
        raise bad_request(
            "group chat was upgraded to a supergroup chat",
            {"migrate_to_chat_id": chat.migrated_to},
        )
    if chat.kind == "private":
        person = world.people[chat.id]
        if person.deactivated:
            raise forbidden("user is deactivated")
        if person.blocked_bot:
            raise forbidden("bot was blocked by the user")
        return
    if chat.deleted:
        raise forbidden("the group chat was deleted")
    _check_membership(world, chat)


def _check_membership(world: World, chat: Chat) -> None:
    member = chat.member(world.bot.id)
    if member.status == "kicked":
        raise forbidden(f"bot was kicked from the {chat.kind} chat")
    if not member.present:
        raise forbidden(f"bot is not a member of the {chat.kind} chat")


def find_thread(call: Call, chat: Chat) -> int | None:
    """The topic that a send names, None for the chat itself; raises Refusal."""
    thread = call.arguments.number("message_thread_id")
    if not thread:
        if chat.is_forum:
            check_topic_open(chat, GENERAL_TOPIC, chat.member(call.world.bot.id))
        return None
    # Bots name General by leaving the topic out: its id 1 is no message's id.
    if not chat.is_forum or thread == GENERAL_TOPIC or thread not in chat.topics:
        raise bad_request("message thread not found")
    check_topic_open(chat, thread, chat.member(call.world.bot.id))
    return thread


def check_topic_open(chat: Chat, thread: int, member: Member) -> None:
    """Raise TOPIC_CLOSED unless the topic is open or the member manages topics."""
    topic = chat.topics.get(thread)
    if topic is not None and topic.closed and not member.may("can_manage_topics"):
        raise bad_request("TOPIC_CLOSED")


def find_reply(call: Call, chat: Chat) -> Message | None:
    """The message that a send replies to; raises Refusal when it is gone and must be there."""
    parameters = call.arguments.table("reply_parameters", "reply parameters")
    message_id = parameters.get("message_id") or call.arguments.number("reply_to_message_id")
    if not message_id:
        return None
    message = chat.messages.get(message_id) if isinstance(message_id, int) else None
    lenient = parameters.get("allow_sending_without_reply") or call.arguments.flag(
        "allow_sending_without_reply"
    )
    if message is None and not lenient:
        raise bad_request("message to be replied not found")
    return message


def find_message(call: Call, chat: Chat, purpose: str) -> Message:
    """The message of a call's message_id; "message to edit not found" and so on otherwise."""
    message = chat.messages.get(call.arguments.number("message_id"))
    if message is None:
        raise bad_request(f"message to {purpose} not found")
    return message


def refuse_unless(allowed: bool, reason: str) -> None:
    """Raise a 400 with the reason unless something is allowed."""
    if not allowed:
        raise bad_request(reason)
