"""The one signal by which every running part learns that it must finish."""

import asyncio
from datetime import timedelta


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

    async def wait(self) -> None:
        """Return when stopping is requested."""
        await self._event.wait()
