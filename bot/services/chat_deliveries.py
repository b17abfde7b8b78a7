"""One claimed chat: read what is pending, decide, act one request at a time, settle each.

Decisions are bot.news.deliveries; requests are bot.services.couriers. Settling after every
request keeps what a crash can repeat down to the one request in flight.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count

from bot.errors import NewsflashError, StoreError, TooLateError
from bot.models.chats import Chat
from bot.models.deliveries import DeliveryClass, PendingItem, SentRecord
from bot.models.identifiers import ChatId, StoryId
from bot.models.stories import Report, Story
from bot.models.subscriptions import Subscription
from bot.news.bundles import gathering, requests
from bot.news.deliveries import (
    Decision,
    EditRule,
    Step,
    as_sent,
    decide,
    due_of,
    in_order,
    most_urgent,
    told_once,
)
from bot.news.matching import ring_allowed, wanted
from bot.news.visibility import visible_to
from bot.services.couriers import Courier
from bot.services.delivery_results import Result
from bot.services.fresh_stories import FreshStories
from bot.services.stopping import Stopping
from bot.store.clock import Clock
from bot.store.deliveries import DeliveryQueue, Fate, Holder, Settlement
from bot.store.readings import Place

log = logging.getLogger(__name__)

REQUEST_DEADLINE = timedelta(seconds=20)
"""No request starts with less of its lease left."""

TURNS_MOST = 3
"""Requests of one claim; then others go first, with what is more urgent or waits for longer."""
SITTING_MOST = 500
"""Items looked at together: what goes out as one message is decided over all of them."""
RECORD_AT_LEAST = timedelta(minutes=2)
"""So long the record of a sent message is tried."""
RECORD_AGAIN = timedelta(milliseconds=500)


@dataclass(frozen=True, slots=True)
class Sitting:
    """One claimed chat and all that its decisions need."""

    chat: Chat
    subscriptions: tuple[Subscription, ...]
    items: tuple[PendingItem, ...]
    """The most urgent of those that are due."""
    pending: tuple[PendingItem, ...]
    """All of them."""
    more: bool
    """Others are due, too."""
    stories: dict[StoryId, Story]
    sent: dict[Place, SentRecord]
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
        stories: FreshStories,
        courier: Courier,
        clock: Clock,
        edit_rule: EditRule,
        stopping: Stopping,
    ) -> None:
        self._queue = queue
        self._stories = stories
        self._courier = courier
        self._clock = clock
        self._rule = edit_rule
        self._stopping = stopping

    async def serve(self, chat_id: ChatId, holder: Holder, lease_ends: datetime) -> None:
        """Act while something is due, the chat's window is open and the lease lasts.

        Raises StoreError; the caller then gives the lease back.
        """
        for turn in count(1):
            sitting = await self._sit(chat_id)
            if sitting is None:
                await self._queue.drop_all(chat_id)
                await self._queue.settle(chat_id, holder, (), release=True)
                return
            now = self._clock.now()
            plan = make_plan(sitting, now, self._rule)
            if not plan.requests:
                held = await self._queue.settle(
                    chat_id, holder, plan.settled, release=not sitting.more
                )
                if held and sitting.more:
                    continue
                return
            before = lease_ends - REQUEST_DEADLINE
            if not await self._one_request(sitting, holder, plan, before, last=turn >= TURNS_MOST):
                return

    async def _one_request(
        self, sitting: Sitting, holder: Holder, plan: Plan, before: datetime, *, last: bool
    ) -> bool:
        """Send, edit or ring once and settle it; true when there is more to do now."""
        try:
            result = await self._turn(sitting, plan.requests[0], before)
        except TooLateError as error:
            result = Result((), not_before=error.until)
        last = last or (len(plan.requests) == 1 and not sitting.more)
        release = last or _gives_way(plan.requests) or result.held_back or self._stopping.requested
        settlements = (*plan.settled, *result.settlements)
        held = await self._settle(sitting.chat.id, holder, settlements, result, release=release)
        # Who was taken for dead must not go on beside whoever took over.
        return held and not release

    async def _settle(
        self,
        chat_id: ChatId,
        holder: Holder,
        settlements: tuple[Settlement, ...],
        result: Result,
        *,
        release: bool,
    ) -> bool:
        """Keep what was sent, also where Redis is away for a moment: else it is sent again."""
        rang = self._clock.now() if result.rang else None
        until = self._clock.now() + RECORD_AT_LEAST
        while True:
            try:
                return await self._queue.settle(
                    chat_id,
                    holder,
                    settlements,
                    release=release,
                    not_before=result.not_before,
                    rang=rang,
                )
            except StoreError:
                if self._clock.now() > until or self._stopping.requested:
                    raise
                await self._stopping.rest(RECORD_AGAIN)

    async def _turn(
        self, sitting: Sitting, request: tuple[Decision, ...], before: datetime
    ) -> Result:
        """One request, if the lease lasts and the chat's window is open."""
        now = self._clock.now()
        if now > before:
            return Result((), not_before=now)
        chat, first = sitting.chat, request[0]
        wait = await self._queue.slot(chat, edit=first.step is Step.EDIT)
        if wait:
            return Result((), not_before=now + wait)
        try:
            sent = sitting.sent.get((first.item.thread, first.item.story))
            if first.step is Step.EDIT and sent is not None and sent.bundle:
                return await self._courier.bundles.edit(
                    chat, request, sitting.stories, sitting.sent, before
                )
            if len(request) > 1:
                return await self._courier.bundles.send(chat, request, sitting.stories, before)
            story = sitting.stories[first.item.story]
            return await self._courier.act(chat, first, story, sent, before)
        except NewsflashError:
            raise
        except Exception:
            stories = ", ".join(one.item.story for one in request)
            log.exception("chat %s could not be given %s", chat.id, stories)
            return await self._courier.refusals.broken(chat, [one.item for one in request])

    async def _sit(self, chat_id: ChatId) -> Sitting | None:
        """None for a chat that is unknown or paused."""
        reading = await self._queue.read(chat_id)
        chat = reading.chat
        if chat is None or chat.paused:
            return None
        now = self._clock.now()
        due = due_of(reading.items, now)
        items = tuple(most_urgent(due, SITTING_MOST))
        found = await self._stories.of(items)
        seen = {each: visible_to(story, reading.subscriptions) for each, story in found.items()}
        visible = {story_id: story for story_id, story in seen.items() if story is not None}
        return Sitting(
            chat=chat,
            subscriptions=reading.subscriptions,
            items=items,
            pending=reading.items,
            more=len(due) > len(items),
            stories=visible,
            sent=await self._courier.bundles.as_listed(
                chat, await self._sent(chat_id, items, visible), visible
            ),
            rings=reading.rings,
        )

    async def _sent(
        self, chat_id: ChatId, items: tuple[PendingItem, ...], stories: dict[StoryId, Story]
    ) -> dict[Place, SentRecord]:
        """What the chat got of each item's story, under whichever id it was known then."""
        names = {
            (item.thread, item.story): (item.story, *stories[item.story].ids)
            for item in items
            if item.story in stories
        }
        wanted = {(thread, each) for (thread, _), ids in names.items() for each in ids}
        records = await self._queue.sent(chat_id, sorted(wanted))
        found = {
            (thread, story): as_sent([records.get((thread, each)) for each in ids])
            for (thread, story), ids in names.items()
        }
        return {place: record for place, record in found.items() if record is not None}


