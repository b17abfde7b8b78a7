"""Carrying out one decision: render, send, and turn Telegram's answer into settlements.

What each refusal means is one table in bot.messenger.refusals; this module acts on it for pushes.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import blake2b

from bot.messenger.refusals import Action, Outcome
from bot.messenger.telegram import Messenger
from bot.models.chats import Chat, ChatKind
from bot.models.deliveries import PendingItem, SentRecord
from bot.models.identifiers import MessageId, StoryId
from bot.models.messages import View
from bot.models.stories import Report, Story
from bot.news.deliveries import Decision, Step, retry_delay
from bot.news.matching import wanted
from bot.news.visibility import visible_to
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
GIVE_UP_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Result:
    """What one request led to: settlements, when the chat may get more, and the ring it made."""

    settlements: tuple[Settlement, ...]
    not_before: datetime | None = None
    rang: bool = False

    @property
    def held_back(self) -> bool:
        """Nothing more may be sent to the chat for now."""
        return self.not_before is not None


class Courier:
    """Sends for one process. Waits for its slot of the overall pace before each request."""

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
        self._messenger = messenger
        self._clock = clock
        self._bot_username = bot_username

    async def act(
        self, chat: Chat, decision: Decision, story: Story, sent: SentRecord | None
    ) -> Result:
        """Do a SEND, RING or EDIT of one story."""
        report = decision.report or story.lead_report
        if decision.step is Step.RING and sent is not None:
            return await self._ring(chat, decision, story, report, sent)
        view = self._story(chat, story, report, now=self._clock.now())
        if decision.step is Step.EDIT and sent is not None:
            return await self._edit(chat, decision, story, view, sent)
        return await self._send(chat, decision, story, view)

    async def bundle(
        self, chat: Chat, decisions: Sequence[Decision], stories: dict[StoryId, Story]
    ) -> Result:
        """Send several ordinary stories of one topic as one silent message."""
        now = self._clock.now()
        members = [(stories[one.item.story], one.report) for one in decisions]
        thread = decisions[0].item.thread
        shown = [(story, report) for story, report in members if report is not None]
        view = self._bundle(chat, shown, now=now)
        await self._pace.take()
        outcome = await self._messenger.send(chat.address, thread, view, silent=True)
        if outcome.message_id is None:
            return await self._refused(chat, decisions, outcome)
        await self._pace.went_through()
        listed = MessageStories(thread, tuple(story.id for story, _ in shown))
        await self._queue.save_message(chat.id, outcome.message_id, listed)
        settlements = tuple(
            Settlement(
                one.item,
                Fate.DONE,
                stories[one.item.story].version,
                self._record(outcome.message_id, stories[one.item.story], view, now, bundle=True),
            )
            for one in decisions
        )
        return Result(settlements)

    async def _send(self, chat: Chat, decision: Decision, story: Story, view: View) -> Result:
        now = self._clock.now()
        await self._pace.take()
        outcome = await self._messenger.send(
            chat.address, decision.item.thread, view, silent=decision.silent
        )
        if outcome.action is Action.PLAIN:
            await self._pace.take()
            outcome = await self._messenger.send(
                chat.address, decision.item.thread, view, silent=decision.silent, plain=True
            )
        if outcome.message_id is None:
            return await self._refused(chat, [decision], outcome)
        await self._pace.went_through()
        record = self._record(outcome.message_id, story, view, now, rang=not decision.silent)
        done = Settlement(decision.item, Fate.DONE, story.version, record)
        return Result((done,), rang=not decision.silent)

    async def _ring(
        self, chat: Chat, decision: Decision, story: Story, report: Report, sent: SentRecord
    ) -> Result:
        """Mark the message as breaking, then announce it: edits notify nobody.

        In this order a crash in between repeats the harmless half. The edit is outside of the
        gaps between edits and not counted.
        """
        now = self._clock.now()
        view = self._story(chat, story, report, now=now)
        if sent.bundle:
            view = await self._bundle_again(chat, sent, view)
        await self._pace.take()
        edited = await self._messenger.edit(chat.address, sent.message_id, view)
        if edited.action not in _EDITED:
            return await self._refused(chat, [decision], edited)
        await self._pace.take()
        outcome = await self._messenger.send(
            chat.address,
            decision.item.thread,
            ringing_view(story, report),
            silent=decision.silent,
            reply_to=sent.message_id,
        )
        if outcome.message_id is None:
            return await self._refused(chat, [decision], outcome)
        record = replace(
            sent, version=story.version, view_print=view_print(view), rang=True, alerted=True
        )
        return Result((Settlement(decision.item, Fate.DONE, story.version, record),), rang=True)

    async def _edit(
        self, chat: Chat, decision: Decision, story: Story, view: View, sent: SentRecord
    ) -> Result:
        now = self._clock.now()
        if sent.bundle:
            view = await self._bundle_again(chat, sent, view)
        if view_print(view) == sent.view_print:
            same = replace(sent, version=story.version, alerted=_alerted(story, sent))
            return Result((Settlement(decision.item, Fate.DONE, story.version, same),))
        await self._pace.take()
        outcome = await self._messenger.edit(chat.address, sent.message_id, view)
        if outcome.action in _EDITED:
            gone = outcome.action is Action.GONE
            record = replace(
                sent,
                version=story.version,
                view_print=view_print(view),
                edits=NEVER_AGAIN if gone else sent.edits + 1,
                edited_at=now,
                alerted=_alerted(story, sent),
            )
            return Result((Settlement(decision.item, Fate.DONE, story.version, record),))
        return await self._refused(chat, [decision], outcome)

    async def _refused(self, chat: Chat, decisions: Sequence[Decision], outcome: Outcome) -> Result:
        """One action for each refusal; the items stay unless the refusal is for good."""
        now = self._clock.now()
        items = [one.item for one in decisions]
        if outcome.action is Action.WAIT:
            pause = outcome.retry_after or timedelta(seconds=1)
            await self._pace.flooded(chat.id, pause)
            return Result(_all(items, Fate.WAIT, now + pause), not_before=now + pause)
        if outcome.action is Action.PAUSE:
            await self._chats.pause(chat.id, outcome.sentence)
            await self._queue.drop_all(chat.id)
            return Result((), not_before=now)
        if outcome.action is Action.MOVE and outcome.moved_to is not None:
            await self._chats.move(chat.id, outcome.moved_to)
            return Result(_all(items, Fate.WAIT, now), not_before=now)
        old = [item for item in items if now - item.raised >= GIVE_UP_AFTER]
        if outcome.action in (Action.RETRY, Action.UNCERTAIN, Action.STOP) and not old:
            delay = retry_delay(max(item.attempts for item in items))
            return Result(_all(items, Fate.RETRY, now + delay), not_before=now + delay)
        for item in items:
            log.warning("buried story %s for chat %s: %s", item.story, chat.id, outcome.sentence)
            await self._queue.bury(chat.id, item, outcome.sentence)
        return Result(tuple(Settlement(item, Fate.DROP, item.version) for item in items))

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

    @staticmethod
    def _record(
        message_id: MessageId,
        story: Story,
        view: View,
        now: datetime,
        *,
        rang: bool = False,
        bundle: bool = False,
    ) -> SentRecord:
        return SentRecord(
            message_id=message_id,
            version=story.version,
            sent_at=now,
            view_print=view_print(view),
            rang=rang,
            bundle=bundle,
            alerted=story.breaking is not None,
        )

    async def _bundle_again(self, chat: Chat, sent: SentRecord, alone: View) -> View:
        """The whole bundle as its stories are now; `alone` when its record is gone."""
        listed = await self._queue.message(chat.id, sent.message_id)
        if listed is None:
            return alone
        stories = await self._stories.get_many(listed.stories)
        subscriptions = await self._subscriptions.of(chat.id)
        shown = []
        for story in (stories.get(each) for each in listed.stories):
            seen = visible_to(story, subscriptions) if story else None
            if seen is not None:
                report = wanted(seen, subscriptions, chat.settings, thread=listed.thread)
                shown.append((seen, report or seen.lead_report))
        return self._bundle(chat, shown, now=self._clock.now())


def view_print(view: View) -> str:
    """Tells two rendered views apart, text, buttons and preview."""
    return blake2b(repr(view).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _alerted(story: Story, sent: SentRecord) -> bool:
    return sent.alerted or story.breaking is not None


def _all(items: Sequence[PendingItem], fate: Fate, until: datetime) -> tuple[Settlement, ...]:
    return tuple(Settlement(item, fate, not_before=until) for item in items)
