"""The bot's overall pace and the senders' heartbeats, under the tag {pace}.

All processes that send share it. A chat's own window is in bot.store.deliveries.
"""

import asyncio
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
from bot.store.heartbeats import Heartbeats

HORIZON = timedelta(milliseconds=250)
"""Work claimed ahead of its slots: what is more urgent waits no longer than this."""
FLOOD_WINDOW = timedelta(seconds=30)
PAUSE_MOST = timedelta(seconds=60)
"""For everyone. Observation: two chats alone may be told to wait for hours. Rule: the others are
tried again after a minute, by one request; a flood of the whole bot answers that with a 429.
"""
PROBE_LEASE = timedelta(seconds=30)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Room:
    """How many requests may be claimed now, and otherwise how long to wait."""

    count: int
    delay: timedelta


class Pace:
    """GCRA over SEND_RATE (generic cell rate algorithm, ITU-T I.371): spaced slots, no bursts."""

    def __init__(self, database: Database, rate: Rate) -> None:
        self._database = database
        self.senders = Heartbeats(database, keys.senders())
        """Owners of delivery leases."""
        self._gap = rate.interval // _MICROSECOND
        self._keys = [keys.slots(), keys.pause(), keys.probe()]
        self._probing = False
        self._with_slot: WeakSet[asyncio.Task[Any]] = WeakSet()

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

        Raises TooLateError, with nothing reserved, when the slot would not come `before` then.
        """
        end = None if before is None else milliseconds(before) * 1000
        while True:
            now = self._now()
            horizon = 0 if end is None else max(end - now, 1)
            granted, delay = await self._database.script("pace_reserve")(
                keys=self._keys,
                args=[now, self._gap, 1, horizon, PROBE_LEASE // timedelta(milliseconds=1)],
            )
            if not granted and end is not None and now + delay > end:
                raise TooLateError(from_milliseconds((now + delay) // 1000 + 1))
            if granted and (task := asyncio.current_task()) is not None:
                self._with_slot.add(task)
            await asyncio.sleep(delay / 1_000_000)
            if granted:
                return

    async def flooded(self, chat: ChatId, retry_after: timedelta) -> bool:
        """Note a 429; true when everything is paused now."""
        answer = await self._database.script("pace_flood")(
            keys=[keys.floods(), keys.pause(), keys.probe()],
            args=[
                self._now() // 1000,
                chat,
                min(retry_after, PAUSE_MOST) // timedelta(milliseconds=1),
                FLOOD_WINDOW // timedelta(milliseconds=1),
            ],
        )
        self._probing = self._probing or bool(answer)
        return bool(answer)

    async def went_through(self) -> None:
        """A request was answered otherwise than by a 429: a pause that has run out is over."""
        if not self._probing and not await self._database.command("EXISTS", keys.probe()):
            return
        self._probing = False
        pause = await self._database.command("GET", keys.pause())
        if pause is not None and int(pause) * 1000 <= self._now():
            await self._database.command("DEL", keys.pause(), keys.probe())

    def _now(self) -> int:
        return milliseconds(self._database.clock.now()) * 1000
