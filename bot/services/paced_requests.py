"""Requests that write into a chat, in the bot's overall pace.

Each waits for its slot, tries once more as plain text when the form is refused, and tells the pace
whether a flood is over. A chat's own window is its caller's affair, and so is what a refusal means.
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import datetime

from bot.errors import StoreError
from bot.messenger.refusals import Action, Outcome
from bot.messenger.telegram import Messenger
from bot.models.chats import Chat
from bot.models.identifiers import MessageId, ThreadId
from bot.models.messages import View
from bot.store.pace import Pace

log = logging.getLogger(__name__)

_TELLS_NOTHING = frozenset({Action.WAIT, Action.RETRY, Action.UNCERTAIN, Action.STOP})
"""About whether Telegram takes requests again."""

Write = Callable[[bool], Awaitable[Outcome]]
"""One request; True asks for plain text."""


class PacedRequests:
    """What pushes and answers share. `before`: see Pace.take, whose TooLateError passes through."""

    def __init__(self, messenger: Messenger, pace: Pace) -> None:
        self._messenger = messenger
        self._pace = pace

    async def send(
        self,
        chat: Chat,
        thread: ThreadId,
        view: View,
        *,
        silent: bool,
        reply_to: MessageId | None = None,
        before: datetime | None = None,
    ) -> Outcome:
        """Send a view; where the message to reply to is gone, without a reply."""

        async def write(plain: bool) -> Outcome:
            return await self._messenger.send(
                chat.address, thread, view, silent=silent, reply_to=reply_to, plain=plain
            )

        outcome = await self._write(write, before)
        if outcome.action is Action.GONE and reply_to is not None:
            return await self.send(chat, thread, view, silent=silent, before=before)
        return outcome

    async def edit(
        self, chat: Chat, message_id: MessageId, view: View, *, before: datetime | None = None
    ) -> Outcome:
        """Make a message read like a view."""

        async def write(plain: bool) -> Outcome:
            return await self._messenger.edit(chat.address, message_id, view, plain=plain)

        if self._pace.edits is not None:
            await self._pace.edits.take(before=before)
        return await self._write(write, before)

    async def _write(self, write: Write, before: datetime | None) -> Outcome:
        outcome = await self._one(write, False, before)
        if outcome.action is Action.PLAIN:
            outcome = await self._one(write, True, before)
        return outcome

    async def _one(self, write: Write, plain: bool, before: datetime | None) -> Outcome:
        await self._pace.take(before=before)
        outcome = await write(plain)
        try:
            await self._note(outcome)
        except StoreError as error:
            # What became of the request must reach the caller: what was sent is recorded there.
            log.warning("the other senders do not learn how a request ended: %s", error)
        return outcome

    async def _note(self, outcome: Outcome) -> None:
        standing = self._pace.standing
        if outcome.action is Action.UNCERTAIN:
            await standing.doubt()
        elif outcome.action is Action.STOP:
            if await standing.refuse_token(outcome.sentence):
                log.error("nothing is sent until the token works: %s", outcome.sentence)
        elif outcome.action not in _TELLS_NOTHING:
            await self._pace.went_through()
