"""Answers to people: in the pace and the chat's own window, ahead of pushes.

Callback and inline answers are exempt from both. A refusal is acted on as for a push, except
that an answer is not kept: the person will ask again.
"""

import asyncio
import logging
from datetime import timedelta

from bot.errors import RequestError
from bot.messenger.refusals import Action, Outcome
from bot.messenger.telegram import Messenger
from bot.models.chats import Chat
from bot.models.identifiers import MessageId, ThreadId
from bot.models.messages import View
from bot.services.paced_requests import PacedRequests
from bot.store.chats import ChatStore
from bot.store.deliveries import AT_ONCE, DeliveryQueue
from bot.store.pace import Pace

log = logging.getLogger(__name__)

TRIES = 3
LONGEST_WAIT = timedelta(seconds=65)
"""A group's full window is free again within 61 s."""


class Replies:
    """Sends and edits what a handler answers."""

    def __init__(
        self, messenger: Messenger, queue: DeliveryQueue, pace: Pace, chats: ChatStore
    ) -> None:
        self._messenger = messenger
        self._requests = PacedRequests(messenger, pace)
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
        for attempt in range(TRIES):
            if not await self._turn(chat, edit=False):
                break
            outcome = await self._requests.send(
                chat, thread, view, silent=silent, reply_to=reply_to
            )
            if outcome.message_id is not None:
                return outcome.message_id
            if outcome.action is Action.MOVE and outcome.moved_to is not None:
                chat = await self._chats.move(chat.id, outcome.moved_to) or chat
            elif not await self._goes_on(chat, outcome, attempt):
                break
        return None

    async def admit(self, chat: Chat, *, anyone: bool) -> None:
        """Reserve the edit that a press in a group or channel leads to. `anyone`: not admins only.
        Raises RequestError at once where there is no room: who still wants it presses again.
        """
        wait = await self._queue.press(chat, anyone=anyone)
        if wait > AT_ONCE:
            seconds = -(-wait // timedelta(seconds=1))
            raise RequestError(
                f"Too many presses in this chat just now. Try again in {seconds} s, "
                "or ask me in a private chat."
            )

    async def edit(
        self, chat: Chat, message_id: MessageId, view: View, *, admitted: bool = False
    ) -> bool:
        """Show the view in place of the message; false when Telegram refused. `admitted`: its slot
        is reserved.
        """
        for attempt in range(TRIES):
            if not (admitted and attempt == 0) and not await self._turn(chat, edit=True):
                break
            outcome = await self._requests.edit(chat, message_id, view)
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

    async def _turn(self, chat: Chat, *, edit: bool) -> bool:
        """Wait for the chat's window, whose next slot pushes do not get; false if it is too far."""
        wait = await self._queue.slot(chat, edit=edit, ahead=LONGEST_WAIT)
        if wait > LONGEST_WAIT:
            log.warning("an answer to chat %s would come %s too late", chat.id, wait)
            return False
        await asyncio.sleep(wait.total_seconds())
        return True

    async def _goes_on(self, chat: Chat, outcome: Outcome, attempt: int) -> bool:
        """Whether another try makes sense, after the pause that the refusal asks for."""
        if outcome.action is Action.WAIT:
            pause = outcome.retry_after or timedelta(seconds=1)
            # The chat's window waits the pause out, for pushes too.
            await self._queue.hold(chat.id, pause)
            await self._pace.flooded(chat.id, pause)
            return True
        if outcome.action in (Action.RETRY, Action.UNCERTAIN):
            await asyncio.sleep(2**attempt / 2)
            return True
        if outcome.action is Action.PAUSE:
            await self._chats.pause(chat.id, outcome.sentence)
        if outcome.action is Action.MOVE and outcome.moved_to is not None:
            # What was to be edited stays behind: a supergroup numbers its messages anew.
            await self._chats.move(chat.id, outcome.moved_to)
        if outcome.action is Action.STOP:
            # Told once, for all requests.
            return False
        log.warning("an answer to chat %s was refused: %s", chat.id, outcome.sentence)
        return False
