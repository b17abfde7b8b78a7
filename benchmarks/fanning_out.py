"""A breaking story for 100,000 chats: until it is queued, what that takes in Redis, and how soon it
is in the first chats while 100,000 ordinary deliveries wait or are still being fanned out.

Fan-out and the sender run in this process, as in a bot that is not taken apart; Redis is the
embedded one, and the sandbox's Bot API, in a process of its own, keeps Telegram's limits.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from statistics import median
from typing import Any

from benchmarks import values
from benchmarks.audience import LONG, TOKEN, Audience, audience
from benchmarks.telegram_server import FIRST_PERSON, serving
from bot.messenger.bots import create_bot
from bot.messenger.telegram import Messenger
from bot.models.deliveries import DeliveryClass, EventKind, FanOutEvent
from bot.models.stories import Breaking
from bot.services.fanout import FanOut
from bot.services.seat import Seat
from bot.services.stopping import Stopping

CHATS = 100_000
STORIES = 4
FIRST_CHATS = 30
BACKLOG_SENT = 60
"""Ordinary messages that went out before the breaking story comes: the sender is at its pace."""
LOOK_EACH = 0.01
MARK = "Breaking:"
"""In the text of breaking news alone."""


class Watching(Messenger):
    """A messenger that remembers when what was sent."""

    def __init__(self, address: str) -> None:
        super().__init__(create_bot(TOKEN, address))
        self.ordinary: list[float] = []
        self.breaking: list[float] = []

    async def send(self, *arguments: Any, **options: Any) -> Any:
        """As the messenger does."""
        outcome = await super().send(*arguments, **options)
        told = self.breaking if MARK in str(arguments) else self.ordinary
        if outcome.message_id is not None:
            told.append(time.perf_counter())
        return outcome

    async def has(self, sent: list[float], count: int) -> None:
        """Wait until so many of a kind were sent."""

        async def enough() -> bool:
            return len(sent) >= count

        await until(enough)


class Newsroom:
    """Places stories as the desk does, and fans them out."""

    def __init__(self, waiting: Audience) -> None:
        self.waiting = waiting
        self.seat = Seat(waiting.stores.stories, length=LONG)
        self._number = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Newsroom"]:
        """While fan-out runs."""
        stopping, stores = Stopping(), self.waiting.stores
        await self.seat.take()
        fan_out = FanOut(stores.fanout, self.seat, stores.database.clock, stopping)
        running = asyncio.create_task(fan_out.run())
        try:
            yield self
        finally:
            stopping.request()
            await running

    async def publish(self, *, breaking: bool) -> None:
        """A story that everyone wants."""
        self._number += 1
        now = self.waiting.database.clock.now()
        entry, told = values.entry(self._number, now), values.story(self._number, now)
        kind, rules = EventKind.NEW, ["all"]
        if breaking:
            flag = Breaking(now, "flagged by an operator", (), by_operator=True)
            told = replace(told, breaking=flag)
            kind, rules = EventKind.BREAKING, ["all", "breaking:all"]
        event = FanOutEvent(kind, told.ids, told.version, tuple(rules), now)
        await self.waiting.stores.stories.place(self.seat.token, told, entry, event)

    async def queued(self, delivery_class: DeliveryClass) -> bool:
        """Something of the class is pending."""
        due = await self.waiting.stores.queue.peek()
        return any(delivery_class in times for times in due.values())

    async def fanned_out(self) -> bool:
        """No event waits any more."""
        return await self.waiting.stores.fanout.first() is None

    async def used(self) -> int:
        """Bytes that the server's data take now."""
        facts: dict[str, Any] = {"aof_rewrite_in_progress": 1}

        async def at_rest() -> bool:
            facts.update(await self.waiting.database.command("INFO"))
            return not facts["aof_rewrite_in_progress"]

        await until(at_rest)
        return int(facts["used_memory"]) - int(facts["aof_buffer_length"])


async def until(condition: Callable[[], Awaitable[bool]]) -> float:
    """Seconds until the condition held, looked at every hundredth."""
    asked = time.perf_counter()
    async with asyncio.timeout(timedelta(minutes=1).total_seconds()):
        while True:
            if await condition():
                return time.perf_counter() - asked
            await asyncio.sleep(LOOK_EACH)


async def run() -> None:
    """Measure and print."""
    print(f"\nA breaking story for {CHATS:,} chats")
    print(f"  {'':<58}{'seen':>10}{'target':>10}")
    await _queued()
    await _through_a_backlog("wait", wait=True)
    await _through_a_backlog("are being fanned out", wait=False)


async def _queued() -> None:
    async with audience(FIRST_PERSON) as waiting, Newsroom(waiting).open() as newsroom:
        began = time.perf_counter()
        await waiting.subscribe(CHATS)
        print(f"  ({CHATS:,} chats subscribed in {time.perf_counter() - began:.0f} s)", flush=True)
        first, lasts, sizes = 0.0, [], []
        for number in range(STORIES):
            before, asked = await newsroom.used(), time.perf_counter()
            await newsroom.publish(breaking=True)
            if number == 0:
                first = await until(lambda: newsroom.queued(DeliveryClass.BREAKING))
            await until(newsroom.fanned_out)
            lasts.append(time.perf_counter() - asked)
            sizes.append((await newsroom.used() - before) / CHATS)
    _row("until the first delivery is queued", f"{1000 * first:.0f} ms", "")
    _row(f"until the last is queued, median of {STORIES}", f"{median(lasts):.2f} s", "< 10 s")
    _row("Redis memory of a chat's first pending delivery", f"{sizes[0]:.0f} B", "300 B")
    _row("of each further one", f"{median(sizes[1:]):.0f} B", "60 B")


async def _through_a_backlog(state: str, *, wait: bool) -> None:
    async with (
        serving(CHATS, limits=True) as address,
        audience(FIRST_PERSON, send_rate="30/s") as waiting,
        Watching(address) as messenger,
        Newsroom(waiting).open() as newsroom,
    ):
        await waiting.subscribe(CHATS)
        stopping = Stopping()
        sending = asyncio.create_task(waiting.send_all(messenger, stopping))
        await newsroom.publish(breaking=False)
        if wait:
            await until(newsroom.fanned_out)
        await messenger.has(messenger.ordinary, BACKLOG_SENT if wait else 1)
        asked = time.perf_counter()
        await newsroom.publish(breaking=True)
        await messenger.has(messenger.breaking, FIRST_CHATS)
        first, last = messenger.breaking[0] - asked, messenger.breaking[FIRST_CHATS - 1] - asked
        stopping.request()
        await sending
    print(f"  while {CHATS:,} ordinary deliveries {state}, at 30 messages a second")
    _row("until it is in the first chat", f"{first:.2f} s", "")
    _row(f"until it is in {FIRST_CHATS} chats", f"{last:.2f} s", "< 2 s")


def _row(what: str, seen: str, target: str) -> None:
    print(f"  {what:<58}{seen:>10}{target:>10}", flush=True)
