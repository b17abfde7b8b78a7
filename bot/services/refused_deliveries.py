"""What follows when Telegram refuses a delivery: one action for each refusal, as settlements.

What each refusal means is one table in bot.messenger.refusals; answers to people are acted on in
bot.services.replies.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.messenger.refusals import Action, Outcome
from bot.models.chats import Chat
from bot.models.deliveries import DeadLetter, PendingItem
from bot.models.messages import View
from bot.news.deliveries import retry_delay
from bot.services.closed_topics import ClosedTopics
from bot.services.delivery_results import TRIED_ENOUGH, Result, every, hopeless
from bot.store.chats import ChatStore
from bot.store.clock import Clock
from bot.store.dead_letters import DeadLetterStore
from bot.store.deliveries import DeliveryQueue, Fate, Settlement
from bot.store.pace import Pace
from bot.store.standing import TOKEN_PAUSE

log = logging.getLogger(__name__)

TEXT_MOST = 6_000
"""Characters of a text that are kept with a dead letter: more than any message has, links aside."""


class RefusedDeliveries:
    """For one process. All methods raise StoreError when Redis does not answer."""

    def __init__(
        self,
        queue: DeliveryQueue,
        pace: Pace,
        chats: ChatStore,
        letters: DeadLetterStore,
        closed_topics: ClosedTopics,
        clock: Clock,
    ) -> None:
        self._queue = queue
        self._pace = pace
        self._chats = chats
        self._letters = letters
        self._closed_topics = closed_topics
        self._clock = clock

    async def refused(
        self,
        chat: Chat,
        items: Sequence[PendingItem],
        outcome: Outcome,
        *,
        view: View | None = None,
    ) -> Result:
        """Act on it; the items stay unless the refusal is for good. `view`: what was tried.

        Raises TooLateError when a closed topic could not be told of yet.
        """
        now = self._clock.now()
        match outcome.action:
            case Action.WAIT:
                return await self._wait(chat, items, outcome, now)
            case Action.PAUSE:
                await self._chats.pause(chat.id, outcome.sentence)
                await self._queue.drop_all(chat.id)
                return Result((), not_before=now)
            case Action.MOVE if outcome.moved_to is not None:
                await self._chats.move(chat.id, outcome.moved_to)
                return Result(every(items, Fate.WAIT, now), not_before=now)
            case Action.STOP:
                # Nothing is the matter with the items: everybody waits for a token that works.
                until = now + TOKEN_PAUSE
                return Result(every(items, Fate.WAIT, until), not_before=until)
            case Action.RETRY | Action.UNCERTAIN:
                return await self._again(chat, items, outcome, view, now)
            case Action.CLOSED:
                return await self._closed(chat, items, view)
        return Result(await self._bury(chat, items, outcome.sentence, view))

    async def broken(self, chat: Chat, items: Sequence[PendingItem]) -> Result:
        """Something of this program failed over these items: later once more, then buried.

        The chat's other stories go on meanwhile.
        """
        now = self._clock.now()
        again = [item for item in items if item.attempts < TRIED_ENOUGH]
        given_up = [item for item in items if item not in again]
        reason = "It could not be rendered or sent; see the log."
        buried = await self._bury(chat, given_up, reason, None)
        delay = retry_delay(max((item.attempts for item in again), default=0))
        return Result((*buried, *every(again, Fate.RETRY, now + delay)))

    async def _wait(
        self, chat: Chat, items: Sequence[PendingItem], outcome: Outcome, now: datetime
    ) -> Result:
        pause = outcome.retry_after or timedelta(seconds=1)
        await self._queue.hold(chat.id, pause)
        await self._pace.flooded(chat.id, pause)
        return Result(every(items, Fate.WAIT, now + pause), not_before=now + pause)

    async def _again(
        self,
        chat: Chat,
        items: Sequence[PendingItem],
        outcome: Outcome,
        view: View | None,
        now: datetime,
    ) -> Result:
        """With back-off; what was tried often, over a day, is given up."""
        lost = [item for item in items if hopeless(item, now)]
        buried = await self._bury(chat, lost, outcome.sentence, view)
        rest = [item for item in items if item not in lost]
        delay = retry_delay(max((item.attempts for item in rest), default=0))
        until = now + delay
        return Result((*buried, *every(rest, Fate.RETRY, until)), not_before=until)

    async def _closed(self, chat: Chat, items: Sequence[PendingItem], view: View | None) -> Result:
        """Drop them, once the chat's admins know; items of one request are of one topic."""
        told = await self._closed_topics.closed(chat, items[0].thread)
        if told.action is not Action.CLOSED:
            return await self.refused(chat, items, told, view=view)
        return Result(tuple(Settlement(item, Fate.DROP, item.version) for item in items))

    async def _bury(
        self, chat: Chat, items: Sequence[PendingItem], reason: str, view: View | None
    ) -> tuple[Settlement, ...]:
        for item in items:
            log.warning("buried story %s for chat %s: %s", item.story, chat.id, reason)
            await self._letters.bury(
                DeadLetter(
                    chat=chat.id,
                    thread=item.thread,
                    story=item.story,
                    version=item.version,
                    delivery_class=item.delivery_class,
                    reason=reason,
                    at=self._clock.now(),
                    text=view.text[:TEXT_MOST] if view else "",
                )
            )
        return tuple(Settlement(item, Fate.DROP, item.version) for item in items)
