"""Chats and the messages in them, as state: who is in, which topics, what was written.

A message keeps the Bot API's Message object as its payload; payloads are replaced, never changed
in place, because answers, updates and logs share them. Rules about who may do what live with the
methods.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from sandbox.people import Member
from sandbox.values import JsonObject

MESSAGES_KEPT = 2_000
GENERAL_TOPIC = 1


@dataclass(slots=True)
class Topic:
    """A forum topic, named by the id of the service message that created it (General is 1)."""

    message_thread_id: int
    name: str
    closed: bool = False


@dataclass(slots=True)
class Message:
    """A stored message: the Bot API's object, and what only the sandbox knows about it."""

    id: int
    chat_id: int
    sender_id: int
    sent_at: float
    payload: JsonObject
    silent: bool = False
    preview: JsonObject | None = None
    picture: str | None = None
    reply_keyboard: JsonObject | None = None
    inline_message_id: str | None = None

    def for_client(self) -> JsonObject:
        """The object with the sandbox's own fields, as the chat client reads it."""
        shown = {**self.payload, "silent": self.silent, "preview": self.preview}
        if self.picture is not None:
            shown["photo_url"] = self.picture
        if self.reply_keyboard is not None:
            shown["reply_keyboard"] = self.reply_keyboard
        return shown

    def quoted(self) -> JsonObject:
        """The object as it stands inside a reply: without the message that it answers itself."""
        if "reply_to_message" not in self.payload:
            return self.payload
        return {key: value for key, value in self.payload.items() if key != "reply_to_message"}


@dataclass(slots=True)
class Chat:
    """A private chat, group, supergroup or channel, with the newest messages (see the cap)."""

    id: int
    kind: str
    title: str
    username: str | None = None
    is_forum: bool = False
    members: dict[int, Member] = field(default_factory=dict)
    topics: dict[int, Topic] = field(default_factory=dict)
    messages: OrderedDict[int, Message] = field(default_factory=OrderedDict)
    arrived: int = 0
    last_message_id: int = 0
    read: dict[int, int] = field(default_factory=dict)
    migrated_to: int | None = None
    deleted: bool = False
    pinned: list[int] = field(default_factory=list)
    permissions: dict[str, bool] = field(default_factory=dict)
    brief: JsonObject = field(init=False)

    def __post_init__(self) -> None:
        self.brief = {"id": self.id, "type": self.kind}
        self.brief["first_name" if self.kind == "private" else "title"] = self.title
        if self.username:
            self.brief["username"] = self.username
        if self.is_forum:
            self.brief["is_forum"] = True

    def member(self, account_id: int) -> Member:
        """An account's standing; whoever was never here has left."""
        return self.members.get(account_id) or Member("left")

    def has(self, account_id: int) -> bool:
        """Whether an account is in the chat."""
        member = self.members.get(account_id)
        return member is not None and member.present

    def keep(self, message: Message) -> None:
        """Store a message, letting go of the oldest one past the cap."""
        self.messages[message.id] = message
        self.arrived += 1
        if len(self.messages) > MESSAGES_KEPT:
            self.messages.popitem(last=False)

    def newest(self, limit: int, before: int | None = None) -> list[Message]:
        """Up to `limit` messages with ids below `before`, oldest first."""
        found: list[Message] = []
        for message in reversed(self.messages.values()):
            if before is not None and message.id >= before:
                continue
            found.append(message)
            if len(found) >= limit:
                break
        found.reverse()
        return found

    def unread(self, account_id: int) -> int:
        """How many messages came since the account last read the chat."""
        return self.arrived - self.read.get(account_id, 0)
