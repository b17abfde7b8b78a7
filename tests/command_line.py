"""`python -m bot …` as a person types it: with settings of its own, far from any .env file."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from tests.waiting import eventually

KEPT = ("PATH", "LANG", "HOME", "VIRTUAL_ENV")


class Command:
    """A started command, its output, and every process that came of it."""

    def __init__(self, folder: Path, arguments: tuple[str, ...], settings: dict[str, str]) -> None:
        self._folder, self._arguments = folder, arguments
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        temporary = folder / "temporary"
        temporary.mkdir(exist_ok=True)
        self._environment = {**kept, "TMPDIR": str(temporary), **settings}
        self._log = folder / "output.log"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it; its output goes to a file."""
        with self._log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot",
                *self._arguments,
                cwd=self._folder,
                env=self._environment,
                stdout=log,
                stderr=log,
            )

    @property
    def output(self) -> str:
        """What it printed so far, errors included."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def printed(self, text: str) -> bool:
        """Whether it printed this; fails the test when it ended without."""
        found = text in self.output
        assert found or self._process is None or self._process.returncode is None, self.output
        return found

    async def status(self) -> int:
        """The exit status, once it ends by itself."""
        assert self._process is not None
        async with asyncio.timeout(60):
            return await self._process.wait()

    async def stop(self) -> int:
        """SIGTERM; the exit status."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return await self.status()

    def processes(self) -> dict[int, str]:
        """Every living process that came of it, by id, as its command line.

        Known by where it works: a redis-server writes over its environment and leaves its session.
        """
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            # They come and go while one looks, and some belong to others.
            with suppress(OSError):
                if (folder / "cwd").readlink().is_relative_to(self._folder):
                    words = (folder / "cmdline").read_bytes().split(b"\0")
                    found[int(folder.name)] = b" ".join(words).decode("utf-8", "replace")
        return found

    def kill(self) -> None:
        """End all that is left of it."""
        for process in self.processes():
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


@asynccontextmanager
async def command(folder: Path, *arguments: str, **settings: str) -> AsyncIterator[Command]:
    """A command while it runs; whatever is left of it at the end is killed."""
    started = Command(folder, arguments, settings)
    await started.start()
    try:
        yield started
    finally:
        started.kill()
        await started.status()


async def finished(folder: Path, *arguments: str, **settings: str) -> tuple[int, str]:
    """The exit status and output of a command that ends by itself."""
    async with command(folder, *arguments, **settings) as run:
        status = await run.status()
        await eventually(lambda: not run.processes())
        return status, run.output
