"""What a handler is given and gives back. Values only; telegram's objects stay in dispatch."""

from dataclasses import dataclass

from bot.models.chats import Chat, ChatKind
from bot.models.identifiers import NO_THREAD, Address, MessageId, StoryId, ThreadId
from bot.models.messages import View
from bot.services.access import Actor

_PLACES = {
    ChatKind.GROUP: "this group",
    ChatKind.SUPERGROUP: "this group",
    ChatKind.CHANNEL: "this channel",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A command, a press or a sentence, with everything about it resolved."""

    actor: Actor
    chat: Chat
    """Where it was said and where the answer goes."""
    thread: ThreadId
    subject: Chat
    """The chat that it acts on: the same one, or a channel named in it."""
    subject_thread: ThreadId
    arguments: str = ""
    replied_story: StoryId | None = None
    """The story in whose message's reply it was said."""
    message: MessageId | None = None
    """Of a press: the message that holds the button."""

    @property
    def private(self) -> bool:
        """Said in a private chat, where buttons act."""
        return self.chat.kind is ChatKind.PRIVATE

    @property
    def target(self) -> Address | None:
        """For buttons: the chat to act on, when it is another one."""
        return None if self.subject.id == self.chat.id else self.subject.address

    @property
    def place(self) -> str:
        """What a sentence calls the chat or topic that it acts on."""
        if self.title:
            return self.title
        if self.subject_thread != NO_THREAD:
            return "this topic"
        return _PLACES.get(self.subject.kind, "this chat")

    @property
    def title(self) -> str:
        """For sentences: the other chat's title; "" for this one."""
        return "" if self.subject.id == self.chat.id else self.subject.title


@dataclass(frozen=True, slots=True)
class Answer:
    """What a press leads to."""

    edit: View | None = None
    """The message with the button becomes this."""
    send: View | None = None
    """A message of its own."""
    text: str = ""
    """A passing notice."""
    alert: bool = False
