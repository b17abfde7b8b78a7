"""One claimed chat: read what is pending, decide, act one request at a time, settle each.

Decisions are bot.news.deliveries; requests are bot.services.couriers. Settling after every
request keeps what a crash can repeat down to the one request in flight.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.models.chats import Chat
from bot.models.deliveries import PendingItem, SentRecord
from bot.models.identifiers import ChatId, StoryId, ThreadId
from bot.models.stories import Report, Story
from bot.models.subscriptions import Subscription
from bot.news.deliveries import Decision, EditRule, Step, bundle, decide, in_order
from bot.news.matching import ring_allowed, wanted
from bot.news.visibility import visible_to
from bot.services.couriers import Courier
from bot.services.stopping import Stopping
from bot.store.chats import ChatStore
from bot.store.clock import Clock
from bot.store.deliveries import DeliveryQueue, Fate, Holder, Settlement
from bot.store.stories import StoryStore
from bot.store.subscriptions import SubscriptionStore

REQUEST_DEADLINE = timedelta(seconds=20)
"""No request starts with less of its lease left."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """One claimed chat and all that its decisions need."""

    chat: Chat
    subscriptions: tuple[Subscription, ...]
    items: tuple[PendingItem, ...]
    stories: dict[StoryId, Story]
    sent: dict[tuple[ThreadId, StoryId], SentRecord]
    rings: tuple[datetime, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is settled without a request, and the requests in order; several decisions in one
    entry of `requests` go out as one message."""

    settled: tuple[Settlement, ...]
    requests: tuple[tuple[Decision, ...], ...]


class ChatDeliveries:
    """Serves claimed chats for the senders of this process."""

    def __init__(
        self,
        queue: DeliveryQueue,
        chats: ChatStore,
        subscriptions: SubscriptionStore,
        stories: StoryStore,
        courier: Courier,
        clock: Clock,
        edit_rule: EditRule,
        stopping: Stopping,
    ) -> None:
        self._queue = queue
        self._chats = chats
        self._subscriptions = subscriptions
        self._stories = stories
        self._courier = courier
        self._clock = clock
        self._rule = edit_rule
        self._stopping = stopping

    async def serve(self, chat_id: ChatId, holder: Holder, lease_ends: datetime) -> None:
        """Act while something is due, the chat's window is open and the lease lasts.

        Raises StoreError; the lease then runs out by itself.
        """
        while True:
            sitting = await self._sit(chat_id)
            if sitting is None:
                await self._queue.drop_all(chat_id)
                await self._queue.settle(chat_id, holder, (), release=True)
                return
            now = self._clock.now()
            plan = make_plan(sitting, now, self._rule)
            if not plan.requests:
                await self._queue.settle(chat_id, holder, plan.settled, release=True)
                return
            edit = plan.requests[0][0].step is Step.EDIT
            wait = await self._queue.slot(sitting.chat, edit=edit)
            if wait or lease_ends - now < REQUEST_DEADLINE:
                await self._queue.settle(
                    chat_id, holder, plan.settled, release=True, not_before=now + wait
                )
                return
            if not await self._one_request(sitting, holder, plan):
                return

    async def _one_request(self, sitting: Sitting, holder: Holder, plan: Plan) -> bool:
        """Send, edit or ring once and settle it; true when there is more to do now."""
        request = plan.requests[0]
        if len(request) > 1:
            result = await self._courier.bundle(sitting.chat, request, sitting.stories)
        else:
            item = request[0].item
            sent = sitting.sent.get((item.thread, item.story))
            result = await self._courier.act(
                sitting.chat, request[0], sitting.stories[item.story], sent
            )
        release = len(plan.requests) == 1 or result.held_back or self._stopping.requested
        await self._queue.settle(
            sitting.chat.id,
            holder,
            (*plan.settled, *result.settlements),
            release=release,
            not_before=result.not_before,
            rang=result.rang,
        )
        return not release

    async def _sit(self, chat_id: ChatId) -> Sitting | None:
        """None for a chat that is unknown or paused."""
        chat = await self._chats.get(chat_id)
        if chat is None or chat.paused:
            return None
        items = await self._queue.pending(chat_id)
        subscriptions = await self._subscriptions.of(chat_id)
        stories = await self._stories.get_many(sorted({item.story for item in items}))
        seen = {story_id: visible_to(story, subscriptions) for story_id, story in stories.items()}
        return Sitting(
            chat=chat,
            subscriptions=subscriptions,
            items=items,
            stories={story_id: story for story_id, story in seen.items() if story is not None},
            sent=await self._queue.sent(chat_id, [(item.thread, item.story) for item in items]),
            rings=await self._queue.rings(chat_id),
        )


def make_plan(sitting: Sitting, now: datetime, rule: EditRule) -> Plan:
    """Decide every pending item that is due."""
    decisions = [
        _decision(sitting, item, now, rule) for item in sitting.items if item.not_before <= now
    ]
    quiet = [one for one in decisions if one.step in (Step.WAIT, Step.DROP)]
    actions = in_order([one for one in decisions if one.step not in (Step.WAIT, Step.DROP)])
    together = bundle(actions, now=now)
    requests: list[tuple[Decision, ...]] = []
    for one in actions:
        if one not in together:
            requests.append((one,))
        elif one is together[0]:
            requests.append(together)
    return Plan(tuple(_without_request(one) for one in quiet), tuple(requests))


def _decision(sitting: Sitting, item: PendingItem, now: datetime, rule: EditRule) -> Decision:
    story = sitting.stories.get(item.story)
    report = _report(sitting, item, story)
    settings = sitting.chat.settings
    may_ring = story is not None and ring_allowed(settings, now, sitting.rings, story)
    sent = sitting.sent.get((item.thread, item.story))
    return decide(item, story, report, sent, may_ring=may_ring, now=now, rule=rule)


def _report(sitting: Sitting, item: PendingItem, story: Story | None) -> Report | None:
    if story is None:
        return None
    return wanted(story, sitting.subscriptions, sitting.chat.settings, thread=item.thread)


def _without_request(decision: Decision) -> Settlement:
    if decision.step is Step.WAIT:
        return Settlement(decision.item, Fate.WAIT, not_before=decision.until)
    return Settlement(decision.item, Fate.DROP, decision.item.version)
