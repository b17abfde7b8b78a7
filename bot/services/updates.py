"""The one intake of Telegram's updates, for polling and for the webhook.

An update is in Redis before Telegram may forget it; what happens to it there is in
update_handling. Inline queries live 30 seconds and bypass the inbox. When Redis takes nothing,
Telegram keeps the updates, and whoever asks for the status is answered without Redis.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import orjson

from bot.errors import StoreError
from bot.models.identifiers import ChatId
from bot.store.updates import NewUpdate, Taken, UpdateInbox

log = logging.getLogger(__name__)

SETTLED_KEPT = 10_000
CROWDED = "Too many updates wait to be handled; Telegram keeps the others."

RawUpdate = dict[str, Any]
Handle = Callable[[RawUpdate], Awaitable[None]]
WithoutStore = Callable[[RawUpdate, StoreError], Awaitable[bool]]
"""Answers an update without Redis, if it is one that can be; true when it did."""


class UpdateIntake:
    """Takes updates in, each once, from whichever side they come."""

    def __init__(
        self, inbox: UpdateInbox, answer_inline: Handle, answer_without_store: WithoutStore
    ) -> None:
        self._inbox = inbox
        self._answer_inline = answer_inline
        self._answer_without_store = answer_without_store
        self._settled: OrderedDict[int, None] = OrderedDict()
        """Numbers of what was done without the inbox: a copy is not done again."""
        self.trouble = ""
        """Why updates cannot be stored just now; "" while they are."""

    async def take_all(self, updates: Sequence[RawUpdate]) -> list[bool]:
        """As `take`, for updates in order: one trip to Redis."""
        return list(await asyncio.gather(*(self.take(raw) for raw in updates)))

    async def take(self, raw: RawUpdate) -> bool:
        """Whether Telegram may forget the update: it is in Redis, or was answered, or is one that
        nobody could handle. Raises KeyError, TypeError or ValueError for one without a number.
        """
        number = int(raw["update_id"])
        if number in self._settled:
            return True
        try:
            if "inline_query" in raw:
                await self._answer_inline(raw)
                self._settle(number)
            else:
                await self._store(raw)
        except StoreError as error:
            self._complain(error)
            return await self._answered_without_store(raw, error)
        except (KeyError, TypeError, ValueError, AttributeError):
            # Asked for again it would be the same: it must not keep back the others.
            log.exception("an update of an unknown form is left out: %.2000s", raw)
        return True

    async def _store(self, raw: RawUpdate) -> None:
        update = NewUpdate(int(raw["update_id"]), origin(raw), orjson.dumps(raw), told_once(raw))
        taken = await self._inbox.take(update)
        if taken is Taken.FULL:
            raise StoreError(CROWDED)
        if taken is Taken.DROPPED:
            log.warning("chat %s asks faster than it can be answered: one dropped", update.origin)
        if self.trouble:
            log.warning("updates are stored again")
            self.trouble = ""

    def _complain(self, error: StoreError) -> None:
        told, self.trouble = self.trouble, f"updates cannot be stored: {error}"
        if told != self.trouble:
            log.error("%s Telegram keeps them meanwhile.", self.trouble)

    async def _answered_without_store(self, raw: RawUpdate, error: StoreError) -> bool:
        try:
            answered = await self._answer_without_store(raw, error)
        except Exception:
            log.exception("an update could not be answered without Redis: %.2000s", raw)
            return False
        if answered:
            self._settle(int(raw["update_id"]))
        return answered

    def _settle(self, number: int) -> None:
        self._settled[number] = None
        while len(self._settled) > SETTLED_KEPT:
            self._settled.popitem(last=False)


_KINDS = ("message", "edited_message", "channel_post", "edited_channel_post", "my_chat_member")
_MOVES = ("migrate_to_chat_id", "migrate_from_chat_id")


def origin(raw: Mapping[str, Any]) -> ChatId:
    """The chat whose order the update belongs to; a person's id where there is no chat."""
    for kind in _KINDS:
        if kind in raw:
            return ChatId(int(raw[kind]["chat"]["id"]))
    callback = raw.get("callback_query")
    if callback and "message" in callback:
        return ChatId(int(callback["message"]["chat"]["id"]))
    for value in raw.values():
        if isinstance(value, Mapping) and isinstance(value.get("from"), Mapping):
            return ChatId(int(value["from"]["id"]))
    return ChatId(0)


def told_once(raw: Mapping[str, Any]) -> bool:
    """What nobody would say again: the bot's own membership, a group that becomes another."""
    message = raw.get("message")
    return "my_chat_member" in raw or (
        isinstance(message, Mapping) and any(move in message for move in _MOVES)
    )
