"""What deciding a chat's deliveries takes from Redis, for many chats in one round trip.

Reads only; the queue itself is bot.store.deliveries.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from bot.errors import StoreError
from bot.models.chats import Chat
from bot.models.deliveries import PendingItem, SentRecord
from bot.models.identifiers import ChatId, StoryId, ThreadId
from bot.models.subscriptions import Subscription
from bot.store import keys, keys_deliveries
from bot.store.client import Database
from bot.store.clock import from_milliseconds
from bot.store.documents import load
from bot.store.gathering import Gathering
from bot.store.key_registry import by_shard
from bot.store.pending_items import items_of
from bot.store.subscriptions import in_order

Place = tuple[ThreadId, StoryId]
"""A story in a chat's topic."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One chat as it is now."""

    chat: Chat | None
    items: tuple[PendingItem, ...]
    subscriptions: tuple[Subscription, ...]
    """Oldest first."""
    rings: tuple[datetime, ...]
    """When the chat was last rung, newest first."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sent records of a chat are asked for."""

    chat: ChatId
    places: tuple[Place, ...]


class Readings:
    """Calls of many chats that come together go together. Raises StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._chats: Gathering[ChatId, Reading] = Gathering(self._read_all)
        self._records: Gathering[Wanted, dict[Place, SentRecord]] = Gathering(self._sent_all)

    async def read(self, chat: ChatId) -> Reading:
        """A chat with all that it still has to get."""
        return await self._chats(chat)

    async def sent(self, chat: ChatId, places: Sequence[Place]) -> dict[Place, SentRecord]:
        """The sent records among the places asked for."""
        if not places:
            return {}
        return await self._records(Wanted(chat, tuple(places)))

    async def _read_all(self, chats: Sequence[ChatId]) -> list[Reading | StoreError]:
        batch = self._database.batch()
        shards = by_shard(chats)
        for shard, places in shards.items():
            names = [keys.chats(shard)]
            for place in places:
                names += (
                    keys_deliveries.pending(chats[place]),
                    keys.subscriptions(chats[place]),
                    keys_deliveries.rings(chats[place]),
                )
            batch.script("queue_read", names, [chats[place] for place in places])
        found: dict[int, Reading | StoreError] = {}
        for places, answers in zip(shards.values(), await batch.run(), strict=True):
            for place, answer in zip(places, answers, strict=True):
                try:
                    found[place] = _reading(*answer)
                except StoreError as error:
                    # What cannot be read of one chat must not hold up the others.
                    found[place] = error
        return [found[place] for place in range(len(chats))]

    async def _sent_all(
        self, calls: Sequence[Wanted]
    ) -> list[dict[Place, SentRecord] | StoreError]:
        batch = self._database.batch()
        shards = by_shard([call.chat for call in calls])
        for places in shards.values():
            names = [
                keys_deliveries.sent(call.chat, thread, story)
                for call in (calls[place] for place in places)
                for thread, story in call.places
            ]
            batch.command("MGET", *names)
        found: dict[int, dict[Place, SentRecord] | StoreError] = {}
        for places, values in zip(shards.values(), await batch.run(), strict=True):
            following = iter(values)
            for place in places:
                wanted = calls[place].places
                try:
                    found[place] = _records(wanted, list(islice(following, len(wanted))))
                except StoreError as error:
                    found[place] = error
        return [found[place] for place in range(len(calls))]


def _records(places: Sequence[Place], values: Sequence[bytes | None]) -> dict[Place, SentRecord]:
    return {
        place: load(SentRecord, value)
        for place, value in zip(places, values, strict=True)
        if value is not None
    }


def _reading(
    document: bytes | None,
    pending: Sequence[bytes],
    subscriptions: Sequence[bytes],
    rings: Sequence[bytes],
) -> Reading:
    return Reading(
        chat=None if document is None else load(Chat, document),
        items=items_of(dict(zip(pending[0::2], pending[1::2], strict=True))),
        subscriptions=in_order(load(Subscription, each) for each in subscriptions),
        rings=tuple(from_milliseconds(time) for time in rings),
    )
