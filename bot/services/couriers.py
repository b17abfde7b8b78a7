"""Carrying out one decision: render, send, and turn Telegram's answer into settlements.

What each refusal means is one table in bot.messenger.refusals; this module acts on it for pushes.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.errors import StoreError
from bot.messenger.refusals import Action, Outcome
from bot.messenger.telegram import Messenger
from bot.models.chats import Chat, ChatKind
from bot.models.deliveries import PendingItem, SentRecord
from bot.models.identifiers import StoryId
from bot.models.messages import View
from bot.models.stories import Report, Story
from bot.news.deliveries import Decision, Step, retry_delay
from bot.news.matching import wanted
from bot.news.visibility import visible_to
from bot.services.delivery_results import (
    TRIED_ENOUGH,
    Result,
    alerted,
    done,
    every,
    hopeless,
    sent_record,
    view_print,
)
from bot.services.paced_requests import PacedRequests
from bot.store.chats import ChatStore
from bot.store.clock import Clock
from bot.store.deliveries import DeliveryQueue, Fate, MessageStories, Settlement
from bot.store.pace import Pace
from bot.store.stories import StoryStore
from bot.store.subscriptions import SubscriptionStore
from bot.views.stories import bundle_view, ringing_view, story_view

log = logging.getLogger(__name__)

NEVER_AGAIN = 99
"""Edits counted for a message that is gone, so that none is tried again."""
_EDITED = frozenset({Action.ACCEPTED, Action.SAME, Action.GONE})
"""What ends an edit: there is nothing left to change."""


class Courier:
    """Sends for one process. No request begins after `before`: TooLateError then."""

    def __init__(
        self,
        queue: DeliveryQueue,
        pace: Pace,
        chats: ChatStore,
        subscriptions: SubscriptionStore,
        stories: StoryStore,
        messenger: Messenger,
        clock: Clock,
        *,
        bot_username: str,
    ) -> None:
        self._queue = queue
        self._pace = pace
        self._chats = chats
        self._subscriptions = subscriptions
        self._stories = stories
        self._requests = PacedRequests(messenger, pace)
        self._clock = clock
        self._bot_username = bot_username

    async def act(
        self,
        chat: Chat,
        decision: Decision,
        story: Story,
        sent: SentRecord | None,
        before: datetime,
    ) -> Result:
        """Do a SEND, RING or EDIT of one story."""
        report = decision.report or story.lead_report
        if decision.step is Step.RING and sent is not None:
            return await self._ring(chat, decision, story, report, sent, before)
        view = self._story(chat, story, report, now=self._clock.now())
        if decision.step is Step.EDIT and sent is not None:
            return await self._edit(chat, decision, story, view, sent, before)
        return await self._send(chat, decision, story, view, before)

    async def bundle(
        self,
        chat: Chat,
        decisions: Sequence[Decision],
        stories: dict[StoryId, Story],
        before: datetime,
    ) -> Result:
        """Send several ordinary stories of one topic as one silent message."""
        now = self._clock.now()
        members = [(stories[one.item.story], one.report) for one in decisions]
        thread = decisions[0].item.thread
        shown = [(story, report) for story, report in members if report is not None]
        view = self._bundle(chat, shown, now=now)
        outcome = await self._requests.send(chat, thread, view, silent=True, before=before)
        if outcome.message_id is None:
            return await self._refused(chat, decisions, outcome)
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

    async def _send(
        self, chat: Chat, decision: Decision, story: Story, view: View, before: datetime
    ) -> Result:
        now = self._clock.now()
        outcome = await self._requests.send(
            chat, decision.item.thread, view, silent=decision.silent, before=before
        )
        if outcome.message_id is None:
            return await self._refused(chat, [decision], outcome)
        record = sent_record(
            chat.address, outcome.message_id, story, view, now, rang=not decision.silent
        )
        return Result((done(decision.item, story, record),), rang=not decision.silent)

    async def _ring(
        self,
        chat: Chat,
        decision: Decision,
        story: Story,
        report: Report,
        sent: SentRecord,
        before: datetime,
    ) -> Result:
        """Mark the message as breaking, then announce it: edits notify nobody.

        In this order a crash in between repeats the harmless half. The edit is outside of the
        gaps between edits and not counted.
        """
        alone = self._story(chat, story, report, now=self._clock.now())
        view = await self._again(chat, sent, alone)
        if view is not None:
            edited = await self._requests.edit(chat, sent.message_id, view, before=before)
            if edited.action not in _EDITED:
                return await self._refused(chat, [decision], edited)
        outcome = await self._requests.send(
            chat,
            decision.item.thread,
            ringing_view(story, report),
            silent=decision.silent,
            reply_to=sent.message_id if sent.address in (None, chat.address) else None,
            before=before,
        )
        if outcome.message_id is None:
            return await self._refused(chat, [decision], outcome)
        shown = view_print(view) if view else sent.view_print
        record = replace(sent, version=story.version, view_print=shown, rang=True, alerted=True)
        return Result((done(decision.item, story, record),), rang=True)

    async def _edit(
        self,
        chat: Chat,
        decision: Decision,
        story: Story,
        alone: View,
        sent: SentRecord,
        before: datetime,
    ) -> Result:
        now = self._clock.now()
        view = await self._again(chat, sent, alone)
        if view is None or view_print(view) == sent.view_print:
            same = replace(sent, version=story.version, alerted=alerted(story, sent))
            return Result((done(decision.item, story, same),))
        outcome = await self._requests.edit(chat, sent.message_id, view, before=before)
        if outcome.action in _EDITED:
            gone = outcome.action is Action.GONE
            record = replace(
                sent,
                version=story.version,
                view_print=view_print(view),
                edits=NEVER_AGAIN if gone else sent.edits + 1,
                edited_at=now,
                alerted=alerted(story, sent),
            )
            return Result((done(decision.item, story, record),))
        return await self._refused(chat, [decision], outcome)

    async def _refused(self, chat: Chat, decisions: Sequence[Decision], outcome: Outcome) -> Result:
        """One action for each refusal; the items stay unless the refusal is for good."""
        now = self._clock.now()
        items = [one.item for one in decisions]
        if outcome.action is Action.WAIT:
            pause = outcome.retry_after or timedelta(seconds=1)
            await self._queue.hold(chat.id, pause)
            await self._pace.flooded(chat.id, pause)
            return Result(every(items, Fate.WAIT, now + pause), not_before=now + pause)
        if outcome.action is Action.PAUSE:
            await self._chats.pause(chat.id, outcome.sentence)
            await self._queue.drop_all(chat.id)
            return Result((), not_before=now)
        if outcome.action is Action.MOVE and outcome.moved_to is not None:
            await self._chats.move(chat.id, outcome.moved_to)
            return Result(every(items, Fate.WAIT, now), not_before=now)
        if outcome.action in (Action.RETRY, Action.UNCERTAIN, Action.STOP):
            lost = [item for item in items if hopeless(item, now)]
            buried = await self._bury(chat, lost, outcome.sentence)
            rest = [item for item in items if item not in lost]
            delay = retry_delay(max((item.attempts for item in rest), default=0))
            until = now + delay
            return Result((*buried, *every(rest, Fate.RETRY, until)), not_before=until)
        return Result(await self._bury(chat, items, outcome.sentence))

    async def broken(self, chat: Chat, items: Sequence[PendingItem]) -> Result:
        """Something of this program failed over these items: later once more, then buried.

        The chat's other stories go on meanwhile.
        """
        now = self._clock.now()
        again = [item for item in items if item.attempts < TRIED_ENOUGH]
        given_up = [item for item in items if item not in again]
        buried = await self._bury(chat, given_up, "It could not be rendered or sent; see the log.")
        delay = retry_delay(max((item.attempts for item in again), default=0))
        return Result((*buried, *every(again, Fate.RETRY, now + delay)))

    async def _bury(
        self, chat: Chat, items: Sequence[PendingItem], reason: str
    ) -> tuple[Settlement, ...]:
        for item in items:
            log.warning("buried story %s for chat %s: %s", item.story, chat.id, reason)
            await self._queue.bury(chat.id, item, reason)
        return tuple(Settlement(item, Fate.DROP, item.version) for item in items)

    def _story(self, chat: Chat, story: Story, report: Report, *, now: datetime) -> View:
        return story_view(
            story,
            report,
            now=now,
            timezone=chat.settings.timezone,
            bot_username=self._bot_username,
            private=chat.kind is ChatKind.PRIVATE,
            previews=chat.settings.previews,
        )

    def _bundle(self, chat: Chat, shown: Sequence[tuple[Story, Report]], *, now: datetime) -> View:
        return bundle_view(
            shown,
            now=now,
            timezone=chat.settings.timezone,
            bot_username=self._bot_username,
            private=chat.kind is ChatKind.PRIVATE,
        )

    async def _again(self, chat: Chat, sent: SentRecord, alone: View) -> View | None:
        """What the message should show now; None when it must not be touched."""
        if sent.address not in (None, chat.address):
            return None
        return await self._bundle_again(chat, sent) if sent.bundle else alone

    async def _bundle_again(self, chat: Chat, sent: SentRecord) -> View | None:
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
        return self._bundle(chat, shown, now=self._clock.now())
