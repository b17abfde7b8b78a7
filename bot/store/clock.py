"""The one clock of all processes: the server's TIME. Nothing of the news."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from bot.errors import StoreError

logger = logging.getLogger(__name__)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SYNCHRONISE_INTERVAL = timedelta(seconds=10)


def milliseconds(moment: datetime) -> int:
    """Whole milliseconds since 1970, as scores and script arguments carry times."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def from_milliseconds(value: float | bytes | str) -> datetime:
    """The aware UTC time of a score or stored number of milliseconds."""
    return EPOCH + timedelta(milliseconds=float(value))


class Clock:
    """Redis TIME, carried forward by this machine's monotonic clock between readings.

    `offset` is added to every answer. It is zero outside of tests, which move it instead of
    waiting.
    """

    def __init__(self, read_server_time: Callable[[], Awaitable[tuple[int, int]]]) -> None:
        """`read_server_time` answers TIME: (seconds, microseconds)."""
        self._read = read_server_time
        self._server = datetime.now(UTC)
        self._monotonic = time.monotonic()
        self.offset = timedelta()

    def now(self) -> datetime:
        """The present, aware UTC."""
        passed = timedelta(seconds=time.monotonic() - self._monotonic)
        return self._server + passed + self.offset

    def now_milliseconds(self) -> int:
        """The present as scores carry it."""
        return milliseconds(self.now())

    async def synchronise(self) -> None:
        """Read the server's time; half of the round trip is taken as the answer's age.

        Raises StoreError when the server does not answer.
        """
        before = time.monotonic()
        seconds, microseconds = await self._read()
        after = time.monotonic()
        self._server = EPOCH + timedelta(seconds=seconds, microseconds=microseconds)
        self._monotonic = (before + after) / 2

    async def keep(self) -> None:
        """Stay in step with the server; runs until cancelled."""
        while True:
            await asyncio.sleep(SYNCHRONISE_INTERVAL.total_seconds())
            try:
                await self.synchronise()
            except StoreError as error:
                logger.warning("The clock runs on alone: %s", error)