def make_plan(sitting: Sitting, now: datetime, rule: EditRule) -> Plan:
    """Decide every item of the sitting."""
    decisions = [_decision(sitting, item, now, rule) for item in sitting.items]
    quiet = [one for one in decisions if one.step in (Step.WAIT, Step.DROP)]
    actions = in_order([one for one in decisions if one.step not in (Step.WAIT, Step.DROP)])
    actions, twins = told_once(actions, sitting.stories)
    quiet += twins
    held = gathering(actions, sitting.pending, now=now)
    waiting = {one.item for one in held}
    actions = tuple(one for one in actions if one.item not in waiting)
    return Plan(
        tuple(_without_request(one) for one in (*quiet, *held)),
        requests(actions, sitting.sent, now=now),
    )


def _gives_way(requests: Sequence[tuple[Decision, ...]]) -> bool:
    """After its breaking news a chat waits for its turn: other chats' breaking news go first."""
    classes = [min(one.item.delivery_class for one in request) for request in requests[:2]]
    return classes[0] is DeliveryClass.BREAKING and classes[1:] != classes[:1]


def _decision(sitting: Sitting, item: PendingItem, now: datetime, rule: EditRule) -> Decision:
    if sitting.chat.leaves_alone(item.thread, now):
        return Decision(item, Step.DROP)
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
        item = decision.item
        return Settlement(item, Fate.WAIT, item.version, not_before=decision.until)
    return Settlement(decision.item, Fate.DROP, decision.item.version)
