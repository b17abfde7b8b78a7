"""Marks of chats that missed stories, and turning one into pending items.

The marks are set by the scripts queue_raise and queue_drop. Which stories to tell is decided in
bot.news.missed.
"""

from collections.abc import Sequence
from datetime import datetime

from bot.models.deliveries import DeliveryClass, PendingItem
from bot.models.identifiers import ChatId
from bot.store import keys_deliveries as keys
from bot.store.client import Argument, Database
from bot.store.clock import from_milliseconds, milliseconds
from bot.store.key_registry import CHAT_SHARDS, chat_shard
from bot.store.pending_items import field_of, value_of


class MissedMarks:
    """All methods raise StoreError when Redis does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reachable(self) -> dict[ChatId, datetime]:
        """Chats that missed stories and are not paused, and since when."""
        batch = self._database.batch()
        for shard in range(CHAT_SHARDS):
            batch.command("HGETALL", keys.missed(shard))
            batch.command("SMEMBERS", keys.paused(shard))
        answers = await batch.run()
        found: dict[ChatId, datetime] = {}
        for marks, members in zip(answers[0::2], answers[1::2], strict=True):
            paused = frozenset(members)
            found |= {
                ChatId(int(chat)): from_milliseconds(since)
                for chat, since in marks.items()
                if chat not in paused
            }
        return found

    async def redeem(self, chat: ChatId, mark: datetime, items: Sequence[PendingItem]) -> bool:
        """Take the mark away and leave these items instead, in one transaction; what is pending
        already stays as it is. False, and nothing happens, when the mark is another one by now, or
        the chat is paused.
        """
        shard = chat_shard(chat)
        arguments: list[Argument] = [
            chat,
            milliseconds(mark),
            self._database.clock.now_milliseconds(),
        ]
        for item in items:
            arguments += [field_of(item), value_of(item)]
        answer = await self._database.script("missed_redeem")(
            [
                keys.missed(shard),
                keys.paused(shard),
                keys.pending(chat),
                keys.queue(shard, DeliveryClass.DIGEST),
            ],
            arguments,
        )
        return bool(answer)
