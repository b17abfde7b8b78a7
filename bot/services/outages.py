"""Answers to people while Redis is away: no pace, no record of the chat, only Telegram.

Rule: the same chat gets one in a minute, and one leaves every 50 ms at most, which is below
Telegram's overall limit. Nothing is kept: who asks later, or gets no answer, is answered in full
when Redis is back.
"""

import asyncio
import logging
import time
from collections import OrderedDict
from datetime import timedelta

from bot.messenger.refusals import Action
from bot.messenger.telegram import Messenger
from bot.models.identifiers import Address, MessageId, ThreadId
from bot.models.messages import View

log = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(minutes=1)
SPACING = timedelta(milliseconds=50)
REMEMBERED = 10_000


class OutageReplies:
    """One in each process that takes updates in."""

    def __init__(self, messenger: Messenger) -> None:
        self._messenger = messenger
        self._turn = asyncio.Lock()
        self._quiet_until = 0.0
        self._answered: OrderedDict[Address, float] = OrderedDict()

    async def answer(
        self, address: Address, thread: ThreadId, view: View, *, reply_to: MessageId | None
    ) -> bool:
        """Whether the chat was answered; false also when it was within the last minute."""
        now = time.monotonic()
        if now < max(self._quiet_until, self._answered.get(address, 0.0)):
            return False
        # Also when Telegram refuses: else a chat that blocked the bot is tried again and again.
        self._answered[address] = now + AGAIN_AFTER.total_seconds()
        self._answered.move_to_end(address)
        while len(self._answered) > REMEMBERED:
            self._answered.popitem(last=False)
        async with self._turn:
            outcome = await self._messenger.send(
                address, thread, view, silent=True, reply_to=reply_to
            )
            await asyncio.sleep(SPACING.total_seconds())
        if outcome.action is Action.WAIT:
            pause = outcome.retry_after or AGAIN_AFTER
            self._quiet_until = time.monotonic() + pause.total_seconds()
        if not outcome.accepted:
            log.warning("chat %s was not told of the outage: %s", address, outcome.sentence)
        return outcome.accepted
