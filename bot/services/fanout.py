"""Fan out: from an event of a story to the pending items of the chats that want it.

The process that has the desk's seat does it: one worker at a time, in order, and a standby goes on
where the last one was. Urgent events pass ordinary ones between two steps.
"""

from datetime import datetime, timedelta

from bot.errors import LeaseLostError
from bot.services.seat import Seat
from bot.services.stopping import Stopping
from bot.store.clock import Clock
from bot.store.fanout import FanOutStreams, Lane, Progress, QueuedEvent, Reading

IDLE = timedelta(milliseconds=100)
KEPT_EACH = 2_000
"""Targets after which progress is kept: what a successor may raise once more, in about 40 ms."""


class FanOut:
    """One per process with the role `desk`; it works while the process has the seat."""

    def __init__(
        self, streams: FanOutStreams, seat: Seat, clock: Clock, stopping: Stopping
    ) -> None:
        self._streams = streams
        self._seat = seat
        self._clock = clock
        self._stopping = stopping
        self._spreads: dict[Lane, _Spread] = {}
        """Of each lane the event at work."""
        self.last_round: datetime | None = None

    async def run(self) -> None:
        """Spread events until stopped."""
        while not self._stopping.requested:
            try:
                busy = await self._round()
                self.last_round = self._clock.now()
                if not busy:
                    await self._stopping.rest(IDLE)
            except LeaseLostError:
                # The desk beside it tells.
                self._spreads.clear()
                await self._stopping.rest(IDLE)
            except Exception as error:
                # What the step under way did is unknown: it is done again.
                self._spreads.clear()
                await self._stopping.recover("fan-out", error)

    async def _round(self) -> bool:
        """One step of the most urgent event; False when there is nothing to do."""
        if not self._seat.held:
            self._spreads.clear()
            return False
        queued = await self._streams.first()
        if queued is None:
            return False
        spread = self._spreads.get(queued.lane)
        if spread is None or spread.queued.id != queued.id:
            spread = _Spread(queued, await self._streams.progress(queued))
            self._spreads[queued.lane] = spread
        await spread.step(self._streams, self._seat)
        return True


class _Spread:
    """An event at work."""

    def __init__(self, queued: QueuedEvent, progress: Progress) -> None:
        self.queued = queued
        self._reading = Reading((), progress)
        self._raised = 0
        """Targets since progress was kept last."""

    async def step(self, streams: FanOutStreams, seat: Seat) -> None:
        """Raise what was read and read on; at the end the event is done with."""
        if not seat.held:
            raise LeaseLostError("The desk's lease ran out.")
        raising = self._reading
        self._reading = await streams.step(self.queued.event, raising)
        self._raised += sum(len(chunk.targets) for chunk in raising.chunks)
        if self._reading.then.finished and not self._reading.chunks:
            await streams.done(seat.token, self.queued)
        elif self._raised >= KEPT_EACH:
            await streams.advance(seat.token, self.queued.lane, raising.then)
            self._raised = 0
