"""What follows when Telegram refuses a delivery: one action for each refusal, as settlements.

What each refusal means is one table in bot.messenger.refusals; answers to people are acted on in
bot.services.replies.
"""

import logging
from collections.abc import Sequence
from datetime import timedelta

from bot.messenger.refusals import Action, Outcome
from bot.models.chats import Chat
from bot.models.deliveries import PendingItem
from bot.news.deliveries import retry_delay
from bot.services.delivery_results import TRIED_ENOUGH, Result, every, hopeless
from bot.store.chats import ChatStore
from bot.store.clock import Clock
from bot.store.deliveries import DeliveryQueue, Fate, Settlement
from bot.store.pace import Pace

log = logging.getLogger(__name__)


class RefusedDeliveries:
    """For one process. All methods raise StoreError when Redis does not answer."""

    def __init__(self, queue: DeliveryQueue, pace: Pace, chats: ChatStore, clock: Clock) -> None:
        self._queue = queue
        self._pace = pace
        self._chats = chats
        self._clock = clock

    async def refused(self, chat: Chat, items: Sequence[PendingItem], outcome: Outcome) -> Result:
        """Act on it; the items stay unless the refusal is for good."""
        now = self._clock.now()
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
