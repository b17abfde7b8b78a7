"""Updates out of the inbox: claimed by chat, handled in order there, side by side across chats.

Any number of processes with the role `commands` share the inbox. A claim is its process's while
its heart beats: one that is silent for 4 seconds loses what it had claimed to the others. An update
leaves Redis when its handler has returned, so a crash repeats at most what was being handled.
"""

import asyncio
import itertools
import logging
import secrets
import time
from collections.abc import Iterable
from datetime import datetime, timedelta

import orjson

from bot.errors import StoreError
from bot.services.stopping import Stopping
from bot.services.updates import Handle, RawUpdate
from bot.store.clock import Clock
from bot.store.updates import NO_ANSWER, ClaimedUpdate, UpdateInbox

log = logging.getLogger(__name__)

HEARTBEAT = timedelta(seconds=1)
FRESH = timedelta(seconds=3)
"""With an older heartbeat nothing new is begun: the others may take it over soon."""
DEAD_AFTER = timedelta(seconds=4)
HANDLE_AT_MOST = timedelta(seconds=90)
TRIES = 3
"""Of an update during which Redis went away."""
DRAIN = timedelta(seconds=5)
LEAVE = timedelta(seconds=1)
MOMENT = timedelta(milliseconds=100)
AGAIN = timedelta(seconds=1)
MOST_AT_ONCE = 64
"""Chats in one process."""
CLAIM_MOST = 16
"""Chats in one claim, so that processes share a burst."""
INLINE_AT_ONCE = 64


