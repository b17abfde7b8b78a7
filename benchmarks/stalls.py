"""When this process stood still: what it did not read meanwhile, it reads all at once.

The soak holds Telegram, the wire and the ledger in one process, and starts others all the time. A
second in which requests of more than a second are read is no burst of the bot's.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

TICK = 0.01
"""Seconds."""


class Stalls:
    """Every moment at which the event loop came late, and by how much."""

    def __init__(self) -> None:
        self._late: list[tuple[float, float]] = []

    @asynccontextmanager
    async def watched(self) -> AsyncIterator["Stalls"]:
        """While the event loop is looked at."""
        watching = asyncio.create_task(self._watch())
        try:
            yield self
        finally:
            watching.cancel()

    def within(self, begin: float, end: float) -> float:
        """Seconds of the longest stall that ended in this time."""
        return max((late for at, late in self._late if begin <= at <= end + TICK), default=0.0)

    async def _watch(self) -> None:
        while True:
            due = time.time() + TICK
            await asyncio.sleep(TICK)
            late = time.time() - due
            if late > TICK:
                self._late.append((time.time(), late))
