"""The search projection: follows the log of stories into the local full-text index.

Redis stays the only source of truth: without its index, or after a gap in the log, the projection
is rebuilt from the stories kept.
"""

import asyncio
import logging
from datetime import timedelta

from bot.search.index import SearchIndex
from bot.services.stopping import Stopping
from bot.store.clock import Clock
from bot.store.stories import StoryStore

log = logging.getLogger(__name__)

IDLE = timedelta(milliseconds=300)
TIDY_EACH = timedelta(hours=1)


class SearchProjection:
    """One in each process with the role `commands`."""

    def __init__(
        self,
        stories: StoryStore,
        index: SearchIndex,
        retention: timedelta,
        clock: Clock,
        stopping: Stopping,
    ) -> None:
        self._stories = stories
        self._index = index
        self._retention = retention
        self._clock = clock
        self._stopping = stopping

    async def run(self) -> None:
        """Follow from where an earlier run stopped, or rebuild first; until stopped."""
        place = await asyncio.to_thread(lambda: self._index.place)
        tidied = self._clock.now()
        while not self._stopping.requested:
            try:
                place = await self._follow(place) if place else await self._rebuild()
                if self._clock.now() - tidied >= TIDY_EACH:
                    tidied = self._clock.now()
                    await asyncio.to_thread(self._index.remove_before, tidied - self._retention)
            except Exception as error:
                await self._stopping.recover("search", error)

    async def _rebuild(self) -> str:
        """Index every story kept; the answer is the place in the log to follow from."""
        place = await self._stories.log_end()
        await asyncio.to_thread(self._index.clear)
        count = 0
        async for page in self._stories.everything():
            await asyncio.to_thread(self._index.add, page)
            count += len(page)
        await asyncio.to_thread(self._index.remember, place)
        log.info("search holds %d stories", count)
        return place

    async def _follow(self, place: str) -> str:
        """Index what the log brought; "" asks for a rebuild."""
        page = await self._stories.log(place)
        if page.gap:
            return ""
        if not page.items:
            await self._stopping.rest(IDLE)
            return place
        found = await self._stories.get_many({item.story for item in page.items})
        place = page.items[-1].id
        await asyncio.to_thread(self._index.add, tuple(found.values()))
        await asyncio.to_thread(self._index.remember, place)
        return place
