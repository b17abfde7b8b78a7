"""The intake of Telegram's updates: stored, acknowledged, handled in order within a chat.

An update is in Redis before Telegram's offset moves past it, and leaves it when its handler has
returned, so a crash repeats at most what was being handled. Inline queries live 30 seconds and
go to their handler directly.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import orjson

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
        self.last_round: datetime | None = None

    async def run(self) -> None:
        """Poll until stopped; what is being handled then gets a few seconds to end."""
        for update in await self._inbox.left():
            self._begin(orjson.loads(update.body), update)
        offset = 0
        while not self._stopping.requested:
            try:
                offset = await self._round(offset)
            except RefusedError as error:
                log.error("updates are refused: %s", error)
                await self._stopping.rest(timedelta(seconds=5))
            except Exception:
                log.exception("updates could not be fetched; tried again in two seconds")
                await self._stopping.rest(timedelta(seconds=2))
        if self._flying:
            await asyncio.wait(self._flying, timeout=DRAIN.total_seconds())

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
            await self.take(raw)
            offset = int(raw["update_id"]) + 1
        self.last_round = self._clock.now()
        return offset

    async def take(self, raw: RawUpdate) -> None:
        """Store one update and let it be handled. Raises StoreError: then it is not taken."""
        if "inline_query" in raw:
            self._begin(raw, None)
            return
        stored = await self._inbox.take(int(raw["update_id"]), origin(raw), orjson.dumps(raw))
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
        task.add_done_callback(lambda done: self._ended(chat, done))

    def _ended(self, chat: ChatId, task: asyncio.Task[None]) -> None:
        self._flying.discard(task)
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
            await self._inbox.done(stored)


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
