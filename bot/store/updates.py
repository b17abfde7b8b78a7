"""The inbox of Telegram's updates: stored before Telegram is told, removed when handled.

Knows nothing of what an update means beyond its number and where it came from.
"""

from dataclasses import dataclass
from datetime import timedelta

from bot.errors import StoreError
from bot.models.identifiers import ChatId
from bot.store import keys_updates
from bot.store.client import Database
from bot.store.key_registry import CHAT_SHARDS, chat_shard

MARK_LIFE = timedelta(hours=48)
INBOX_MOST = 1000


@dataclass(frozen=True, slots=True)
class StoredUpdate:
    """An update in the inbox."""

    shard: int
    id: str
    body: bytes
    """JSON as Telegram sent it."""


class UpdateInbox:
    """All methods raise StoreError when Redis does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def take(self, number: int, origin: ChatId, body: bytes) -> StoredUpdate | None:
        """Store an update; None when it was taken in before. Raises StoreError when full."""
        shard = chat_shard(origin)
        answer = await self._database.script("update_take")(
            keys=[keys_updates.update_mark(origin, number), keys_updates.updates(shard)],
            args=[int(MARK_LIFE.total_seconds()), body, INBOX_MOST],
        )
        if answer == b"FULL":
            raise StoreError("Too many updates wait to be handled; Telegram keeps the others.")
        return None if answer == b"SEEN" else StoredUpdate(shard, answer.decode(), body)

    async def left(self) -> list[StoredUpdate]:
        """What an earlier run took in and did not finish, oldest first within a chat."""
        batch = self._database.batch()
        for shard in range(CHAT_SHARDS):
            batch.command("XRANGE", keys_updates.updates(shard), "-", "+")
        return [
            StoredUpdate(shard, entry_id.decode(), fields[b"u"])
            for shard, entries in enumerate(await batch.run())
            for entry_id, fields in entries
        ]

    async def done(self, update: StoredUpdate) -> None:
        """Handled: never again."""
        await self._database.command("XDEL", keys_updates.updates(update.shard), update.id)
