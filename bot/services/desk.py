"""The desk: the one writer of stories. Reads entries, places them, decides what is breaking.

Rules are in bot.news; the transaction is StoryStore.place. What the desk holds in memory is
rebuilt from Redis whenever it takes the lease, so a crash anywhere repeats nothing.
"""

import asyncio
import logging
from collections import Counter
from datetime import datetime, timedelta

from bot.errors import BacklogError, LeaseLostError, NewsflashError, StoreError
from bot.models.deliveries import EventKind, FanOutEvent
from bot.models.entries import Entry
from bot.models.stories import Breaking, Story
from bot.news.breaking import judge
from bot.news.matching import rules_of
from bot.news.stories import StoryIndex, with_breaking
from bot.services.seat import Seat
from bot.services.stopping import Stopping
from bot.store.clock import Clock
from bot.store.desk import Order, OrderStore
from bot.store.entries import Arrival, EntryStreams
from bot.store.stories import StoryStore

log = logging.getLogger(__name__)

STAND_BY = timedelta(milliseconds=250)
IDLE = timedelta(milliseconds=150)
WINDOW = timedelta(hours=72)
EXPIRE_EACH = timedelta(minutes=10)
BATCH = 50
STUMBLES_MOST = 3
BACKLOG_PAUSE = timedelta(seconds=10)


class Desk:
    """One leased writer; any number of others stand by."""

    def __init__(
        self,
        entries: EntryStreams,
        stories: StoryStore,
        orders: OrderStore,
        seat: Seat,
        clock: Clock,
        stopping: Stopping,
        *,
        backlog_pause: timedelta = BACKLOG_PAUSE,
    ) -> None:
        """`backlog_pause`: before it tries again while fan-out is too far behind."""
        self._entries = entries
        self._stories = stories
        self._orders = orders
        self._seat = seat
        self._clock = clock
        self._stopping = stopping
        self._backlog_pause = backlog_pause
        self._stumbles: Counter[str] = Counter()
        self.last_round: datetime | None = None
        """When it last went round, leading or standing by; for health."""

    async def run(self) -> None:
        """Stand by, lead, stand by again, until stopped."""
        while not self._stopping.requested:
            try:
                if await self._seat.take():
                    await self._lead()
                else:
                    self.last_round = self._clock.now()
                    await self._stopping.rest(STAND_BY)
            except LeaseLostError:
                log.warning("this desk's lease ended, or another desk has it; standing by")
                await self._stopping.rest(STAND_BY)
            except Exception as error:
                await self._stopping.recover("the desk", error)
        await self._leave()

    async def _leave(self) -> None:
        try:
            await self._seat.leave()
        except StoreError as error:
            log.warning("the lease of the desk runs out by itself: %s", error)

    async def _lead(self) -> None:
        keeper = asyncio.create_task(self._seat.keep())
        try:
            while not self._stopping.requested and not keeper.done():
                try:
                    await self._work(keeper)
                except BacklogError as error:
                    # What was placed in memory only is forgotten, and restoring it costs much.
                    # The seat is kept: the fan-out that is behind needs it.
                    await self._stopping.recover("the desk", error, pause=self._backlog_pause)
            if keeper.done():
                keeper.result()
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)

    async def _work(self, keeper: asyncio.Task[None]) -> None:
        """Restore what the last desk knew, then place until the seat is lost or left."""
        index = StoryIndex()
        # 0.2 ms for each entry: the lease must be kept meanwhile.
        await asyncio.to_thread(index.restore, await self._stories.recent(WINDOW))
        log.info("the desk leads")
        expired = self._clock.now()
        while not self._stopping.requested and not keeper.done():
            now = self._clock.now()
            if now - expired >= EXPIRE_EACH:
                index.expire(now)
                expired = now
            busy = await self._round(index)
            self.last_round = now
            if not busy:
                await self._stopping.rest(IDLE)

    async def _round(self, index: StoryIndex) -> bool:
        orders = await self._orders.orders()
        for order in orders:
            await self._obey(index, order)
        batch = await self._entries.read(BATCH)
        for queued in batch:
            await self._place_or_leave(index, queued)
            await self._entries.acknowledge(queued.shard, queued.id)
        return bool(orders or batch)

    async def _place_or_leave(self, index: StoryIndex, queued: Arrival) -> None:
        """Place an entry; one that breaks the program again and again is left out, so that the
        news behind it goes on.
        """
        place = f"{queued.shard}:{queued.id}"
        if self._stumbles[place] >= STUMBLES_MOST:
            log.error("entry %s (%s) is left out", queued.entry.id, queued.entry.link)
        else:
            try:
                await self._place(index, queued.entry)
            except NewsflashError:
                raise
            except Exception:
                # The index may be half changed: the desk starts afresh.
                self._stumbles[place] += 1
                raise
        del self._stumbles[place]

    async def _place(self, index: StoryIndex, entry: Entry) -> None:
        if await self._stories.marked(entry):
            return
        now = self._clock.now()
        home = None if index.holds(entry.id) else await self._stories.home(entry.id)
        placement = index.place(entry, home=home)
        story, kind = placement.story, placement.event
        breaking = judge(story, entry, now=now)
        if breaking is not None:
            story, kind = with_breaking(story, breaking), EventKind.BREAKING
            index.adopt(story)
            log.info("breaking: %s (%s)", story.lead_report.title, breaking.reason)
        event = None if kind is None else _event(story, kind, now)
        await self._stories.place(self._seat.token, story, entry, event)

    async def _obey(self, index: StoryIndex, order: Order) -> None:
        """Carry out an operator's /flash."""
        story = index.get(order.story) or await self._stories.get(order.story)
        if story is not None and story.breaking is None:
            now = self._clock.now()
            flagged = with_breaking(
                story, Breaking(now, "flagged by an operator", (), by_operator=True)
            )
            index.adopt(flagged)
            event = _event(flagged, EventKind.BREAKING, now)
            await self._stories.update(self._seat.token, flagged, event)
        await self._orders.done(order.id)


def _event(story: Story, kind: EventKind, now: datetime) -> FanOutEvent:
    return FanOutEvent(kind, story.ids, story.version, rules_of(story), now)
