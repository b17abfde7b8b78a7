"""What people do to each other and to the bot: membership, blocking, upgrades, topics.

Each change becomes the service message and the my_chat_member update that Telegram would send.
"""

from sandbox.actions import find_joined_chat, find_person
from sandbox.chats import GENERAL_TOPIC, Chat
from sandbox.client_state import tell_chat
from sandbox.people import STATUSES, Member, all_rights
from sandbox.values import JsonObject, Mistake
from sandbox.world import World


def change_member(
    world: World,
    actor_id: int,
    chat_id: int,
    account_id: int,
    status: str,
    rights: dict[str, bool] | None = None,
) -> None:
    """Give an account a standing in a chat; an administrator acts, or somebody on themselves."""
    find_person(world, actor_id)
    chat = world.chats.get(chat_id)
    if chat is None or chat.kind == "private":
        raise Mistake("There is no such group or channel.", 404)
    if status not in STATUSES or status == "creator":
        raise Mistake("status must be member, administrator, left, kicked or restricted.")
    if account_id != world.bot.id:
        find_person(world, account_id)
    leaving = actor_id == account_id and status == "left"
    if not leaving and not chat.member(actor_id).administers:
        raise Mistake("Only the chat's administrators may do this.", 403)
    before = chat.member(account_id)
    if before.status == "creator":
        raise Mistake("The creator's standing cannot be changed.", 403)
    member = Member(status, _rights(chat, status, rights))
    world.change_member(chat, actor_id, account_id, member)
    if chat.kind != "channel" and before.present != member.present:
        _tell_coming_or_going(world, chat, actor_id, account_id, member.present)
    tell_chat(world, chat, {actor_id, account_id})


def _rights(chat: Chat, status: str, rights: dict[str, bool] | None) -> dict[str, bool]:
    if status == "administrator":
        return all_rights(chat.kind) if rights is None else {"can_manage_chat": True} | rights
    return dict(rights or {}) if status == "restricted" else {}


def _tell_coming_or_going(
    world: World, chat: Chat, actor_id: int, account_id: int, present: bool
) -> None:
    user = world.user(account_id)
    content: JsonObject = {"from": world.user(actor_id)}
    if present:
        content |= {"new_chat_members": [user], "new_chat_member": user}
    else:
        content["left_chat_member"] = user
    world.announce(chat, world.post(chat, actor_id, content))


def block(world: World, person_id: int, blocked: bool) -> None:
    """Block or unblock the bot in the private chat."""
    person = find_person(world, person_id)
    world.open_private_chat(person)
    if person.blocked_bot != blocked:
        world.set_blocked(person, blocked)
        tell_chat(world, world.chats[person.id], {person.id})


def migrate(world: World, chat_id: int) -> Chat:
    """Upgrade a basic group to a supergroup; the old id answers with the new one from now on."""
    old = world.chats.get(chat_id)
    if old is None or old.kind != "group" or old.migrated_to is not None:
        raise Mistake("Only a basic group can be upgraded.", 404)
    creator_id = next(
        account_id for account_id, member in old.members.items() if member.status == "creator"
    )
    new = world.add_chat("supergroup", old.title, creator_id)
    for account_id, member in old.members.items():
        rights = all_rights("supergroup") if member.status == "administrator" else {}
        new.members[account_id] = Member(member.status, rights)
    creator = world.user(creator_id)
    leaving = {"from": creator, "migrate_to_chat_id": new.id}
    world.announce(old, world.post(old, creator_id, leaving))
    arriving = {"from": creator, "sender_chat": new.brief, "migrate_from_chat_id": old.id}
    world.announce(new, world.post(new, creator_id, arriving))
    old.migrated_to = new.id
    tell_chat(world, new, set(new.members))
    return new


def change_topic(
    world: World, chat_id: int, thread: int, closed: bool | None, deleted: bool
) -> None:
    """Close, reopen or delete a forum topic."""
    chat = world.chats.get(chat_id)
    topic = chat.topics.get(thread) if chat is not None else None
    if chat is None or topic is None:
        raise Mistake("There is no such topic.", 404)
    if deleted:
        if thread == GENERAL_TOPIC:
            raise Mistake("The General topic cannot be deleted.")
        del chat.topics[thread]
        for message in [*chat.messages.values()]:
            if message.payload.get("message_thread_id") == thread:
                world.remove(chat, message.id)
    elif closed is not None and topic.closed != closed:
        topic.closed = closed
        creator_id = next(iter(chat.members))
        content: JsonObject = {"from": world.user(creator_id)}
        content["forum_topic_closed" if closed else "forum_topic_reopened"] = {}
        if thread != GENERAL_TOPIC:
            content |= {"message_thread_id": thread, "is_topic_message": True}
        world.announce(chat, world.post(chat, creator_id, content))
    tell_chat(world, chat, set(chat.members))


def read(world: World, person_id: int, chat_id: int) -> None:
    """Mark a chat as read by a person."""
    chat = find_joined_chat(world, person_id, chat_id)
    chat.read[person_id] = chat.arrived
