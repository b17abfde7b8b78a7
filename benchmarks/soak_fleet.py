"""The bot of a soak as several processes that share one Redis, each to be killed and stopped.

Each has an address of its own at the Bot API server, by which the server's record of requests
tells who asked. They run at a lower priority than the server, which measures them.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 120.0
PAUSE = 0.05
NICENESS = "5"

APART = (
    ("poll",),
    ("poll",),
    ("desk",),
    ("desk",),
    ("deliver",),
    ("deliver",),
    ("commands",),
)
"""Every role but `web` in processes of its own: two pollers, two senders, a desk and a standby."""
TOGETHER = (("poll", "desk"), ("poll", "desk"), ("deliver",), ("deliver",), ("commands",))
"""The same with fewer processes."""


@dataclass(slots=True)
class BotProcess:
    """`python -m bot run --roles …`; started again under the same name after each end."""

    name: str
    roles: tuple[str, ...]
    address: str
    """Of the Bot API server, as this process alone calls it."""
    settings: dict[str, str]
    log: Path
    runs: bool = False
    """It said that every role runs, and nobody has ended it since."""
    _process: asyncio.subprocess.Process | None = field(default=None, repr=False)

    @property
    def sends(self) -> bool:
        """It writes stories into chats."""
        return "deliver" in self.roles

    @property
    def caller(self) -> str:
        """How the record of requests names it."""
        return self.address.removeprefix("http://")

    async def start(self) -> None:
        """Return when every role runs. Raises RuntimeError when it ends instead."""
        begin = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *("nice", "-n", NICENESS, sys.executable, "-m", "bot", "run"),
                *("--roles", ",".join(self.roles)),
                cwd=ROOT,
                env={**os.environ, **self.settings, "TELEGRAM_API_URL": self.address},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while b" runs: " not in self._log_from(begin):
            if self._process.returncode is not None or time.monotonic() > deadline:
                told = self._log_from(begin).decode("utf-8", "replace")
                raise RuntimeError(f"{self.name} does not start:\n{told}")
            await asyncio.sleep(PAUSE)
        self.runs = True

    async def kill(self) -> None:
        """SIGKILL."""
        self.runs = False
        if self._process is not None and self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    async def stop(self) -> tuple[int, float]:
        """SIGTERM: the exit status, and the seconds that it took."""
        self.runs = False
        assert self._process is not None
        began = time.monotonic()
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        return await self._process.wait(), time.monotonic() - began

    def _log_from(self, begin: int) -> bytes:
        with self.log.open("rb") as log:
            log.seek(begin)
            return log.read()


class Fleet:
    """All processes of one bot."""

    def __init__(self, processes: Iterable[BotProcess]) -> None:
        self.processes = tuple(processes)
        self._starting: set[asyncio.Task[None]] = set()

    @property
    def running(self) -> tuple[BotProcess, ...]:
        """Those that may be ended."""
        return tuple(process for process in self.processes if process.runs)

    async def start(self) -> None:
        """Start all at once."""
        async with asyncio.TaskGroup() as group:
            for process in self.processes:
                group.create_task(process.start())

    def start_again(self, process: BotProcess) -> None:
        """Begin to start one; the others go on meanwhile. See `complete` for its failure."""
        self._starting.add(asyncio.create_task(process.start()))

    async def complete(self) -> None:
        """Wait for all that were started again. Raises what one of them raised."""
        while self._starting:
            await self._starting.pop()

    async def end(self) -> None:
        """Leave no process behind."""
        for task in self._starting:
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        await asyncio.gather(*(process.kill() for process in self.processes))

    def troubles(self) -> list[str]:
        """Errors in the logs."""
        return [
            line
            for process in self.processes
            if process.log.exists()
            for line in process.log.read_text("utf-8", "replace").splitlines()
            if " ERROR " in line or "Traceback" in line
        ]
