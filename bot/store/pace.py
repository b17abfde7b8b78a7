"""The bot's overall pace and the senders' heartbeats, under the tag {pace}.

All processes that send share it. A chat's own window is in bot.store.deliveries.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakSet

from bot.config import Rate
from bot.errors import TooLateError
from bot.models.identifiers import ChatId
from bot.store import keys_deliveries as keys
from bot.store.client import Database
from bot.store.clock import from_milliseconds, milliseconds
from bot.store.gathering import Gathering
from bot.store.heartbeats import Heartbeats
from bot.store.keys_dead_letters import edit_slots
from bot.store.standing import Standing

HORIZON = timedelta(milliseconds=250)
"""Work claimed ahead of its slots: what is more urgent waits no longer than this."""
FLOOD_WINDOW = timedelta(seconds=30)
PAUSE_MOST = timedelta(seconds=60)
"""For everyone. Observation: two chats alone may be told to wait for hours. Rule: the others are
tried again after a minute, by one request; a flood of the whole bot answers that with a 429.
"""
SLOTS = keys.slots()
PAUSES = (keys.pause(), keys.probe())
OVERDUE = timedelta(milliseconds=100)
"""Observation: a process that did not get the processor for a while wakes up with all the slots of
that time, and used together they are a burst that Telegram refuses. Rule: a slot that is missed by
more than this is given up for a new one.
"""
MISSED_MOST = 3
"""Then a request goes in any case: a machine that is always late must not stop sending."""
PROBE_LEASE = timedelta(seconds=30)
DEAD_AFTER = timedelta(seconds=4)
"""A sender that has not beaten for so long may have lost its leases."""
_MICROSECOND = timedelta(microseconds=1)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Room:
    """How many requests may be claimed now, and otherwise how long to wait."""

    count: int
    delay: timedelta


@dataclass(frozen=True, slots=True)
class Turn:
    """A slot; or, not granted, when to ask again."""

    at: datetime
    granted: bool
    probe: bool
    """The first request after a pause, which tries whether it is over."""


class Pace:
    """GCRA over SEND_RATE (generic cell rate algorithm, ITU-T I.371): spaced slots, no bursts."""

    def __init__(
        self,
        database: Database,
        rate: Rate,
        *,
        edits: Rate | None = None,
        slots: str = SLOTS,
    ) -> None:
        """`edits`: their own rate, where messages may go faster against payment; they count for
        the overall rate too. `slots`: the key of the next slot.
        """
        self._database = database
        self.edits = Pace(database, edits, slots=edit_slots()) if edits else None
        self.senders = Heartbeats(database, keys.senders())
        """Owners of delivery leases."""
        self.standing = Standing(database)
        self._gap = rate.interval // _MICROSECOND
        # Only the overall rate knows pauses: one request must not be probe twice.
        pause, probe = (f"{slots}:pause", f"{slots}:probe") if slots != SLOTS else PAUSES
        self._keys = [slots, pause, probe]
        self._probing = False
        self._turns: Gathering[datetime, Turn] = Gathering(self._reserve_in_time)
        self._turns_in_any_case: Gathering[None, Turn] = Gathering(self._reserve)
        self._with_slot: WeakSet[asyncio.Task[Any]] = WeakSet()

    @property
    def most_ahead(self) -> int:
        """How many requests the pace has room for when nothing was sent for a while."""
        return HORIZON // _MICROSECOND // self._gap + 1

    def has_slot(self, task: "asyncio.Task[Any]") -> bool:
        """Whether a task of this process ever reserved a slot: until then it is work to come."""
        return task in self._with_slot

    async def room(self, most: int) -> Room:
        """A look that reserves nothing. Raises StoreError."""
        arrival, pause = (
            await self._database.batch()
            .command("GET", keys.slots())
            .command("GET", keys.pause())
            .run()
        )
        now = self._now()
        if pause is not None and int(pause) * 1000 > now:
            return Room(0, timedelta(microseconds=int(pause) * 1000 - now))
        behind = max(int(float(arrival or 0)) - now, 0)
        count = (HORIZON // _MICROSECOND - behind) // self._gap + 1
        if count <= 0:
            return Room(0, timedelta(microseconds=behind) - HORIZON + timedelta(milliseconds=1))
        return Room(min(count, most), timedelta())

    async def take(self, *, before: datetime | None = None) -> None:
        """Reserve one slot and wait for it; during a pause, wait for its end.

        Raises TooLateError, with nothing reserved, when the slot would not come `before` then; and
        when this process stood still meanwhile, so that it is later than that, or the other
        senders may have taken it for dead.
        """
        missed = 0
        while True:
            turn = await (self._turns(before) if before else self._turns_in_any_case(None))
            if turn.granted:
                self._probing = self._probing or turn.probe
                if (task := asyncio.current_task()) is not None:
                    self._with_slot.add(task)
            elif before is not None and turn.at > before:
                raise TooLateError(turn.at)
            await asyncio.sleep((turn.at - self._database.clock.now()).total_seconds())
            if not turn.granted:
                continue
            self._check_in_time(before)
            late = self._database.clock.now() - turn.at > OVERDUE
            if not late or turn.probe or missed == MISSED_MOST:
                return
            missed += 1

    def _check_in_time(self, before: datetime | None) -> None:
        now = self._database.clock.now()
        if before is not None and (now > before or self.senders.fell_silent(DEAD_AFTER)):
            raise TooLateError(now)

    async def _reserve_in_time(self, ends: Sequence[datetime]) -> list[Turn]:
        horizon = milliseconds(min(ends)) * 1000 - self._now()
        return await self._slots(len(ends), max(horizon, 1))

    async def _reserve(self, calls: Sequence[None]) -> list[Turn]:
        return await self._slots(len(calls), 0)

    async def _slots(self, want: int, horizon: int) -> list[Turn]:
        """So many of the next slots; for those beyond the horizon, when to ask again."""
        now = self._now()
        granted, delay, probe = await self._database.script("pace_reserve")(
            keys=self._keys, args=[now, self._gap, want, horizon, PROBE_LEASE // _MILLISECOND]
        )
        first = from_milliseconds((now + delay) / 1000)
        gap = self._gap * _MICROSECOND
        return [
            Turn(first + min(number, granted) * gap, number < granted, bool(probe))
            for number in range(want)
        ]

    async def flooded(self, chat: ChatId, retry_after: timedelta) -> bool:
        """Note a 429; true when everything is paused now."""
        answer = await self._database.script("pace_flood")(
            keys=[keys.floods(), keys.pause(), keys.probe()],
            args=[
                self._now() // 1000,
                chat,
                min(retry_after, PAUSE_MOST) // _MILLISECOND,
                FLOOD_WINDOW // _MILLISECOND,
            ],
        )
        return bool(answer)

    async def went_through(self) -> None:
        """A request was answered, not by a 429: if it was the probe, the pause is over."""
        if not self._probing:
            return
        self._probing = False
        pause = await self._database.command("GET", keys.pause())
        if pause is not None and int(pause) * 1000 <= self._now():
            await self._database.command("DEL", keys.pause(), keys.probe())

    def _now(self) -> int:
        return milliseconds(self._database.clock.now()) * 1000
