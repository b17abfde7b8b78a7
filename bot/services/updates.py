"""The intake of Telegram's updates: stored, acknowledged, handled in order within a chat.

An update is in Redis before Telegram's offset moves past it, and leaves it when its handler has
returned, so a crash repeats at most what was being handled. Inline queries live 30 seconds and
go to their handler directly.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson

from bot.errors import StoreError
from bot.messenger.refusals import RefusedError
from bot.messenger.telegram import Messenger
from bot.models.identifiers import ChatId
from bot.services.stopping import Stopping
from bot.store.clock import Clock
from bot.store.updates import StoredUpdate, UpdateInbox

log = logging.getLogger(__name__)

POLL = timedelta(seconds=25)
HANDLE_AT_MOST = timedelta(seconds=90)
DRAIN = timedelta(seconds=5)
FORGET_AGAIN = timedelta(seconds=1)
WAITING_MOST = 50
"""Updates of one chat not handled yet. Observation: a group may ask faster than its 20 answers a
minute go out, and a full inbox stops the updates of everybody. Rule: what a chat asks beyond is
dropped. Known exception: the bot's own membership, which is told only once.
"""

RawUpdate = dict[str, Any]
Handle = Callable[[RawUpdate], Awaitable[None]]


class UpdateIntake:
    """Long polling in the process with the role `commands`."""

    def __init__(
        self,
        messenger: Messenger,
        inbox: UpdateInbox,
        handle: Handle,
        clock: Clock,
        stopping: Stopping,
    ) -> None:
        self._messenger = messenger
        self._inbox = inbox
        self._handle = handle
        self._clock = clock
        self._stopping = stopping
        self._last: dict[ChatId, asyncio.Task[None]] = {}
        self._flying: set[asyncio.Task[None]] = set()
        self._waiting: Counter[ChatId] = Counter()
        self.last_round: datetime | None = None

    async def run(self) -> None:
        """Poll until stopped; what is being handled then gets a few seconds to end."""
        await self._take_up()
        offset = 0
        while not self._stopping.requested:
            try:
                offset = await self._round(offset)
            except RefusedError as error:
                log.error("updates are refused: %s", error)
                await self._stopping.rest(timedelta(seconds=5))
            except Exception as error:
                await self._stopping.recover("the intake of updates", error)
        if self._flying:
            await asyncio.wait(self._flying, timeout=DRAIN.total_seconds())
        await self._cut_short()

    async def _take_up(self) -> None:
        """Begin with what an earlier run left: it is older than all that Telegram still keeps."""
        while not self._stopping.requested:
            try:
                left = await self._inbox.left()
            except StoreError as error:
                await self._stopping.recover("the intake of updates", error)
            else:
                for update in left:
                    self._begin(orjson.loads(update.body), update)
                return

    async def _cut_short(self) -> None:
        """What is still being handled stays in the inbox for the next run."""
        cut = tuple(self._flying)
        for task in cut:
            task.cancel()
        await asyncio.gather(*cut, return_exceptions=True)

    async def _round(self, offset: int) -> int:
        """One getUpdates; the answer is the offset that confirms what was stored."""
        fetching = asyncio.create_task(self._messenger.get_updates(offset or None, timeout=POLL))
        stopped = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({fetching, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not fetching.done():
            fetching.cancel()
            return offset
        for raw in fetching.result():
            try:
                await self.take(raw)
            except (KeyError, TypeError, ValueError):
                # Asked for again it would be the same: it must not keep back the others.
                log.exception("an update of an unknown form is left out: %.2000s", raw)
            offset = int(raw["update_id"]) + 1
        self.last_round = self._clock.now()
        return offset

    async def take(self, raw: RawUpdate) -> None:
        """Store one update and let it be handled. Raises StoreError: then it is not taken."""
        if "inline_query" in raw:
            self._begin(raw, None)
            return
        chat = origin(raw)
        if self._waiting[chat] >= WAITING_MOST and "my_chat_member" not in raw:
            log.warning("chat %s asks faster than it can be answered: one dropped", chat)
            return
        stored = await self._inbox.take(int(raw["update_id"]), chat, orjson.dumps(raw))
        if stored is not None:
            self._begin(raw, stored)

    def _begin(self, raw: RawUpdate, stored: StoredUpdate | None) -> None:
        """Handle after the chat's earlier updates, beside those of other chats."""
        chat = origin(raw)
        before = self._last.get(chat) if stored else None
        task = asyncio.create_task(self._finish(raw, stored, before))
        self._flying.add(task)
        if stored:
            self._last[chat] = task
            self._waiting[chat] += 1
        task.add_done_callback(lambda done: self._ended(chat, done, counted=stored is not None))

    def _ended(self, chat: ChatId, task: asyncio.Task[None], *, counted: bool) -> None:
        self._flying.discard(task)
        if counted:
            self._waiting[chat] -= 1
            if not self._waiting[chat]:
                del self._waiting[chat]
        if self._last.get(chat) is task:
            del self._last[chat]

    async def _finish(
        self, raw: RawUpdate, stored: StoredUpdate | None, before: asyncio.Task[None] | None
    ) -> None:
        if before is not None:
            await asyncio.wait({before})
        try:
            async with asyncio.timeout(HANDLE_AT_MOST.total_seconds()):
                await self._handle(raw)
        except Exception:
            # Not repeated: an update that breaks its handler would break it again.
            log.exception("update %s could not be handled", raw.get("update_id"))
        if stored is not None:
            await self._forget(stored)

    async def _forget(self, stored: StoredUpdate) -> None:
        """Take it out of the inbox, also where Redis is away for a moment: what stays there is
        handled again by the next run.
        """
        while True:
            try:
                await self._inbox.done(stored)
            except StoreError as error:
                log.warning("an update that was handled still waits: %s", error)
                if self._stopping.requested:
                    return
                await self._stopping.rest(FORGET_AGAIN)
            else:
                return


_KINDS = ("message", "edited_message", "channel_post", "edited_channel_post", "my_chat_member")


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
