"""Carrying out one decision: render, send, and turn Telegram's answer into settlements.

Several stories in one message: bot.services.bundles. Refusals: bot.services.refused_deliveries.
"""

from dataclasses import replace
from datetime import datetime

from bot.messenger.refusals import Action
from bot.messenger.telegram import Messenger
from bot.models.chats import Chat
from bot.models.deliveries import SentRecord
from bot.models.messages import View
from bot.models.stories import Report, Story
from bot.news.deliveries import Decision, Step
from bot.services.bundle_pages import BundlePages
from bot.services.bundles import Bundles
from bot.services.closed_topics import ClosedTopics
from bot.services.delivery_results import (
    ENDS_EDIT,
    NEVER_AGAIN,
    Result,
    alerted,
    done,
    sent_record,
    view_print,
)
from bot.services.paced_requests import PacedRequests
from bot.services.refused_deliveries import RefusedDeliveries
from bot.services.renderings import Renderings
from bot.store.chats import ChatStore
from bot.store.clock import Clock
from bot.store.dead_letters import DeadLetterStore
from bot.store.deliveries import DeliveryQueue
from bot.store.pace import Pace
from bot.store.stories import StoryStore
from bot.store.subscriptions import SubscriptionStore
from bot.views.stories import ringing_view


class Courier:
    """Sends for one process. No request begins after `before`: TooLateError then."""

    def __init__(
        self,
        queue: DeliveryQueue,
        pace: Pace,
        chats: ChatStore,
        subscriptions: SubscriptionStore,
        stories: StoryStore,
        letters: DeadLetterStore,
        messenger: Messenger,
        clock: Clock,
        *,
        bot_username: str,
    ) -> None:
        self._requests = PacedRequests(messenger, pace)
        self.refusals = RefusedDeliveries(
            queue,
            pace,
            chats,
            letters,
            ClosedTopics(chats, subscriptions, self._requests, clock),
            clock,
        )
        pages = BundlePages(
            queue.messages, stories, subscriptions, chats, clock, bot_username=bot_username
        )
        self.bundles = Bundles(queue.messages, pages, self._requests, self.refusals, clock)
        self._clock = clock
        self._renderings = Renderings(bot_username=bot_username)

    async def act(
        self,
        chat: Chat,
        decision: Decision,
        story: Story,
        sent: SentRecord | None,
        before: datetime,
    ) -> Result:
        """Do a SEND or RING of one story, or an EDIT of a message of its own."""
        report = decision.report or story.lead_report
        if decision.step is Step.RING and sent is not None:
            return await self._ring(chat, decision, story, report, sent, before)
        view = self._renderings.story(chat, story, report, now=self._clock.now())
        if decision.step is Step.EDIT and sent is not None:
            return await self._edit(chat, decision, story, view, sent, before)
        return await self._send(chat, decision, story, view, before)

    async def _send(
        self, chat: Chat, decision: Decision, story: Story, view: View, before: datetime
    ) -> Result:
        now = self._clock.now()
        outcome = await self._requests.send(
            chat, decision.item.thread, view, silent=decision.silent, before=before
        )
        if outcome.message_id is None:
            return await self.refusals.refused(chat, [decision.item], outcome, view=view)
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
        """Mark the message as breaking, then announce it, with sound or silently: edits notify
        nobody.

        In this order a crash in between repeats the harmless half. The edit is outside of the
        gaps between edits and not counted.
        """
        alone = self._renderings.story(chat, story, report, now=self._clock.now())
        view = await self._again(chat, sent, alone)
        if view is not None:
            edited = await self._requests.edit(chat, sent.message_id, view, before=before)
            if edited.action not in ENDS_EDIT:
                return await self.refusals.refused(chat, [decision.item], edited, view=view)
            if sent.bundle:
                await self.bundles.marked(chat, sent, view)
        ringing = ringing_view(story, report)
        outcome = await self._requests.send(
            chat,
            decision.item.thread,
            ringing,
            silent=decision.silent,
            reply_to=sent.message_id if sent.address in (None, chat.address) else None,
            before=before,
        )
        if outcome.message_id is None:
            return await self.refusals.refused(chat, [decision.item], outcome, view=ringing)
        shown = view_print(view) if view else sent.view_print
        rang = not decision.silent
        record = replace(sent, version=story.version, view_print=shown, rang=rang, alerted=True)
        return Result((done(decision.item, story, record),), rang=rang)

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
        if outcome.action in ENDS_EDIT:
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
        return await self.refusals.refused(chat, [decision.item], outcome, view=view)

    async def _again(self, chat: Chat, sent: SentRecord, alone: View) -> View | None:
        """What the message should show now; None when it must not be touched."""
        if sent.address not in (None, chat.address):
            return None
        return await self.bundles.again(chat, sent) if sent.bundle else alone
