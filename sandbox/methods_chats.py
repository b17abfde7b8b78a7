"""The Bot API's methods about chats: who is in, what the chat is, pins, topics, leaving."""

from sandbox.access import (
    Call,
    find_message,
    find_own_chat,
    readable_chat,
    refuse_unless,
    writable_chat,
)
from sandbox.chats import GENERAL_TOPIC, Chat, Topic
from sandbox.people import PERMISSIONS, Member, describe_member
from sandbox.values import JsonObject, bad_request

_ACTIONS = frozenset(
    {
        "typing",
        "upload_photo",
        "record_video",
        "upload_video",
        "record_voice",
        "upload_voice",
        "upload_document",
        "choose_sticker",
        "find_location",
        "record_video_note",
        "upload_video_note",
    }
)


def get_me(call: Call) -> JsonObject:
    """getMe: answers the bot's User."""
    return call.world.bot.myself()


def get_chat(call: Call) -> JsonObject:
    """getChat: answers a ChatFullInfo."""
    chat = readable_chat(call)
    info = chat.brief | {
        "accent_color_id": 0,
        "max_reaction_count": 11,
        "accepted_gift_types": {
            "unlimited_gifts": False,
            "limited_gifts": False,
            "unique_gifts": False,
            "premium_subscription": False,
            "gifts_from_channels": False,
        },
    }
    if chat.username:
        info["active_usernames"] = [chat.username]
    if chat.kind in ("group", "supergroup"):
        info["permissions"] = {
            permission: chat.permissions.get(permission, True) for permission in PERMISSIONS
        }
    if chat.pinned and chat.pinned[-1] in chat.messages:
        info["pinned_message"] = chat.messages[chat.pinned[-1]].payload
    return info


def get_chat_member(call: Call) -> JsonObject:
    """getChatMember: answers a ChatMember."""
    chat = readable_chat(call)
    user_id = call.arguments.number("user_id")
    if user_id not in call.world.people and user_id != call.world.bot.id:
        raise bad_request("PARTICIPANT_ID_INVALID" if user_id else "invalid user_id specified")
    if chat.kind == "channel" and not chat.member(call.world.bot.id).administers:
        raise bad_request("member list is inaccessible")
    return describe_member(call.world.user(user_id), chat.member(user_id), chat.kind)


def get_chat_administrators(call: Call) -> list[JsonObject]:
    """getChatAdministrators: answers ChatMembers, other bots left out."""
    chat = readable_chat(call)
    if chat.kind == "private":
        raise bad_request("there are no administrators in the private chat")
    return [
        describe_member(call.world.user(account_id), member, chat.kind)
        for account_id, member in chat.members.items()
        if member.administers
    ]


def get_chat_member_count(call: Call) -> int:
    """getChatMemberCount: answers how many are in the chat (two in a private one)."""
    chat = readable_chat(call)
    if chat.kind == "private":
        return 2
    return sum(member.present for member in chat.members.values())


def send_chat_action(call: Call) -> bool:
    """sendChatAction: answers True."""
    chat = writable_chat(call, "can_send_messages", "text messages")
    action = call.arguments.text("action")
    if action.lower() not in _ACTIONS:
        raise bad_request("wrong parameter action in request")
    call.world.events.typing(chat, action)
    return True


def leave_chat(call: Call) -> bool:
    """leaveChat: answers True."""
    chat = find_own_chat(call)
    if chat.kind == "private":
        raise bad_request("chat member status can't be changed in private chats")
    bot_id = call.world.bot.id
    call.world.change_member(chat, bot_id, bot_id, Member("left"))
    return True


def pin_chat_message(call: Call) -> bool:
    """pinChatMessage: answers True."""
    chat = _pinnable(call)
    message = find_message(call, chat, "pin")
    if message.id in chat.pinned:
        chat.pinned.remove(message.id)
    chat.pinned.append(message.id)
    if chat.kind != "channel":
        content = {"from": call.world.bot.user(), "pinned_message": message.quoted()}
        silent = call.arguments.flag("disable_notification")
        call.world.post(chat, call.world.bot.id, content, silent=silent)
    return True


def unpin_chat_message(call: Call) -> bool:
    """unpinChatMessage: answers True; without a message id the newest pin goes."""
    chat = _pinnable(call)
    message_id = call.arguments.number("message_id") or (chat.pinned[-1] if chat.pinned else 0)
    if message_id not in chat.pinned:
        raise bad_request("message to unpin not found")
    chat.pinned.remove(message_id)
    return True


def _pinnable(call: Call) -> Chat:
    chat = find_own_chat(call)
    right = "can_edit_messages" if chat.kind == "channel" else "can_pin_messages"
    member = chat.member(call.world.bot.id)
    refuse_unless(
        chat.kind in ("private", "group") or member.may(right),
        "not enough rights to manage pinned messages in the chat",
    )
    return chat


def create_forum_topic(call: Call) -> JsonObject:
    """createForumTopic: answers a ForumTopic."""
    chat = _forum(call)
    name = call.arguments.text("name").strip()
    if not 1 <= len(name) <= 128:
        raise bad_request("TOPIC_TITLE_EMPTY" if not name else "TOPIC_TITLE_TOO_LONG")
    bot = call.world.bot
    created = {"name": name, "icon_color": 7322096}
    content = {
        "from": bot.user(),
        "forum_topic_created": created,
        "is_topic_message": True,
        "message_thread_id": chat.last_message_id + 1,
    }
    message = call.world.post(chat, bot.id, content)
    chat.topics[message.id] = Topic(message.id, name)
    return {"message_thread_id": message.id, **created}


def close_forum_topic(call: Call) -> bool:
    """closeForumTopic: answers True."""
    return _set_closed(call, True)


def reopen_forum_topic(call: Call) -> bool:
    """reopenForumTopic: answers True."""
    return _set_closed(call, False)


def _set_closed(call: Call, closed: bool) -> bool:
    chat = _forum(call)
    topic = chat.topics.get(call.arguments.number("message_thread_id"))
    if topic is None or topic.message_thread_id == GENERAL_TOPIC:
        raise bad_request("message thread not found")
    if topic.closed == closed:
        raise bad_request("TOPIC_NOT_MODIFIED")
    topic.closed = closed
    return True


def _forum(call: Call) -> Chat:
    chat = find_own_chat(call)
    if not chat.is_forum:
        raise bad_request("the chat is not a forum")
    member = chat.member(call.world.bot.id)
    refuse_unless(member.may("can_manage_topics"), "not enough rights to create a topic")
    return chat


METHODS = {
    "getMe": get_me,
    "getChat": get_chat,
    "getChatMember": get_chat_member,
    "getChatAdministrators": get_chat_administrators,
    "getChatMemberCount": get_chat_member_count,
    "sendChatAction": send_chat_action,
    "leaveChat": leave_chat,
    "pinChatMessage": pin_chat_message,
    "unpinChatMessage": unpin_chat_message,
    "createForumTopic": create_forum_topic,
    "closeForumTopic": close_forum_topic,
    "reopenForumTopic": reopen_forum_topic,
}
