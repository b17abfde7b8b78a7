"""Who takes part: people, the bot's account, and what a member of a chat may do.

Only facts and the objects that the Bot API makes of them (User, ChatMember). Chats, messages and
transport live elsewhere.
"""

from dataclasses import dataclass, field

from sandbox.values import JsonObject

ADMINISTRATOR_RIGHTS = (
    "can_manage_chat",
    "can_delete_messages",
    "can_manage_video_chats",
    "can_restrict_members",
    "can_promote_members",
    "can_change_info",
    "can_invite_users",
    "can_post_stories",
    "can_edit_stories",
    "can_delete_stories",
)
GROUP_RIGHTS = ("can_pin_messages", "can_manage_topics", "can_manage_tags")
CHANNEL_RIGHTS = ("can_post_messages", "can_edit_messages", "can_manage_direct_messages")
PERMISSIONS = (
    "can_send_messages",
    "can_send_audios",
    "can_send_documents",
    "can_send_photos",
    "can_send_videos",
    "can_send_video_notes",
    "can_send_voice_notes",
    "can_send_polls",
    "can_send_other_messages",
    "can_add_web_page_previews",
    "can_react_to_messages",
    "can_edit_tag",
    "can_change_info",
    "can_invite_users",
    "can_pin_messages",
    "can_manage_topics",
)
STATUSES = ("creator", "administrator", "member", "restricted", "left", "kicked")
PRESENT = frozenset({"creator", "administrator", "member", "restricted"})

# The account that the Bot API names as sender of an anonymous administrator's message.
ANONYMOUS_ADMINISTRATOR: JsonObject = {
    "id": 1087968824,
    "is_bot": True,
    "first_name": "Group",
    "username": "GroupAnonymousBot",
}


@dataclass(slots=True)
class Person:
    """Someone with an account. `started` is whether they ever wrote to the bot."""

    id: int
    first_name: str
    username: str | None = None
    language_code: str | None = None
    started: bool = False
    blocked_bot: bool = False
    deactivated: bool = False

    def user(self) -> JsonObject:
        """The Bot API's User object."""
        user: JsonObject = {"id": self.id, "is_bot": False, "first_name": self.first_name}
        if self.username:
            user["username"] = self.username
        if self.language_code:
            user["language_code"] = self.language_code
        return user


@dataclass(slots=True)
class BotAccount:
    """The bot: its name, its token, and whether it reads every message of a group."""

    id: int
    username: str
    first_name: str
    token: str
    can_read_all_group_messages: bool = False

    def user(self) -> JsonObject:
        """The Bot API's User object as it stands in messages."""
        return {
            "id": self.id,
            "is_bot": True,
            "first_name": self.first_name,
            "username": self.username,
        }

    def myself(self) -> JsonObject:
        """The User object that getMe answers."""
        return {
            **self.user(),
            "can_join_groups": True,
            "can_read_all_group_messages": self.can_read_all_group_messages,
            "supports_inline_queries": True,
            "can_connect_to_business": False,
            "has_main_web_app": False,
            "has_topics_enabled": False,
            "allows_users_to_create_topics": False,
            "can_manage_bots": False,
        }


@dataclass(slots=True)
class Member:
    """One account's standing in a chat; `rights` holds an administrator's or restricted one's."""

    status: str
    rights: dict[str, bool] = field(default_factory=dict)
    anonymous: bool = False

    @property
    def present(self) -> bool:
        """Whether the account is in the chat (a restricted one counts)."""
        return self.status in PRESENT

    @property
    def administers(self) -> bool:
        """Whether the account is the creator or an administrator."""
        return self.status in ("creator", "administrator")

    def may(self, right: str) -> bool:
        """Whether the standing includes an administrator's right or a member's permission."""
        if self.status == "creator":
            return True
        if self.status in ("administrator", "restricted"):
            return self.rights.get(right, False)
        return False


def describe_member(user: JsonObject, member: Member, kind: str) -> JsonObject:
    """The Bot API's ChatMember object of a user in a chat of a kind (group, channel...)."""
    described: JsonObject = {"user": user, "status": member.status}
    if member.status == "creator":
        described["is_anonymous"] = member.anonymous
    elif member.status == "administrator":
        rights = ADMINISTRATOR_RIGHTS + (CHANNEL_RIGHTS if kind == "channel" else GROUP_RIGHTS)
        described |= {"can_be_edited": False, "is_anonymous": member.anonymous}
        described |= {right: member.rights.get(right, False) for right in rights}
    elif member.status == "restricted":
        described |= {"is_member": True, "until_date": 0}
        described |= {right: member.rights.get(right, False) for right in PERMISSIONS}
    elif member.status == "kicked":
        described["until_date"] = 0
    return described


def all_rights(kind: str) -> dict[str, bool]:
    """Every administrator's right that a chat of this kind knows, granted."""
    rights = ADMINISTRATOR_RIGHTS + (CHANNEL_RIGHTS if kind == "channel" else GROUP_RIGHTS)
    return dict.fromkeys(rights, True)
