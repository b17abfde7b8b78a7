"""The one signal by which every running part learns that it must finish."""

import asyncio
import logging
from datetime import timedelta

from bot.errors import NewsflashError

log = logging.getLogger(__name__)
A_MOMENT = timedelta(seconds=1)


class Stopping:
    """Requested once, never taken back."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def request(self) -> None:
        """Ask everyone to finish what they do and return."""
        self._event.set()

    @property
    def requested(self) -> bool:
        """True from the first request on."""
        return self._event.is_set()

    async def rest(self, time: timedelta) -> None:
        """Pause for so long, or until stopping is requested."""
        try:
            await asyncio.wait_for(self._event.wait(), time.total_seconds())
        except TimeoutError:
            return

    async def recover(self, part: str, error: Exception, *, pause: timedelta = A_MOMENT) -> None:
        """Tell why a part stopped, and rest before it goes on: a sentence for what is foreseen,
        such as a Redis that is away, the whole trace for the rest.
        """
        known = isinstance(error, NewsflashError)
        log.warning("%s stopped for a moment: %s", part, error, exc_info=None if known else error)
        await self.rest(pause)

    async def wait(self) -> None:
        """Return when stopping is requested."""
        await self._event.wait()
