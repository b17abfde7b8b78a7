"""The chat-centred delivery queue: due times, claims, pending items, sent records, windows.

One script for each transaction, under the tag of the chat's shard. What to do with an item is
decided in bot.news.deliveries; nothing here renders or sends.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.config import Rate
from bot.models.chats import Chat, ChatKind
from bot.models.deliveries import DeliveryClass, PendingItem, SentRecord
from bot.models.identifiers import ChatId, MessageId, StoryId, ThreadId
from bot.store import documents
from bot.store import keys_deliveries as keys
from bot.store.client import Argument, Database
from bot.store.clock import from_milliseconds, milliseconds
from bot.store.gathering import Gathering
from bot.store.key_registry import CHAT_SHARDS, chat_shard
from bot.store.pending_items import field_of, items_of, value_of

SENT_LIFE = timedelta(days=8)
BURIED_MOST = 1000
PRIVATE_BURST = 3
SLACK = timedelta(seconds=1)
"""Added to a group's period: requests reach Telegram some time after their slots."""
_MILLISECOND = timedelta(milliseconds=1)


class Fate(StrEnum):
    """What becomes of a settled item: the script queue_done tells each apart."""

    DONE = "done"
    DROP = "drop"
    WAIT = "wait"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a claim: a sender process and one of its requests."""

    owner: str
    request: str

    def __str__(self) -> str:
        return f"{self.owner}|{self.request}"


@dataclass(frozen=True, slots=True)
class Settlement:
    """How one item ended this time."""

    item: PendingItem
    fate: Fate
    version: int = 0
    """The version rendered (DONE) or judged (DROP); a newer one stays."""
    record: SentRecord | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class MessageStories:
    """The stories that one message shows, in order."""

    thread: ThreadId
    stories: tuple[StoryId, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """One run of a script."""

    keys: list[str]
    arguments: list[Argument]


class DeliveryQueue:
    """The queue of every chat. All methods raise StoreError when Redis does not answer."""

    def __init__(self, database: Database, group_rate: Rate) -> None:
        self._database = database
        self._group_rate = group_rate
        self._settled: Gathering[Call, bytes] = Gathering(
            lambda calls: self._together("queue_done", calls)
        )
        self._slots: Gathering[Call, bytes] = Gathering(
            lambda calls: self._together("queue_slot", calls)
        )

    async def peek(self) -> dict[int, dict[DeliveryClass, datetime]]:
        """The earliest due time of each class, by shard; shards with nothing pending are absent."""
        batch = self._database.batch()
        for shard in range(CHAT_SHARDS):
            batch.script("queue_peek", _queues(shard))
        found: dict[int, dict[DeliveryClass, datetime]] = {}
        for shard, scores in enumerate(await batch.run()):
            times = {
                DeliveryClass(number): from_milliseconds(score)
                for number, score in enumerate(scores)
                if score
            }
            if times:
                found[shard] = times
        return found

    async def claim(
        self,
        shard: int,
        delivery_class: DeliveryClass,
        *,
        holder: Holder,
        most: int,
        lease: timedelta,
    ) -> tuple[ChatId, ...]:
        """Lease due chats. Asking again with the same holder returns the same chats."""
        now = self._now()
        claimed = await self._database.script("queue_claim")(
            keys=[keys.queue(shard, delivery_class), keys.leases(shard)],
            args=[now, now + lease // _MILLISECOND, holder.owner, holder.request, most],
        )
        return tuple(ChatId(int(chat)) for chat in claimed)

    async def pending(self, chat: ChatId) -> tuple[PendingItem, ...]:
        """Everything that the chat still has to get."""
        items = await self._database.command("HGETALL", keys.pending(chat))
        return items_of(items)

    async def sent(
        self, chat: ChatId, wanted: Sequence[tuple[ThreadId, StoryId]]
    ) -> dict[tuple[ThreadId, StoryId], SentRecord]:
        """The sent records among the wanted ones."""
        if not wanted:
            return {}
        values = await self._database.command(
            "MGET", *(keys.sent(chat, thread, story) for thread, story in wanted)
        )
        return {
            key: documents.load(SentRecord, value)
            for key, value in zip(wanted, values, strict=True)
            if value is not None
        }

    async def settle(
        self,
        chat: ChatId,
        holder: Holder,
        settlements: Sequence[Settlement],
        *,
        release: bool,
        not_before: datetime | None = None,
        rang: datetime | None = None,
    ) -> bool:
        """Remove what was rendered, keep the rest, and with `release` end the lease and set the
        chat's due times. False when the lease was no longer the holder's; what was sent is
        recorded all the same, because it was sent. Twice is once.
        """
        shard, now = chat_shard(chat), self._now()
        arguments: list[Argument] = [
            now,
            chat,
            str(holder),
            int(release),
            milliseconds(not_before) if not_before else 0,
            milliseconds(rang) if rang else 0,
            int(SENT_LIFE.total_seconds()),
        ]
        for one in settlements:
            arguments += _settlement_arguments(one)
        names = [
            *_queues(shard),
            keys.leases(shard),
            keys.pending(chat),
            keys.rings(chat),
            *(keys.sent(chat, one.item.thread, one.item.story) for one in settlements),
        ]
        return bool(await self._settled(Call(names, arguments)))

    async def rings(self, chat: ChatId) -> tuple[datetime, ...]:
        """When the chat was last rung, newest first."""
        times = await self._database.command("LRANGE", keys.rings(chat), 0, -1)
        return tuple(from_milliseconds(time) for time in times)

    async def slot(
        self, chat: Chat, *, edit: bool = False, ahead: timedelta = timedelta()
    ) -> timedelta:
        """The wait for the next request in the chat's own window, reserved if it is at most
        `ahead`.

        A private chat has a bucket of three, then one a second; a group or channel
        SEND_RATE_GROUP in any sliding period, edits counted apart. None while `hold` lasts.
        """
        if chat.kind is ChatKind.PRIVATE:
            key, mode = keys.window(chat.id, "bucket"), "bucket"
            count, period, burst = 1, timedelta(seconds=1), PRIVATE_BURST
        else:
            key, mode = keys.window(chat.id, "edits" if edit else "messages"), "window"
            count, burst = self._group_rate.count, 0
            period = self._group_rate.period + SLACK
        arguments: list[Argument] = [
            self._now(),
            mode,
            count,
            period // _MILLISECOND,
            burst,
            ahead // _MILLISECOND,
        ]
        wait = await self._slots(Call([key, keys.window(chat.id, "hold")], arguments))
        return int(wait) * _MILLISECOND

    async def hold(self, chat: ChatId, pause: timedelta) -> None:
        """Leave the chat alone for so long, whatever is raised or asked for meanwhile."""
        length = max(pause // _MILLISECOND, 1)
        name = keys.window(chat, "hold")
        await self._database.command("SET", name, self._now() + length, "PX", length)

    async def save_message(
        self, chat: ChatId, message_id: MessageId, shown: MessageStories
    ) -> None:
        """Remember which stories a message shows."""
        await self._database.command(
            "SET",
            keys.message(chat, message_id),
            documents.dump(shown),
            "EX",
            int(SENT_LIFE.total_seconds()),
        )

    async def message(self, chat: ChatId, message_id: MessageId) -> MessageStories | None:
        """The stories of a message that the wire sent to the chat."""
        value = await self._database.command("GET", keys.message(chat, message_id))
        return None if value is None else documents.load(MessageStories, value)

    async def drop_all(self, chat: ChatId) -> None:
        """Forget what is pending for a chat that cannot be reached; remember since when."""
        shard = chat_shard(chat)
        batch = self._database.batch().command("DEL", keys.pending(chat))
        for name in _queues(shard):
            batch.command("ZREM", name, chat)
        await batch.command("HSETNX", keys.missed(shard), chat, self._now()).run()

    async def bury(self, chat: ChatId, item: PendingItem, reason: str) -> None:
        """Keep a dead letter where an operator can see it."""
        await self._database.command(
            "XADD",
            keys.buried(chat_shard(chat)),
            "MAXLEN",
            "~",
            BURIED_MOST,
            "*",
            *("chat", chat, "field", field_of(item), "item", value_of(item), "reason", reason),
        )

    async def holders(self) -> dict[ChatId, Holder]:
        """Who holds which chat."""
        batch = self._database.batch()
        for shard in range(CHAT_SHARDS):
            batch.command("HGETALL", keys.leases(shard))
        return {
            ChatId(int(chat)): Holder(*value.decode().split("|")[:2])
            for found in await batch.run()
            for chat, value in found.items()
        }

    async def _together(self, script: str, calls: Sequence[Call]) -> list[bytes]:
        batch = self._database.batch()
        for call in calls:
            batch.script(script, call.keys, call.arguments)
        return await batch.run()

    def _now(self) -> int:
        return self._database.clock.now_milliseconds()


def _queues(shard: int) -> list[str]:
    return [keys.queue(shard, delivery_class) for delivery_class in DeliveryClass]


def _settlement_arguments(one: Settlement) -> Iterable[Argument]:
    return (
        field_of(one.item),
        one.version,
        int(one.item.delivery_class),
        documents.dump(one.record) if one.record else "",
        one.fate.value,
        milliseconds(one.not_before) if one.not_before else 0,
    )
