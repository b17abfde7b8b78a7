"""The sender: claims due chats, class by class, and serves them side by side.

What happens to one claimed chat is in bot.services.chat_deliveries. One `Sender` runs in each
process with the role `deliver`; any number of processes share the queue.
"""

import asyncio
import logging
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import StoreError
from bot.models.deliveries import DeliveryClass
from bot.models.identifiers import ChatId
from bot.services.chat_deliveries import RECORD_AGAIN, ChatDeliveries
from bot.services.stopping import Stopping
from bot.store.clock import Clock
from bot.store.deliveries import DeliveryQueue, Holder
from bot.store.key_registry import CHAT_SHARDS
from bot.store.pace import DEAD_AFTER, Pace

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
"""Longer than a request's deadline (20 s), so that a lease outlives its request."""
IDLE = timedelta(milliseconds=150)
LOOK_EACH = timedelta(milliseconds=100)
"""So long a backlog is worked on before something more urgent is looked for."""
SOON = timedelta(milliseconds=10)
"""Until claimed chats have come to their slots."""
HEARTBEAT = timedelta(seconds=1)
RECORDED_WITHIN = RECORD_AGAIN * 3
"""When Redis is back: leases ended meanwhile, and what was sent under them is recorded first."""
DRAIN = timedelta(seconds=8)
MOST_AT_ONCE = 100
"""Chats in flight in one process."""
WORTHWHILE = 0.25
"""Of the chats in flight, or of what the pace has room for: with less it is not looked for work,
because a look costs as much as a delivery. What is free at once is taken at once.
"""

Due = dict[int, dict[DeliveryClass, datetime]]
"""The earliest time of each class, by shard."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim that was asked for."""

    shard: int
    delivery_class: DeliveryClass
    holder: Holder
    lease_ends: datetime


