"""What chats missed: for each mark one list of the most important stories, once it can be sent.

Runs in every process with the role `deliver`; two of them do the same work twice, and the mark is
redeemed once.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.models.chats import Chat
from bot.models.deliveries import DeliveryClass, PendingItem
from bot.models.identifiers import ChatId, StoryId, ThreadId
from bot.models.stories import Story
from bot.models.subscriptions import Subscription
from bot.news.missed import indices_for, missed_by, missed_from, worth_telling
from bot.services.stopping import Stopping
from bot.store.clock import EPOCH, Clock
from bot.store.deliveries import DeliveryQueue
from bot.store.missed import MissedMarks
from bot.store.stories import StoryStore

EACH = timedelta(seconds=5)
LOOKED_AT = 500
"""The latest stories of a target's indices."""
READ_AT_ONCE = 50
KEPT_MOST = 2_000
"""Stories that serve many chats of one round."""


class MissedStories:
    """Redeems marks until stopping is requested."""

    def __init__(
        self,
        marks: MissedMarks,
        queue: DeliveryQueue,
        stories: StoryStore,
        clock: Clock,
        stopping: Stopping,
    ) -> None:
        self._marks = marks
        self._queue = queue
        self._stories = stories
        self._clock = clock
        self._stopping = stopping
        self._read: dict[StoryId, Story] = {}

    async def run(self) -> None:
        """Errors of Redis are logged and waited out."""
        while not self._stopping.requested:
            try:
                await self.round()
            except Exception as error:
                await self._stopping.recover("what chats missed", error)
                continue
            await self._stopping.rest(EACH)

    async def round(self) -> None:
        """Look at every mark once. Raises StoreError."""
        self._read.clear()
        for chat, mark in (await self._marks.reachable()).items():
            if self._stopping.requested:
                return
            await self._redeem(chat, mark)

    async def _redeem(self, chat_id: ChatId, mark: datetime) -> None:
        reading = await self._queue.read(chat_id)
        chat = reading.chat
        if chat is None:
            await self._marks.redeem(chat_id, mark, ())
        elif all(item.delivery_class > DeliveryClass.DIGEST for item in reading.items):
            items: list[PendingItem] = []
            for thread in sorted({each.thread for each in reading.subscriptions}):
                items += await self._missed(chat, thread, reading.subscriptions, mark)
            await self._marks.redeem(chat_id, mark, items)

    async def _missed(
        self,
        chat: Chat,
        thread: ThreadId,
        subscriptions: Sequence[Subscription],
        mark: datetime,
    ) -> list[PendingItem]:
        now = self._clock.now()
        since = missed_from(mark, now)
        own = [each for each in subscriptions if each.thread == thread]
        ids, _ = await self._stories.latest(indices_for(own), 0, LOOKED_AT)
        found = missed_by(
            await self._stories_of(ids), subscriptions, chat.settings, thread=thread, since=since
        )
        places = [(thread, each) for story, _ in found for each in story.ids]
        told = {story for _, story in await self._queue.sent(chat.id, places)}
        return [
            PendingItem(story.id, thread, story.version, DeliveryClass.DIGEST, since, EPOCH)
            for story in worth_telling(found, told, now=now)
        ]

    async def _stories_of(self, ids: Sequence[StoryId]) -> list[Story]:
        """A few at a time, so that others get a turn; each once, under the id it has now."""
        if len(self._read) > KEPT_MOST:
            self._read.clear()
        missing = [each for each in ids if each not in self._read]
        for start in range(0, len(missing), READ_AT_ONCE):
            self._read |= await self._stories.get_many(missing[start : start + READ_AT_ONCE])
        found = (self._read[each] for each in ids if each in self._read)
        return list({story.id: story for story in found}.values())
