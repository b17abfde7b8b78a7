"""What the bot's messages of several stories show: which stories, which page, how often changed.

A reader who turns a page and a sender who edits the message write the same record: every change is
made to the newest state. What stands on a page is rendered in bot.services.bundle_pages.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import StoreError
from bot.models.identifiers import Address, ChatId, MessageId, StoryId, ThreadId
from bot.store import documents
from bot.store import keys_deliveries as keys
from bot.store.client import Database

MESSAGE_LIFE = timedelta(days=8)
_ATTEMPTS = 20


@dataclass(frozen=True, slots=True)
class MessageStories:
    """The stories that one message shows, in order."""

    thread: ThreadId
    stories: tuple[StoryId, ...]
    page: int = 0
    """The one that stands there now, from 0."""
    since: datetime | None = None
    """Since when the chat had missed them; None where they were only waiting."""
    address: Address | None = None
    """Where the message stands: an upgraded group numbers its messages anew."""
    edits: int = 0
    """By the wire; turning a page is none."""
    edited_at: datetime | None = None
    view_print: str = ""
    """Print of what stands there now."""
    channel: ChatId | None = None
    """Whose list it is, where somebody opened a channel's list in a private chat."""


class MessageStore:
    """Records of messages. All methods raise StoreError when Redis does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, chat: ChatId, message_id: MessageId, shown: MessageStories) -> None:
        """Remember which stories a message shows."""
        await self._database.command(
            "SET",
            keys.message(chat, message_id),
            documents.dump(shown),
            "EX",
            int(MESSAGE_LIFE.total_seconds()),
        )

    async def get(self, chat: ChatId, message_id: MessageId) -> MessageStories | None:
        """The stories of a message that the wire sent to the chat."""
        value = await self._database.command("GET", keys.message(chat, message_id))
        return None if value is None else documents.load(MessageStories, value)

    async def publish(self, chat: ChatId, token: str, shown: MessageStories) -> None:
        """Keep a channel's list for those who open it by its token."""
        await self._database.command(
            "SET",
            keys.channel_list(chat, token),
            documents.dump(shown),
            "EX",
            int(MESSAGE_LIFE.total_seconds()),
        )

    async def published(self, chat: ChatId, token: str) -> MessageStories | None:
        """A channel's list; None when it is too old, or never was."""
        value = await self._database.command("GET", keys.channel_list(chat, token))
        return None if value is None else documents.load(MessageStories, value)

    async def change(
        self,
        chat: ChatId,
        message_id: MessageId,
        change: Callable[[MessageStories], MessageStories],
    ) -> MessageStories | None:
        """Replace the record by what `change` (pure) makes of it; its lifetime stays.

        When another process changed it meanwhile, `change` is called again. None when there is no
        record.
        """
        name = keys.message(chat, message_id)
        for _ in range(_ATTEMPTS):
            value = await self._database.command("GET", name)
            if value is None:
                return None
            before = documents.load(MessageStories, value)
            after = change(before)
            arguments = [value, documents.dump(after)]
            if after == before or await self._database.script("message_replace")([name], arguments):
                return after
        raise StoreError(f"A message of chat {chat} is changed by too many at once.")
