"""Deliveries a second of one sender process and of two, with no limits: `newsflash run --roles
deliver` as it is, on one Redis, against a Bot API that answers at once.

The senders stand still (SIGSTOP) while the deliveries are queued, so that what is measured begins
with all of them due. All processes share the machine's cores: the ratio says what a second process
adds there, not what it adds on a machine of its own.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from statistics import median

from benchmarks.audience import TOKEN, Audience, audience
from benchmarks.instant_telegram import instant_serving

FIRST_PERSON = 100_000
CHATS = 6_000
ROUNDS = 3
STARTED = b" runs: "
ONE, TWO = "one sender process", "two sender processes"


class SenderProcess:
    """A child with the role `deliver`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    def rest(self) -> None:
        """Stand still."""
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Work."""
        self._process.send_signal(signal.SIGCONT)

    async def stop(self) -> None:
        """End it in order."""
        self.go_on()
        self._process.terminate()
        await self._process.communicate()


async def run() -> None:
    """Measure and print."""
    async with instant_serving() as address, audience(FIRST_PERSON) as waiting:
        rates: dict[str, list[float]] = {ONE: [], TWO: []}
        counts = {ONE: 1, TWO: 2}
        # The first round warms up.
        for number in range(ROUNDS + 1):
            for name in (ONE, TWO) if number % 2 else (TWO, ONE):
                rate = await _rate(waiting, address, counts[name])
                if number:
                    rates[name].append(rate)
    one, two = median(rates[ONE]), median(rates[TWO])
    print(f"\nDeliveries a second without limits, {CHATS} chats, {os.cpu_count()} cores for all")
    print(f"  {ONE:<48}{one:>9.0f}      baseline")
    print(f"  {TWO:<48}{two:>9.0f}{two / one:>11.2f} x")


async def _rate(waiting: Audience, address: str, count: int) -> float:
    async with _senders(waiting, address, count) as senders:
        for sender in senders:
            sender.rest()
        await waiting.wait_for_a_story(CHATS)
        began = time.perf_counter()
        for sender in senders:
            sender.go_on()
        await waiting.until_idle()
        return CHATS / (time.perf_counter() - began)


@asynccontextmanager
async def _senders(
    waiting: Audience, address: str, count: int
) -> AsyncIterator[tuple[SenderProcess, ...]]:
    senders = tuple([await _start(waiting, address) for _ in range(count)])
    try:
        yield senders
    finally:
        await asyncio.gather(*(sender.stop() for sender in senders))


async def _start(waiting: Audience, address: str) -> SenderProcess:
    settings = {
        "BOT_TOKEN": TOKEN,
        "REDIS_URL": waiting.redis_url,
        "TELEGRAM_API_URL": address,
        "SEND_RATE": "999999/s",
        "DATA_DIR": str(waiting.folder),
        "LOG_LEVEL": "INFO",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run", "--roles", "deliver"),
        env={**os.environ, **settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    async for line in process.stdout:
        if STARTED in line:
            return SenderProcess(process)
    raise RuntimeError("A sender process did not start.")
