"""Fan out: from an event of a story to the pending items of the chats that want it.

Urgent events pass ordinary ones between two chunks. A chunk may run twice: raising recognises by
version what it did.
"""

from datetime import datetime, timedelta

from bot.services.stopping import Stopping
from bot.store.clock import Clock
from bot.store.fanout import FanOutStreams, Lane, QueuedEvent

IDLE = timedelta(milliseconds=100)


class FanOut:
    """One per process with the role `desk`; two of them do the same work twice, harmlessly."""

    def __init__(self, streams: FanOutStreams, clock: Clock, stopping: Stopping) -> None:
        self._streams = streams
        self._clock = clock
        self.last_round: datetime | None = None
        self._stopping = stopping

    async def run(self) -> None:
        """Spread events until stopped."""
        while not self._stopping.requested:
            try:
                busy = await self._next()
                self.last_round = self._clock.now()
                if not busy:
                    await self._stopping.rest(IDLE)
            except Exception as error:
                await self._stopping.recover("fan-out", error)

    async def _next(self) -> bool:
        for lane in (Lane.URGENT, Lane.ORDINARY):
            queued = await self._streams.next(lane)
            if queued is not None:
                await self._spread(queued)
                return True
        return False

    async def _spread(self, queued: QueuedEvent) -> None:
        """Raise the event in every shard, chunk by chunk; then acknowledge."""
        async for chunk in self._streams.wanting(queued.event.rules):
            await self._streams.raise_in(chunk, queued.event)
            if queued.lane is Lane.ORDINARY:
                await self._let_urgent_pass()
            if self._stopping.requested:
                # Not acknowledged: whoever reads on does it again, to the same effect.
                return
        await self._streams.acknowledge(queued)

    async def _let_urgent_pass(self) -> None:
        while (urgent := await self._streams.next(Lane.URGENT)) is not None:
            await self._spread(urgent)
            if self._stopping.requested:
                return
