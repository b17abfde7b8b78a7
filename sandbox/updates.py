"""The bot's queue of updates: ids, allowed kinds, confirmation by offset, and long polling.

Rules from tdlib/telegram-bot-api (Client.cpp, TQueue): ids are sequential from a random start; an
offset confirms everything below it; a negative one keeps only the newest; the kinds allowed are
remembered and applied when an update is created; a second poll ends the first with a 409.
Left out on purpose: the three-second delays for a repeated offset and for repeated conflicts.
"""

import asyncio
import random
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sandbox.values import JsonObject, Refusal, conflict

KINDS = (
    "message",
    "edited_message",
    "channel_post",
    "edited_channel_post",
    "inline_query",
    "chosen_inline_result",
    "callback_query",
    "my_chat_member",
    "chat_member",
    "chat_join_request",
    "message_reaction",
    "message_reaction_count",
    "poll",
    "poll_answer",
    "pre_checkout_query",
    "shipping_query",
    "chat_boost",
    "removed_chat_boost",
)
_NOT_BY_DEFAULT = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
QUEUE_LIMIT = 100_000
LONGEST_POLL = 50
FAR_OFFSET = 10


@dataclass(frozen=True, slots=True)
class Update:
    """One update; `lane` names what must stay in order: a chat, or a person's queries."""

    id: int
    lane: str
    body: JsonObject


class Updates:
    """Everything the bot has not confirmed yet, in order."""

    def __init__(self) -> None:
        self.pending: OrderedDict[int, Update] = OrderedDict()
        self.allowed: frozenset[str] = frozenset(KINDS) - _NOT_BY_DEFAULT
        self.listener: Callable[[Update], None] | None = None
        self.next_id = random.randrange(100_000_000, 900_000_000)  # not a secret
        self._waiting: asyncio.Future[None] | None = None

    def allow(self, kinds: Iterable[str]) -> None:
        """Remember the kinds wanted from now on; none means the default kinds."""
        known = frozenset(kinds) & frozenset(KINDS)
        self.allowed = known or frozenset(KINDS) - _NOT_BY_DEFAULT

    def put(self, kind: str, content: JsonObject, lane: str) -> None:
        """Queue an update of an allowed kind and wake whoever waits for it."""
        if kind not in self.allowed or len(self.pending) >= QUEUE_LIMIT:
            return
        update = Update(self.next_id, lane, {"update_id": self.next_id, kind: content})
        self.next_id += 1
        self.pending[update.id] = update
        if self.listener is not None:
            self.listener(update)
        elif self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def confirm(self, update_id: int) -> None:
        """Drop one delivered update (a webhook's)."""
        self.pending.pop(update_id, None)

    def drop_all(self) -> None:
        """Drop everything pending (`drop_pending_updates`)."""
        self.pending.clear()

    async def poll(self, offset: int, limit: int, timeout: int) -> list[JsonObject]:
        """What getUpdates answers, after at most `timeout` seconds; raises a 409 Refusal."""
        self.interrupt(
            conflict(
                "terminated by other getUpdates request; "
                "make sure that only one bot instance is running"
            )
        )
        self._confirm_below(offset)
        if not self.pending and timeout > 0:
            await self._wait(min(timeout, LONGEST_POLL))
        wanted = limit if 1 <= limit <= 100 else 100
        bodies: list[JsonObject] = []
        for update in self.pending.values():
            bodies.append(update.body)
            if len(bodies) >= wanted:
                break
        return bodies

    def interrupt(self, refusal: Refusal) -> None:
        """End a waiting poll with a refusal."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_exception(refusal)

    def stop(self) -> None:
        """End a waiting poll with what there is."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    def _confirm_below(self, offset: int) -> None:
        if offset < 0:
            while len(self.pending) > -offset:
                self.pending.popitem(last=False)
        elif offset <= self.next_id + FAR_OFFSET:
            while self.pending and next(iter(self.pending)) < offset:
                self.pending.popitem(last=False)

    async def _wait(self, timeout: int) -> None:
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting = waiting
        try:
            async with asyncio.timeout(timeout):
                await waiting
        except TimeoutError:
            return
        finally:
            if self._waiting is waiting:
                self._waiting = None
