"""Long polling: exactly one process asks Telegram for updates, the others stand by.

Observation: Telegram refuses two readers of one token with 409 Conflict, and it is the older
request that gets it; two programs that both ask again at once then only take turns in failing.
Rule: processes on one Redis agree by a lease. A conflict that remains is a program that knows
nothing of this Redis: it is told once in the log and in /healthz, and Telegram is asked again only
after growing pauses. Known exception: while Redis is away the last holder goes on asking; nothing
can be stored then, but whoever asks for the status gets an answer.
Rejected: asking with a short timeout to see whether the other is there, which disturbs it as much.
"""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from bot.errors import StoreError
from bot.messenger.refusals import RefusedError
from bot.messenger.telegram import ConflictError, Messenger
from bot.services.stopping import Stopping
from bot.services.updates import RawUpdate, UpdateIntake
from bot.store.clock import Clock
from bot.store.updates import NO_ANSWER, UpdateInbox

log = logging.getLogger(__name__)

POLL = timedelta(seconds=25)
TROUBLED_POLL = timedelta(seconds=10)
"""So that the end of trouble is told soon."""
SHORTEST = timedelta(seconds=1)
LEASE = timedelta(seconds=4)
STAND_BY = timedelta(milliseconds=500)
KEEP_EACH = timedelta(seconds=1)
KEEP_WITHIN = timedelta(seconds=2)
LEAVE = timedelta(seconds=1)
REFUSED_PAUSE = timedelta(seconds=5)
UNSTORED_PAUSE = timedelta(seconds=1)

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Pauses:
    """How a bot gives way to another program with its token."""

    first: timedelta = timedelta(seconds=30)
    longest: timedelta = timedelta(minutes=5)
    calm: timedelta = timedelta(seconds=30)
    """Without a conflict for so long, the other program is gone."""


PAUSES = Pauses()


class UpdatePoller:
    """In each process with the role `commands`, while there is no webhook."""

    def __init__(
        self,
        messenger: Messenger,
        inbox: UpdateInbox,
        intake: UpdateIntake,
        clock: Clock,
        stopping: Stopping,
        *,
        pauses: Pauses = PAUSES,
    ) -> None:
        self._messenger = messenger
        self._inbox = inbox
        self._intake = intake
        self._clock = clock
        self._stopping = stopping
        self._pauses = pauses
        self._pause = pauses.first
        self._asks_since = 0.0
        self._token = secrets.token_hex(8)
        self._leads = False
        self._changed = asyncio.Event()
        self._offset = 0
        self.trouble = ""
        """Why Telegram's updates go elsewhere; "" while they do not."""
        self.last_round: datetime | None = None
        """When it last asked, or stood by."""

    async def run(self) -> None:
        """Ask or stand by until stopped."""
        keeper = asyncio.create_task(self._keep_lease())
        try:
            while not self._stopping.requested:
                if not self._leads:
                    await self._unless_changed(asyncio.Event().wait())
                    continue
                try:
                    await self._round()
                except ConflictError as error:
                    await self._give_way(error)
                except RefusedError as error:
                    log.error("updates are refused: %s", error)
                    await self._stopping.rest(REFUSED_PAUSE)
                except Exception as error:
                    await self._stopping.recover("the intake of updates", error)
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        await self._leave()

    async def _keep_lease(self) -> None:
        while not self._stopping.requested:
            try:
                await self._hold()
            except StoreError:
                # Nobody can take the lease meanwhile.
                log.debug("the lease of polling is as it was: Redis does not answer")
            if not self._leads:
                self.last_round = self._clock.now()
            await self._stopping.rest(KEEP_EACH if self._leads else STAND_BY)

    async def _hold(self) -> None:
        try:
            async with asyncio.timeout(KEEP_WITHIN.total_seconds()):
                leads = await self._inbox.hold_polling(self._token, LEASE)
        except TimeoutError as error:
            raise StoreError(NO_ANSWER) from error
        if leads is not self._leads:
            self._leads, self._offset, self.trouble = leads, 0, ""
            self._changed.set()
            log.info("this process asks Telegram for updates" if leads else "another one asks now")

    async def _leave(self) -> None:
        try:
            async with asyncio.timeout(LEAVE.total_seconds()):
                await self._inbox.leave_polling(self._token)
        except (StoreError, TimeoutError) as error:
            log.warning(
                "another process asks Telegram in a few seconds: %s", str(error) or NO_ANSWER
            )

    async def _round(self) -> None:
        """One getUpdates. The offset passes what was stored, and asking from it confirms that."""
        troubled = min(TROUBLED_POLL, max(self._pauses.calm, SHORTEST))
        patience = troubled if self.trouble else POLL
        asked = self._messenger.get_updates(self._offset or None, timeout=patience)
        updates = await self._unless_changed(asked)
        if updates is None:
            return
        self.last_round = self._clock.now()
        await self._take(updates)
        if (
            self.trouble
            and time.monotonic() - self._asks_since >= self._pauses.calm.total_seconds()
        ):
            log.warning("Telegram gives the updates to this bot again")
            self.trouble, self._pause = "", self._pauses.first

    async def _unless_changed(self, work: Coroutine[Any, Any, Value]) -> Value | None:
        """Do the work; None when stopping or a change of the lease cut it short."""
        self._changed.clear()
        tasks = [
            working := asyncio.create_task(work),
            asyncio.create_task(self._changed.wait()),
            asyncio.create_task(self._stopping.wait()),
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return working.result() if working.done() else None
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _take(self, updates: tuple[RawUpdate, ...]) -> None:
        for raw, settled in zip(updates, await self._intake.take_all(updates), strict=True):
            if not settled:
                await self._stopping.rest(UNSTORED_PAUSE)
                return
            self._offset = int(raw["update_id"]) + 1

    async def _give_way(self, error: ConflictError) -> None:
        """Leave Telegram to the other program for a while; nothing to do if it is one of ours."""
        with contextlib.suppress(StoreError):
            await self._hold()
        if not self._leads:
            return
        if not self.trouble:
            log.error(
                "Another program reads this bot's updates, so some or all do not come here. Stop "
                "it, or give one of the two a token of its own; until then this bot asks less and "
                "less often. %s",
                error,
            )
        self.trouble = f"another program reads the updates of this bot's token: {error}"
        await self._unless_changed(asyncio.sleep(self._pause.total_seconds()))
        self._pause = min(self._pause * 2, self._pauses.longest)
        self._asks_since = time.monotonic()
