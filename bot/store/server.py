"""The bot's own redis-server: a child on a unix socket that keeps its data under DATA_DIR.

Observation: a bot that is killed must lose nothing, and two servers on one append-only file
destroy it.
Rule: the server runs in its own session, so that neither Ctrl-C nor a SIGKILL of the bot ends it;
the next start finds it and takes it over. Whether a server lives is told by a file lock that the
server itself holds: it inherits the locked descriptor, and the kernel frees it with its last
process. A second lock, held by the bot, refuses a second bot.
Known exceptions: file locks do not work on some network file systems; DATA_DIR must be local.
Rejected: the pid file alone (pids are reused), the socket alone (it stays behind after a kill),
ending the server together with the bot by the kernel's parent-death signal (Linux only).
"""

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Coroutine
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

from bot.errors import StoreError
from bot.store.client import Database, LoadingError
from bot.store.server_binary import ServerBinary, find_binary
from bot.store.server_home import ServerHome

logger = logging.getLogger(__name__)

START_DEADLINE = timedelta(seconds=20)
"""For the first answer; loading a large file may then take as long as it takes."""
STOP_DEADLINE = timedelta(seconds=20)
WATCH_INTERVAL = timedelta(seconds=1)
_PAUSE = 0.02


class EmbeddedServer:
    """One server for one DATA_DIR, started or taken over, watched, stopped."""

    def __init__(self, data_dir: Path, *, patience: float = 1.0) -> None:
        """`patience` scales the deadlines of an earlier server that does not answer and of one
        that does not end.
        """
        self._patience = patience
        self._home = ServerHome(data_dir)
        self._bot_lock: int | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._socket = self._home.directory / "redis.sock"
        # A forked worker must not hold the lock for longer than the bot lives.
        os.register_at_fork(after_in_child=self._unlock_bot)

    @property
    def url(self) -> str:
        """Of the running server, for Database.open."""
        return f"unix://{quote(str(self._socket))}"

    async def start(self) -> None:
        """Have the server answer: an earlier one that still runs, or a new one.

        Raises StoreError when another bot uses the directory, or no server can be started.
        """
        self._home.prepare()
        if self._bot_lock is None:
            self._bot_lock = self._home.lock("bot.lock")
        if self._bot_lock is None:
            raise StoreError(
                f"Another bot is running with the data in {self._home.data_dir}. Stop it first, or "
                "give this one a DATA_DIR of its own."
            )
        try:
            await self._start_or_take_over()
        except BaseException:
            self._unlock_bot()
            raise

    async def stop(self) -> None:
        """Have the server write everything and end; harsher means after a deadline."""
        try:
            with contextlib.suppress(StoreError, TimeoutError):
                async with asyncio.timeout(STOP_DEADLINE.total_seconds() * self._patience):
                    await self._request_shutdown()
                    await self._ended()
            if self._alive():
                await self._kill()
            await self._reap()
            self._home.discard_socket()
        finally:
            self._unlock_bot()

    async def watch(self) -> None:
        """Start the server again whenever it ends; runs until cancelled."""
        while True:
            await asyncio.sleep(WATCH_INTERVAL.total_seconds())
            try:
                if self._alive():
                    continue
                logger.error("redis-server ended unexpectedly; it is started again")
                await self._reap()
                await self._start_or_take_over()
            except (StoreError, OSError) as error:
                # A full disk, a folder that is gone: tried until it works again.
                logger.error("redis-server is not started: %s", error)

    async def _start_or_take_over(self) -> None:
        self._socket = self._home.socket()
        lock = self._home.lock("server.lock")
        if lock is None:
            if await self._answers(self._patience * START_DEADLINE):
                logger.info("took over the redis-server of an earlier run")
                return
            # It lives without a way in: its socket was deleted, or it hangs.
            await self._kill()
            lock = self._home.lock("server.lock")
            if lock is None:
                raise StoreError(
                    "A redis-server of an earlier run does not answer, but holds the data in "
                    f"{self._home.directory}. Stop it first."
                )
        try:
            binary = await asyncio.to_thread(find_binary)
            self._spawn(binary, lock)
        finally:
            # The server has its own copy now.
            os.close(lock)
        if not await self._answers(START_DEADLINE):
            await self._kill()
            await self._reap()
            raise StoreError(f"redis-server ({binary.path}) does not start. {self._home.log_end()}")

    def _spawn(self, binary: ServerBinary, lock: int) -> None:
        if binary.version < (7, 0) and (self._home.directory / "appendonlydir").exists():
            raise StoreError(
                f"The data in {self._home.directory} was written by Redis 7 or newer; the "
                f"redis-server found ({binary.path}) is older and would not see it."
            )
        self._socket.unlink(missing_ok=True)
        if self._home.log.exists():
            self._home.log.replace(self._home.log.with_suffix(".previous.log"))
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "unixsocketperm": "700",
            "dir": str(self._home.directory),
            "pidfile": str(self._home.pid_file),
            "logfile": str(self._home.log),
            "daemonize": "no",
            "appendonly": "yes",
            "appendfsync": "everysec",
            "save": "",
            "maxmemory-policy": "noeviction",
            # Seen marks of a usual feed then take about 30 bytes each instead of about 100.
            "hash-max-ziplist-entries": "512",
        }
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        try:
            self._process = subprocess.Popen(
                [str(binary.path), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=(lock,),
                umask=0o077,
            )
        except OSError as error:
            raise StoreError(f"redis-server ({binary.path}) does not start: {error}") from error

    async def _answers(self, silence: timedelta) -> bool:
        """Wait until the server works; False when it ended or stays silent."""
        deadline = time.monotonic() + silence.total_seconds()
        while self._alive():
            try:
                database = await Database.open(self.url)
            except LoadingError:
                await asyncio.sleep(_PAUSE)
            except StoreError:
                if time.monotonic() > deadline:
                    return False
                await asyncio.sleep(_PAUSE)
            else:
                await database.close()
                return True
        return False

    async def _request_shutdown(self) -> None:
        async with await Database.open(self.url) as database:
            # The answer to a shutdown is a closed connection.
            with contextlib.suppress(StoreError):
                await database.command("SHUTDOWN")

    async def _ended(self) -> None:
        alive = self._alive()
        while alive:
            await asyncio.sleep(_PAUSE)
            alive = self._alive()

    def _alive(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            return False
        lock = self._home.lock("server.lock")
        if lock is None:
            return True
        os.close(lock)
        return False

    async def _kill(self) -> None:
        """End a server that does not end by itself: ask it, then force it."""
        for kill in (signal.SIGTERM, signal.SIGKILL):
            pid = self._process.pid if self._process else self._home.pid()
            if pid is None or not self._alive():
                return
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, kill)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_DEADLINE.total_seconds() * self._patience / 2):
                    await self._ended()

    async def _reap(self) -> None:
        if self._process is not None:
            await asyncio.to_thread(self._process.wait)
            self._process = None

    def _unlock_bot(self) -> None:
        if self._bot_lock is not None:
            os.close(self._bot_lock)
            self._bot_lock = None


@contextlib.asynccontextmanager
async def open_database(redis_url: str, data_dir: Path) -> AsyncIterator[Database]:
    """The database of a process: the server at `redis_url`, or "" for the embedded one.

    Keeps the clock in step, and the embedded server running; stops it at the end. Raises
    StoreError when there is no usable server.
    """
    if redis_url:
        async with await Database.open(redis_url) as database, _running(database.clock.keep()):
            yield database
        return
    server = EmbeddedServer(data_dir)
    await server.start()
    try:
        async with (
            await Database.open(server.url) as database,
            _running(database.clock.keep()),
            _running(server.watch()),
        ):
            yield database
    finally:
        await server.stop()


@contextlib.asynccontextmanager
async def _running(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
