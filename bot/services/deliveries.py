"""The sender: claims due chats, class by class, and serves them side by side.

What happens to one claimed chat is in bot.services.chat_deliveries. One `Sender` runs in each
process with the role `deliver`; any number of processes share the queue.
"""

import asyncio
import logging
import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta

from bot.models.deliveries import DeliveryClass
from bot.models.identifiers import ChatId
from bot.services.chat_deliveries import ChatDeliveries
from bot.services.stopping import Stopping
from bot.store.clock import Clock
from bot.store.deliveries import DeliveryQueue, Holder
from bot.store.key_registry import CHAT_SHARDS
from bot.store.pace import Pace

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=30)
"""Longer than a request's deadline (20 s), so that a lease outlives its request."""
IDLE = timedelta(milliseconds=150)
HEARTBEAT = timedelta(seconds=1)
DEAD_AFTER = timedelta(seconds=4)
DRAIN = timedelta(seconds=8)
MOST_AT_ONCE = 64
"""Chats in flight in one process."""
CLAIM_MOST = 8


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
        self._first_shard = 0
        self.last_round: datetime | None = None

    async def run(self) -> None:
        """Deliver until stopped. Errors of Redis are logged and waited out."""
        keeper = asyncio.create_task(self._keep_leases())
        try:
            while not self._stopping.requested:
                try:
                    busy = await self._round()
                    self.last_round = self._clock.now()
                except Exception:
                    log.exception("delivery stopped for a moment; it goes on in a second")
                    await self._stopping.rest(timedelta(seconds=1))
                    continue
                if not busy:
                    await self._stopping.rest(IDLE)
            if self._flying:
                await asyncio.wait(self._flying, timeout=DRAIN.total_seconds())
        finally:
            keeper.cancel()
        await self._pace.leave(self._owner)

    async def _round(self) -> bool:
        """Claim of the most urgent class that has something due; false when nothing has."""
        if len(self._flying) >= MOST_AT_ONCE:
            await asyncio.wait(self._flying, return_when=asyncio.FIRST_COMPLETED)
        due = await self._queue.peek()
        now = self._clock.now()
        for delivery_class in DeliveryClass:
            claimed = False
            for shard in self._rotated(due):
                ready = due[shard].get(delivery_class)
                if ready is None or ready > now:
                    continue
                claimed = await self._claim(shard, delivery_class) or claimed
                if self._stopping.requested or len(self._flying) >= MOST_AT_ONCE:
                    return True
            if claimed:
                # Something more urgent may have come meanwhile: look again from the top.
                return True
        return False

    def _rotated(self, due: Mapping[int, object]) -> list[int]:
        """Shards with work, starting elsewhere each time, so that none waits for another."""
        self._first_shard = (self._first_shard + 1) % CHAT_SHARDS
        return sorted(due, key=lambda shard: (shard - self._first_shard) % CHAT_SHARDS)

    async def _claim(self, shard: int, delivery_class: DeliveryClass) -> bool:
        room = await self._pace.room(CLAIM_MOST)
        if room.count == 0:
            await self._stopping.rest(min(room.delay, IDLE))
            return False
        holder = Holder(self._owner, secrets.token_hex(6))
        lease_ends = self._clock.now() + LEASE
        claimed = await self._queue.claim(
            shard, delivery_class, holder=holder, most=room.count, lease=LEASE
        )
        for chat in claimed:
            task = asyncio.create_task(self._serve(chat, holder, lease_ends))
            self._flying.add(task)
            task.add_done_callback(self._flying.discard)
        return bool(claimed)

    async def _serve(self, chat: ChatId, holder: Holder, lease_ends: datetime) -> None:
        try:
            await self._chats.serve(chat, holder, lease_ends)
        except Exception:
            # The lease runs out by itself, and the chat is due again then.
            log.exception("delivery to chat %s was cut short", chat)

    async def _keep_leases(self) -> None:
        """Beat, and take back what dead senders hold."""
        while True:
            try:
                await self._pace.beat(self._owner)
                living = await self._pace.living(DEAD_AFTER)
                for shard in range(CHAT_SHARDS):
                    await self._take_back(shard, living)
            except Exception:
                log.exception("leases of dead senders were not looked at")
            await asyncio.sleep(HEARTBEAT.total_seconds())

    async def _take_back(self, shard: int, living: frozenset[str]) -> None:
        for chat, holder in (await self._queue.holders(shard)).items():
            if holder.owner not in living and holder.owner != self._owner:
                log.warning("taking back chat %s from a sender that died", chat)
                await self._queue.settle(chat, holder, (), release=True)
