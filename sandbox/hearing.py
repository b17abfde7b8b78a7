"""Which messages of people reach the bot: the Bot API's group privacy mode.

Rule (Bot API features, "Privacy mode"): in a group an administrator bot hears everything; another
one hears service messages, commands not addressed to another bot, replies to its messages and
what was sent through its inline mode. Channel posts need membership, private messages nothing.
"""

from sandbox.chats import Chat, Message
from sandbox.people import BotAccount
from sandbox.values import JsonObject

_SERVICE = frozenset(
    {
        "new_chat_members",
        "left_chat_member",
        "new_chat_title",
        "migrate_to_chat_id",
        "migrate_from_chat_id",
        "pinned_message",
        "group_chat_created",
        "supergroup_chat_created",
        "forum_topic_created",
        "forum_topic_closed",
        "forum_topic_reopened",
    }
)


def hears(bot: BotAccount, chat: Chat, message: Message) -> bool:
    """Whether a message becomes an update for the bot."""
    if message.sender_id == bot.id:
        return False
    if chat.kind == "private":
        return True
    member = chat.member(bot.id)
    if not member.present:
        return False
    if chat.kind == "channel" or member.administers or bot.can_read_all_group_messages:
        return True
    payload = message.payload
    return (
        not _SERVICE.isdisjoint(payload)
        or payload.get("via_bot", {}).get("id") == bot.id
        or payload.get("reply_to_message", {}).get("from", {}).get("id") == bot.id
        or _has_command(bot, payload)
    )


def _has_command(bot: BotAccount, payload: JsonObject) -> bool:
    text = payload.get("text") or payload.get("caption") or ""
    entities = payload.get("entities") or payload.get("caption_entities") or ()
    if not any(entity["type"] == "bot_command" for entity in entities):
        return False
    encoded = text.encode("utf-16-le", "surrogatepass")
    for entity in entities:
        if entity["type"] == "bot_command":
            start, stop = 2 * entity["offset"], 2 * (entity["offset"] + entity["length"])
            command = encoded[start:stop].decode("utf-16-le")
            addressee = command.partition("@")[2]
            if not addressee or addressee.lower() == bot.username.lower():
                return True
    return False