class Sender:
    """Sends what is due until stopping is requested; then finishes what is in flight."""

    def __init__(
        self,
        queue: DeliveryQueue,
        pace: Pace,
        chats: ChatDeliveries,
        clock: Clock,
        stopping: Stopping,
    ) -> None:
        self._queue = queue
        self._pace = pace
        self._chats = chats
        self._clock = clock
        self._stopping = stopping
        self._owner = secrets.token_hex(6)
        self._flying: set[asyncio.Task[None]] = set()
        self._unanswered: list[Claim] = []
        self._interrupted: dict[ChatId, Holder] = {}
        """Chats still leased whose serving was cut short: given back once Redis answers."""
        self._first_shard = 0
        self._known: Due = {}
        self._looked = clock.now()
        self._beaten: datetime | None = None
        self._judges_from = self._claims_from = clock.now()
        self.last_round: datetime | None = None

    async def run(self) -> None:
        """Deliver until stopped. Errors of Redis are logged and waited out."""
        keeper = asyncio.create_task(self._keep_leases())
        try:
            while not self._stopping.requested:
                try:
                    busy = await self._round()
                    self.last_round = self._clock.now()
                except Exception as error:
                    await self._stopping.recover("delivery", error)
                    continue
                if not busy:
                    await self._stopping.rest(IDLE)
            if self._flying:
                await asyncio.wait(self._flying, timeout=DRAIN.total_seconds())
            await self._cut_short()
        finally:
            keeper.cancel()
        await self._leave()

    async def _cut_short(self) -> None:
        """Requests that are not answered by now: the next sender takes the chats over."""
        cut = tuple(self._flying)
        for task in cut:
            task.cancel()
        await asyncio.gather(*cut, return_exceptions=True)
        try:
            await self._give_back()
        except StoreError as error:
            log.warning("what this sender holds is taken back by the next one: %s", error)

    async def _give_back(self) -> None:
        """Else they would wait for the end of their lease, as their sender lives."""
        for chat, holder in tuple(self._interrupted.items()):
            await self._queue.settle(chat, holder, (), release=True)
            del self._interrupted[chat]

    async def _leave(self) -> None:
        try:
            await self._pace.senders.leave(self._owner)
        except StoreError as error:
            log.warning("the other senders will find out by themselves: %s", error)

    async def _round(self) -> bool:
        """Claim of the most urgent class that has something due; false when nothing has.

        No more than the pace has room for, so that what becomes urgent next waits for little.
        """
        while len(self._flying) > MOST_AT_ONCE * (1 - WORTHWHILE):
            await asyncio.wait(self._flying, return_when=asyncio.FIRST_COMPLETED)
        if self._beaten is None or self._clock.now() - self._beaten > HEARTBEAT * 2:
            # What somebody claims who seems to be dead is taken back at once.
            await self._beat()
        if (wait := self._claims_from - self._clock.now()) > timedelta():
            await self._stopping.rest(wait)
            return True
        await self._ask_again()
        due, now = await self._due(), self._clock.now()
        if not _ready(due, now):
            return False
        # Chats claimed that have not come to their slots yet: the pace knows nothing of them.
        coming = sum(not self._pace.has_slot(task) for task in self._flying)
        room = await self._pace.room(MOST_AT_ONCE - len(self._flying))
        most = room.count - coming
        if most < WORTHWHILE * min(self._pace.most_ahead, MOST_AT_ONCE):
            await self._stopping.rest(min(room.delay or SOON, IDLE))
            return True
        return await self._claim_first(due, now, most)

    async def _due(self) -> Due:
        """What was due at the last look, less what was claimed since: looking costs as much as
        several deliveries.
        """
        now = self._clock.now()
        if now - self._looked > LOOK_EACH or not _ready(self._known, now):
            self._known, self._looked = await self._queue.peek(), now
        return self._known

    async def _claim_first(self, due: Due, now: datetime, most: int) -> bool:
        """Claim of the most urgent class that has something due; false when nothing has."""
        for delivery_class in DeliveryClass:
            left = most
            for shard in self._rotated(due):
                ready = due[shard].get(delivery_class)
                if ready is not None and ready <= now:
                    claimed = await self._claim(shard, delivery_class, left)
                    if claimed < left:
                        # That was all: before the next look there is nothing more there.
                        del due[shard][delivery_class]
                    left -= claimed
                if left == 0 or self._stopping.requested:
                    return True
            if left < most:
                # Something more urgent may have come meanwhile.
                return True
        return False

    def _rotated(self, due: Mapping[int, object]) -> list[int]:
        """Shards with work, starting elsewhere each time, so that none waits for another."""
        self._first_shard = (self._first_shard + 1) % CHAT_SHARDS
        return sorted(due, key=lambda shard: (shard - self._first_shard) % CHAT_SHARDS)

    async def _claim(self, shard: int, delivery_class: DeliveryClass, most: int) -> int:
        """Claim and begin to serve; how many chats."""
        claim = Claim(shard, delivery_class, self._holder(), self._clock.now() + LEASE)
        self._unanswered.append(claim)
        claimed = await self._queue.claim(
            shard, delivery_class, holder=claim.holder, most=most, lease=LEASE
        )
        self._unanswered.remove(claim)
        self._begin(claim, claimed)
        return len(claimed)

    async def _ask_again(self) -> None:
        """What was claimed when the answer got lost would else wait for its lease to end."""
        while self._unanswered:
            claim = self._unanswered[-1]
            claimed = await self._queue.claim(
                claim.shard, claim.delivery_class, holder=claim.holder, most=0, lease=LEASE
            )
            self._unanswered.pop()
            self._begin(claim, claimed)

    def _holder(self) -> Holder:
        return Holder(self._owner, secrets.token_hex(6))

    def _begin(self, claim: Claim, chats: Iterable[ChatId]) -> None:
        for chat in chats:
            task = asyncio.create_task(self._serve(chat, claim.holder, claim.lease_ends))
            self._flying.add(task)
            task.add_done_callback(self._flying.discard)

    async def _serve(self, chat: ChatId, holder: Holder, lease_ends: datetime) -> None:
        try:
            await self._chats.serve(chat, holder, lease_ends)
        except asyncio.CancelledError:
            self._interrupted[chat] = holder
            raise
        except StoreError as error:
            self._interrupted[chat] = holder
            log.warning("delivery to chat %s was cut short: %s", chat, error)
        except Exception:
            # The lease runs out by itself, and the chat is due again then.
            log.exception("delivery to chat %s was cut short", chat)

    async def _keep_leases(self) -> None:
        """Beat, and take back what dead senders hold."""
        while True:
            try:
                beaten = await self._beat()
                await self._give_back()
                if beaten >= self._judges_from:
                    await self._take_back()
            except StoreError as error:
                log.warning("leases of dead senders were not looked at: %s", error)
            except Exception:
                log.exception("leases of dead senders were not looked at")
            await asyncio.sleep(HEARTBEAT.total_seconds())

    async def _beat(self) -> datetime:
        """When it was."""
        last = self._beaten
        await self._pace.senders.beat(self._owner)
        self._beaten = now = self._clock.now()
        if last is not None and now - last > HEARTBEAT * 2:
            # Redis or this process stood still; the others could not beat either.
            self._judges_from = now + DEAD_AFTER
            self._claims_from = now + RECORDED_WITHIN
        return now

    async def _take_back(self) -> None:
        # In this order: whoever claims has beaten before, also one that starts at this moment.
        holders = await self._queue.holders()
        living = await self._pace.senders.living(DEAD_AFTER)
        for chat, holder in holders.items():
            if holder.owner not in living and holder.owner != self._owner:
                log.warning("taking back chat %s from a sender that died", chat)
                await self._queue.settle(chat, holder, (), release=True)


def _ready(due: Due, now: datetime) -> bool:
    return any(moment <= now for times in due.values() for moment in times.values())
