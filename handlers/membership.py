"""The bot's own comings and goings: blocked, removed, silenced, back again (my_chat_member)."""

import telegram

from bot.messenger.members import may_post
from bot.models.chats import ChatKind
from bot.services.services import Services
from handlers.sightings import sighting


async def membership_changed(change: telegram.ChatMemberUpdated, services: Services) -> None:
    """Pause a chat where the bot may no longer write; resume one where it may."""
    seen = sighting(change.chat, change.from_user)
    reason = hindrance(change.new_chat_member, seen.kind)
    if reason:
        await services.chats.paused(seen, reason)
    else:
        await services.chats.resumed(seen)


def hindrance(member: telegram.ChatMember, kind: ChatKind) -> str:
    """Say in a sentence why the bot cannot write; "" when it can."""
    if may_post(member, kind):
        return ""
    if kind is ChatKind.PRIVATE:
        return "The person blocked the bot."
    if member.status in (telegram.ChatMember.LEFT, telegram.ChatMember.BANNED):
        return "The bot was removed."
    return "The bot may not write there."
