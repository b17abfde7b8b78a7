"""Answers to people: in the pace and the chat's own window, ahead of pushes.

Callback and inline answers are exempt from both. A refusal is acted on as for a push, except
that an answer is not kept: the person will ask again.
"""

import asyncio
import logging
from datetime import timedelta

from bot.messenger.refusals import Action, Outcome
from bot.messenger.telegram import Messenger
from bot.models.chats import Chat
from bot.models.identifiers import MessageId, ThreadId
from bot.models.messages import View
from bot.store.chats import ChatStore
from bot.store.deliveries import DeliveryQueue
from bot.store.pace import Pace

log = logging.getLogger(__name__)

TRIES = 3
LONGEST_WAIT = timedelta(seconds=60)


class Replies:
    """Sends and edits what a handler answers."""

    def __init__(
        self, messenger: Messenger, queue: DeliveryQueue, pace: Pace, chats: ChatStore
    ) -> None:
        self._messenger = messenger
        self._queue = queue
        self._pace = pace
        self._chats = chats

    async def send(
        self,
        chat: Chat,
        thread: ThreadId,
        view: View,
        *,
        silent: bool = True,
        reply_to: MessageId | None = None,
    ) -> MessageId | None:
        """The sent message's id; None when Telegram refused it."""
        plain = False
        for attempt in range(TRIES):
            await self._turn(chat, edit=False)
            outcome = await self._messenger.send(
                chat.address, thread, view, silent=silent, reply_to=reply_to, plain=plain
            )
            if outcome.message_id is not None:
                return outcome.message_id
            plain = outcome.action is Action.PLAIN
            if outcome.action is Action.MOVE and outcome.moved_to is not None:
                chat = await self._chats.move(chat.id, outcome.moved_to) or chat
            elif not await self._goes_on(chat, outcome, attempt):
                break
        return None

    async def edit(self, chat: Chat, message_id: MessageId, view: View) -> bool:
        """Show the view in place of the message; false when Telegram refused."""
        for attempt in range(TRIES):
            await self._turn(chat, edit=True)
            outcome = await self._messenger.edit(chat.address, message_id, view)
            if outcome.action in (Action.ACCEPTED, Action.SAME):
                return True
            if not await self._goes_on(chat, outcome, attempt):
                break
        return False

    async def answer(
        self, callback_id: str, text: str = "", *, alert: bool = False, url: str = ""
    ) -> None:
        """Answer a pressed button; a press that is too old to answer is left alone."""
        await self._messenger.answer_callback(callback_id, text, alert=alert, url=url)

    async def _turn(self, chat: Chat, *, edit: bool) -> None:
        """Wait for the chat's window, then for a slot; both are taken before pushes get them."""
        wait = await self._queue.slot(chat, edit=edit)
        if wait:
            await asyncio.sleep(min(wait, LONGEST_WAIT).total_seconds())
            await self._queue.slot(chat, edit=edit, force=True)
        await self._pace.take()

    async def _goes_on(self, chat: Chat, outcome: Outcome, attempt: int) -> bool:
        """Whether another try makes sense, after the pause that the refusal asks for."""
        if outcome.action is Action.WAIT:
            pause = outcome.retry_after or timedelta(seconds=1)
            await self._pace.flooded(chat.id, pause)
            if pause > LONGEST_WAIT:
                return False
            await asyncio.sleep(pause.total_seconds())
            return True
        if outcome.action in (Action.RETRY, Action.UNCERTAIN):
            await asyncio.sleep(2**attempt / 2)
            return True
        if outcome.action is Action.PAUSE:
            await self._chats.pause(chat.id, outcome.sentence)
        elif outcome.action is Action.PLAIN:
            return True
        log.warning("an answer to chat %s was refused: %s", chat.id, outcome.sentence)
        return False
