"""Who somebody is in a chat, and what a chat is (Bot API, ChatMember and ChatFullInfo)."""

from dataclasses import dataclass
from enum import StrEnum

from telegram import ChatMember, ChatMemberAdministrator, ChatMemberRestricted

from bot.models.chats import ChatKind
from bot.models.identifiers import Address


class MemberRole(StrEnum):
    """Bot API, ChatMember.status."""

    CREATOR = "creator"
    ADMINISTRATOR = "administrator"
    MEMBER = "member"
    RESTRICTED = "restricted"
    LEFT = "left"
    KICKED = "kicked"

    @property
    def is_admin(self) -> bool:
        """May decide what the chat gets."""
        return self in (MemberRole.CREATOR, MemberRole.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class ChatFacts:
    """What Telegram tells of a chat."""

    address: Address
    kind: ChatKind
    title: str
    """Of a private chat the person's name."""
    username: str = ""
    forum: bool = False


def belongs(member: ChatMember) -> bool:
    """Whether somebody is in the chat; one who is restricted may have left."""
    if isinstance(member, ChatMemberRestricted):
        return member.is_member
    return MemberRole(member.status) not in (MemberRole.LEFT, MemberRole.KICKED)


def may_post(member: ChatMember, kind: ChatKind) -> bool:
    """Whether a member may write: in channels only with the right to post."""
    role = MemberRole(member.status)
    if role in (MemberRole.LEFT, MemberRole.KICKED):
        return False
    if kind is ChatKind.CHANNEL:
        posts = isinstance(member, ChatMemberAdministrator) and bool(member.can_post_messages)
        return role is MemberRole.CREATOR or posts
    if isinstance(member, ChatMemberRestricted):
        return member.is_member and member.can_send_messages
    return True
