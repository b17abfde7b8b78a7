"""Stories for the deliveries of one process, read once for many chats.

Observation: a story goes to thousands of chats within minutes, and reading and decoding it costs
more than sending it. Rule: what was read within the last second serves as long as it is no older
than the version that a chat waits for; whatever happens to the story later raises the chat anew.
Rejected: keeping it until its version is surpassed, which would hide for long what another process
changed.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import StoreError
from bot.models.deliveries import PendingItem
from bot.models.identifiers import StoryId
from bot.models.stories import Story
from bot.store.clock import Clock
from bot.store.gathering import Gathering
from bot.store.stories import StoryStore

FRESH = timedelta(seconds=1)
KEPT_MOST = 500


@dataclass(frozen=True, slots=True)
class Copy:
    """A story as it was at a time; None: there was none."""

    story: Story | None
    read: datetime


class FreshStories:
    """Raises StoreError."""

    def __init__(self, stories: StoryStore, clock: Clock) -> None:
        self._stories = stories
        self._clock = clock
        self._copies: OrderedDict[StoryId, Copy] = OrderedDict()
        self._reading: Gathering[StoryId, Story | None] = Gathering(self._read)

    async def of(self, items: Iterable[PendingItem]) -> dict[StoryId, Story]:
        """The items' stories, by the ids that the items name."""
        copies = {item.story: self._copy(item) for item in items}
        missing = [story_id for story_id, story in copies.items() if story is None]
        read = await asyncio.gather(*(self._reading(story_id) for story_id in missing))
        copies |= dict(zip(missing, read, strict=True))
        return {story_id: story for story_id, story in copies.items() if story is not None}

    def _copy(self, item: PendingItem) -> Story | None:
        copy = self._copies.get(item.story)
        if copy is None or self._clock.now() - copy.read > FRESH:
            return None
        newer = copy.story is not None and copy.story.version >= item.version
        return copy.story if newer else None

    async def _read(self, ids: Sequence[StoryId]) -> list[Story | StoreError | None]:
        read = self._clock.now()
        try:
            found = await self._stories.get_many(ids)
        except StoreError:
            # One that cannot be read must not hold up the chats that wait for others.
            return await asyncio.gather(*(self._one(story_id) for story_id in ids))
        for story_id in ids:
            self._copies[story_id] = Copy(found.get(story_id), read)
            self._copies.move_to_end(story_id)
        while len(self._copies) > KEPT_MOST:
            self._copies.popitem(last=False)
        return [found.get(story_id) for story_id in ids]

    async def _one(self, story_id: StoryId) -> Story | StoreError | None:
        try:
            return await self._stories.get(story_id)
        except StoreError as error:
            return error
