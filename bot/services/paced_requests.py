"""Requests that write into a chat, in the bot's overall pace.

Each waits for its slot, tries once more as plain text when the form is refused, and tells the pace
whether a flood is over. A chat's own window is its caller's affair, and so is what a refusal means.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime

from bot.messenger.refusals import Action, Outcome
from bot.messenger.telegram import Messenger
from bot.models.chats import Chat
from bot.models.identifiers import MessageId, ThreadId
from bot.models.messages import View
from bot.store.pace import Pace

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
        """Send a view."""
        return await self._write(
            lambda plain: self._messenger.send(
                chat.address, thread, view, silent=silent, reply_to=reply_to, plain=plain
            ),
            before,
        )

    async def edit(
        self, chat: Chat, message_id: MessageId, view: View, *, before: datetime | None = None
    ) -> Outcome:
        """Make a message read like a view."""
        return await self._write(
            lambda plain: self._messenger.edit(chat.address, message_id, view, plain=plain), before
        )

    async def _write(self, write: Write, before: datetime | None) -> Outcome:
        outcome = await self._one(write, False, before)
        if outcome.action is Action.PLAIN:
            outcome = await self._one(write, True, before)
        return outcome

    async def _one(self, write: Write, plain: bool, before: datetime | None) -> Outcome:
        await self._pace.take(before=before)
        outcome = await write(plain)
        if outcome.action not in _TELLS_NOTHING:
            await self._pace.went_through()
        return outcome