class UpdateHandling:
    """One in each process with the role `commands`."""

    def __init__(
        self, inbox: UpdateInbox, handle: Handle, clock: Clock, stopping: Stopping
    ) -> None:
        self._inbox = inbox
        self._handle = handle
        self._clock = clock
        self._stopping = stopping
        self._flying: set[asyncio.Task[None]] = set()
        self._inline: set[asyncio.Task[None]] = set()
        self._requests = itertools.count()
        self._begin_anew()
        self.last_round: datetime | None = None

    def _begin_anew(self) -> None:
        self._owner = secrets.token_hex(6)
        self._known = False
        self._unanswered: str | None = None
        self._beaten = self._steady_since = float("-inf")
        """Times of the monotonic clock: the last heartbeat, the first of an unbroken row."""

    async def run(self) -> None:
        """Handle until stopped; what is being handled then gets a few seconds to end."""
        woken = True
        while not self._stopping.requested:
            try:
                if woken or time.monotonic() - self._beaten >= HEARTBEAT.total_seconds():
                    await self._look(CLAIM_MOST)
                woken = await self._sleep()
                self.last_round = self._clock.now()
            except Exception as error:
                await self._stopping.recover("the handling of updates", error)
        await self._drain()

    async def answer_inline(self, raw: RawUpdate) -> None:
        """Begin to handle an inline query, beside everything else."""
        if len(self._inline) >= INLINE_AT_ONCE or self._stopping.requested:
            log.warning("an inline query is left unanswered: too many at once, or stopping")
            return
        task = asyncio.create_task(self._handled_once(raw))
        self._inline.add(task)
        task.add_done_callback(self._inline.discard)

    async def _sleep(self) -> bool:
        """Wait in Redis; false when what came was only an inline query."""
        left = HEARTBEAT - timedelta(seconds=time.monotonic() - self._beaten)
        waiting = asyncio.create_task(self._inbox.wait(max(left, MOMENT)))
        stopped = asyncio.create_task(self._stopping.wait())
        await asyncio.wait({waiting, stopped}, return_when=asyncio.FIRST_COMPLETED)
        stopped.cancel()
        if not waiting.done():
            await _cut((waiting,))
            return False
        body = waiting.result()
        if body is not None:
            await self.answer_inline(orjson.loads(body))
        return body is None

    async def _look(self, most: int) -> None:
        """Beat, and begin with the chats that this process may claim."""
        begun = time.monotonic()
        if begun - self._beaten > FRESH.total_seconds():
            # Redis or this process stood still: the others could not beat, or were not heard.
            self._steady_since = begun
        judges = begun - self._steady_since >= DEAD_AFTER.total_seconds()
        again = self._unanswered is not None
        self._unanswered = self._unanswered or str(next(self._requests))
        claimed = await self._inbox.claim(
            self._owner,
            self._unanswered,
            most=max(0, min(most, MOST_AT_ONCE - len(self._flying))),
            known=self._known,
            again=again,
            silent_for=DEAD_AFTER if judges else None,
        )
        self._unanswered = None
        if claimed is None:
            await self._lose()
            return
        self._beaten, self._known = begun, True
        for update in claimed:
            task = asyncio.create_task(self._serve(update))
            self._flying.add(task)
            task.add_done_callback(self._flying.discard)

    async def _lose(self) -> None:
        """Another process took over what this one had claimed."""
        log.warning("this process was silent for too long: its updates are handled by others")
        await _cut(self._flying)
        self._begin_anew()

    async def _serve(self, update: ClaimedUpdate) -> None:
        """Handle the updates of a chat until none is left."""
        current: ClaimedUpdate | None = update
        while current is not None and await self._may_begin():
            if not await self._handled(current):
                return
            current = await self._done(current)

    async def _may_begin(self) -> bool:
        while time.monotonic() - self._beaten > FRESH.total_seconds():
            await self._stopping.rest(MOMENT)
            if self._stopping.requested:
                break
        return not self._stopping.requested

    async def _handled(self, update: ClaimedUpdate) -> bool:
        """False when it must stay in the inbox: Redis is away, and the process stops."""
        raw = orjson.loads(update.body)
        for _ in range(TRIES):
            try:
                await self._handled_once(raw)
            except StoreError as error:
                log.warning("update %s is tried again: %s", update.number, error)
                await self._stopping.rest(AGAIN)
                if not await self._may_begin():
                    return False
            else:
                return True
        log.error("update %s is given up: Redis does not do what it needs", update.number)
        return True

    async def _handled_once(self, raw: RawUpdate) -> None:
        """Raises StoreError only: an update that breaks its handler would break it again."""
        try:
            async with asyncio.timeout(HANDLE_AT_MOST.total_seconds()):
                await self._handle(raw)
        except StoreError:
            if "inline_query" not in raw:
                raise
            log.warning("an inline query is left unanswered: Redis is away")
        except Exception:
            log.exception("update %s could not be handled", raw.get("update_id"))

    async def _done(self, update: ClaimedUpdate) -> ClaimedUpdate | None:
        """Take it out of the inbox, also where Redis is away for a moment: what stays there is
        handled again.
        """
        while True:
            try:
                return await self._inbox.done(update)
            except StoreError as error:
                log.warning("an update that was handled still waits: %s", error)
                if self._stopping.requested:
                    return None
                await self._stopping.rest(AGAIN)

    async def _drain(self) -> None:
        """Finish what is being handled, then give back what is not begun or hangs."""
        ends = time.monotonic() + DRAIN.total_seconds()
        while (flying := self._flying | self._inline) and time.monotonic() < ends:
            left = min(HEARTBEAT.total_seconds(), ends - time.monotonic())
            _, late = await asyncio.wait(flying, timeout=left)
            if late:
                await self._beat_within(timedelta(seconds=max(0.0, ends - time.monotonic())))
        await _cut(self._flying | self._inline)
        try:
            async with asyncio.timeout(LEAVE.total_seconds()):
                await self._inbox.leave(self._owner)
        except (StoreError, TimeoutError) as error:
            log.warning(
                "what waits is found by others in a few seconds: %s", str(error) or NO_ANSWER
            )

    async def _beat_within(self, patience: timedelta) -> None:
        try:
            async with asyncio.timeout(min(patience, HEARTBEAT).total_seconds()):
                await self._look(0)
        except (StoreError, TimeoutError) as error:
            log.warning("no heartbeat while stopping: %s", str(error) or NO_ANSWER)


async def _cut(tasks: Iterable[asyncio.Task[object]] | Iterable[asyncio.Task[None]]) -> None:
    cut = tuple(tasks)
    left = set(cut)
    while left:
        # Again and again: libraries lose a cancellation now and then.
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=MOMENT.total_seconds())
    await asyncio.gather(*cut, return_exceptions=True)
