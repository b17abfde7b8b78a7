"""Bundles: several ordinary stories in one silent message, edited as a whole.

Which stories go together is decided in bot.news.deliveries.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from bot.errors import StoreError
from bot.models.chats import Chat, ChatKind
from bot.models.deliveries import SentRecord
from bot.models.identifiers import StoryId
from bot.models.messages import View
from bot.models.stories import Report, Story
from bot.news.deliveries import Decision
from bot.news.matching import wanted
from bot.news.visibility import visible_to
from bot.services.delivery_results import Result, done, sent_record
from bot.services.paced_requests import PacedRequests
from bot.services.refused_deliveries import RefusedDeliveries
from bot.store.clock import Clock
from bot.store.deliveries import DeliveryQueue, MessageStories
from bot.store.stories import StoryStore
from bot.store.subscriptions import SubscriptionStore
from bot.views.stories import bundle_view

log = logging.getLogger(__name__)


class Bundles:
    """For one process. No request begins after `before`: TooLateError then."""

    def __init__(
        self,
        queue: DeliveryQueue,
        subscriptions: SubscriptionStore,
        stories: StoryStore,
        requests: PacedRequests,
        refusals: RefusedDeliveries,
        clock: Clock,
        *,
        bot_username: str,
    ) -> None:
        self._queue = queue
        self._subscriptions = subscriptions
        self._stories = stories
        self._requests = requests
        self._refusals = refusals
        self._clock = clock
        self._bot_username = bot_username

    async def send(
        self,
        chat: Chat,
        decisions: Sequence[Decision],
        stories: Mapping[StoryId, Story],
        before: datetime,
    ) -> Result:
        """Send several ordinary stories of one topic as one silent message."""
        now = self._clock.now()
        members = [(stories[one.item.story], one.report) for one in decisions]
        thread = decisions[0].item.thread
        shown = [(story, report) for story, report in members if report is not None]
        view = self._view(chat, shown, now=now)
        outcome = await self._requests.send(chat, thread, view, silent=True, before=before)
        if outcome.message_id is None:
            items = [one.item for one in decisions]
            return await self._refusals.refused(chat, items, outcome, view=view)
        listed = MessageStories(thread, tuple(story.id for story, _ in shown))
        try:
            await self._queue.save_message(chat.id, outcome.message_id, listed)
        except StoreError as error:
            # It was sent: that must be recorded in any case. It can never be changed then.
            log.warning("a bundle in chat %s will not change: %s", chat.id, error)
        settlements = tuple(
            done(
                one.item,
                stories[one.item.story],
                sent_record(
                    chat.address,
                    outcome.message_id,
                    stories[one.item.story],
                    view,
                    now,
                    bundle=True,
                ),
            )
            for one in decisions
        )
        return Result(settlements)

    async def again(self, chat: Chat, sent: SentRecord) -> View | None:
        """The whole bundle as its stories are now; None when nobody knows what else it shows."""
        listed = await self._queue.message(chat.id, sent.message_id)
        if listed is None:
            return None
        stories = await self._stories.get_many(listed.stories)
        subscriptions = await self._subscriptions.of(chat.id)
        shown = []
        # Two of them may have become one story.
        once = {story.id: story for each in listed.stories if (story := stories.get(each))}
        for story in once.values():
            seen = visible_to(story, subscriptions)
            if seen is not None:
                report = wanted(seen, subscriptions, chat.settings, thread=listed.thread)
                shown.append((seen, report or seen.lead_report))
        return self._view(chat, shown, now=self._clock.now())

    def _view(self, chat: Chat, shown: Sequence[tuple[Story, Report]], *, now: datetime) -> View:
        return bundle_view(
            shown,
            now=now,
            timezone=chat.settings.timezone,
            bot_username=self._bot_username,
            private=chat.kind is ChatKind.PRIVATE,
        )
