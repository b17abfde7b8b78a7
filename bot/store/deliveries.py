"""The chat-centred delivery queue: due times, claims, pending items, sent records, windows.

One script for each transaction, under the tag of the chat's shard. What to do with an item is
decided in bot.news.deliveries; nothing here renders or sends.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache

from bot.config import Rate
from bot.models.chats import Chat, ChatKind
from bot.models.deliveries import DeliveryClass, PendingItem, SentRecord
from bot.models.identifiers import ChatId
from bot.store import documents
from bot.store import keys_deliveries as keys
from bot.store.client import Argument, Database
from bot.store.clock import from_milliseconds, milliseconds
from bot.store.gathering import Gathering
from bot.store.key_registry import CHAT_SHARDS, by_shard, chat_shard
from bot.store.keys import chats
from bot.store.messages import MessageStore
from bot.store.pending_items import field_of
from bot.store.readings import Readings

SENT_LIFE = timedelta(days=8)
PRIVATE_BURST = 3
AT_ONCE = timedelta(milliseconds=1)
"""As good as no wait: zero would keep the next slot for a push."""
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
    """The version rendered (DONE) or judged (DROP, WAIT); a newer one stays, due at once. Zero for
    a WAIT of whatever version."""
    record: SentRecord | None = None
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One chat's part of a script's run."""

    chat: ChatId
    keys: list[str]
    arguments: list[Argument]


class DeliveryQueue(Readings):
    """The queue of every chat. All methods raise StoreError when Redis does not answer."""

    def __init__(self, database: Database, group_rate: Rate) -> None:
        super().__init__(database)
        self._group_rate = group_rate
        self.messages = MessageStore(database)
        self._settled: Gathering[Call, int] = Gathering(self._settle_all)
        self._slots: Gathering[Call, int] = Gathering(self._take_all)

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
        arguments: list[Argument] = [
            chat,
            str(holder),
            int(release),
            milliseconds(not_before) if not_before else 0,
            milliseconds(rang) if rang else 0,
            len(settlements),
        ]
        for one in settlements:
            arguments += _settlement_arguments(one)
        names = [
            keys.pending(chat),
            keys.rings(chat),
            *(keys.sent(chat, one.item.thread, one.item.story) for one in settlements),
        ]
        return bool(await self._settled(Call(chat, names, arguments)))

    async def slot(
        self, chat: Chat, *, edit: bool = False, ahead: timedelta = timedelta()
    ) -> timedelta:
        """The wait for the next request in the chat's own window, reserved if it is at most
        `ahead`.

        A private chat has a bucket of three, then one a second; a group or channel
        SEND_RATE_GROUP in any sliding period, edits counted apart. None while `hold` lasts. In a
        full window the next slot is kept for whom does not wait: that is the push that comes then.
        """
        if chat.kind is ChatKind.PRIVATE:
            bucket = (1, timedelta(seconds=1) // _MILLISECOND, PRIVATE_BURST)
            return await self._wait(chat, "bucket", ("bucket", *bucket), ahead)
        kind = "edits" if edit else "messages"
        return await self._wait(chat, kind, self._window(self._group_rate.count), ahead)

    async def press(self, chat: Chat, *, anyone: bool) -> timedelta:
        """The wait before a press may change a group's or channel's message; reserved if it is at
        most AT_ONCE.

        Presses that are anyone's get half of the window of edits: the rest is the wire's.
        """
        count = self._group_rate.count
        if anyone:
            share = self._window(max(count // 2, 1))
            wait = await self._wait(chat, "presses", share, AT_ONCE)
            if wait > AT_ONCE:
                return wait
        return await self._wait(chat, "edits", self._window(count), AT_ONCE)

    def _window(self, count: int) -> tuple[Argument, ...]:
        return "window", count, (self._group_rate.period + SLACK) // _MILLISECOND, 0

    async def _wait(
        self, chat: Chat, kind: str, limit: tuple[Argument, ...], ahead: timedelta
    ) -> timedelta:
        names = [keys.window(chat.id, each) for each in (kind, "hold", f"{kind}-kept")]
        arguments: list[Argument] = [*limit, ahead // _MILLISECOND]
        return int(await self._slots(Call(chat.id, names, arguments))) * _MILLISECOND

    async def hold(self, chat: ChatId, pause: timedelta) -> None:
        """Leave the chat alone for so long, whatever is raised or asked for meanwhile."""
        length = max(pause // _MILLISECOND, 1)
        name = keys.window(chat, "hold")
        await self._database.script("chat_hold")([name], [self._now(), length])

    async def drop_all(self, chat: ChatId) -> None:
        """Forget what is pending for a chat that is paused or unknown; a paused one remembers
        since when it misses stories. Nothing happens where it was resumed meanwhile.
        """
        shard = chat_shard(chat)
        raised = [milliseconds(item.raised) for item in (await self.read(chat)).items]
        await self._database.script("queue_drop")(
            [*_queues(shard), keys.pending(chat), chats(shard), keys.missed(shard)],
            [chat, min(raised, default=self._now())],
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

    async def _settle_all(self, calls: Sequence[Call]) -> list[int]:
        life = int(SENT_LIFE.total_seconds())

        def shared(shard: int) -> tuple[list[str], list[Argument]]:
            return [*_queues(shard), keys.leases(shard)], [self._now(), life]

        return await self._together("queue_done", calls, shared)

    async def _take_all(self, calls: Sequence[Call]) -> list[int]:
        return await self._together("queue_slot", calls, lambda _: ([], [self._now()]))

    async def _together(
        self,
        script: str,
        calls: Sequence[Call],
        shared: Callable[[int], tuple[list[str], list[Argument]]],
    ) -> list[int]:
        """Run a script once for each shard; `shared`: the keys and arguments before the chats'."""
        batch = self._database.batch()
        shards = by_shard([call.chat for call in calls])
        for shard, places in shards.items():
            names, arguments = shared(shard)
            for place in places:
                names += calls[place].keys
                arguments += calls[place].arguments
            batch.script(script, names, arguments)
        found: dict[int, int] = {}
        for places, answers in zip(shards.values(), await batch.run(), strict=True):
            found |= zip(places, answers, strict=True)
        return [found[place] for place in range(len(calls))]

    def _now(self) -> int:
        return self._database.clock.now_milliseconds()


@cache
def _queues(shard: int) -> tuple[str, ...]:
    """A shard's due sets, in order of class."""
    return tuple(keys.queue(shard, delivery_class) for delivery_class in DeliveryClass)


def _settlement_arguments(one: Settlement) -> Iterable[Argument]:
    return (
        field_of(one.item),
        one.version,
        int(one.item.delivery_class),
        documents.dump(one.record) if one.record else "",
        one.fate.value,
        milliseconds(one.not_before) if one.not_before else 0,
    )
