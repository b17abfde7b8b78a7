"""The bot as a child process that a test may kill, with the sandbox and the wire around it."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bot.store.client import Database
from sandbox import Sandbox
from sandbox.population import ALEX
from sandbox.wire import SampleWire
from sandbox.wire_articles import Article, slug_of
from sandbox.wire_sources import SOURCES, Source
from tests.sandbox_control import bot_requests, clear_faults, order_fault
from tests.waiting import eventually

ROOT = Path(__file__).resolve().parent.parent
Json = dict[str, Any]


class BotProcess:
    """`python -m bot run` with settings of its own."""

    def __init__(self, environment: dict[str, str], log: Path, *roles: str) -> None:
        self._environment = {**os.environ, **environment}
        self._log = log
        self._arguments = ["run", *(["--roles", ",".join(roles)] if roles else [])]
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Return when every part runs."""
        begin = self._log.stat().st_size if self._log.exists() else 0
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot",
                *self._arguments,
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        await eventually(lambda: self._runs(begin), seconds=40)

    def _runs(self, begin: int) -> bool:
        with self._log.open("rb") as log:
            log.seek(begin)
            text = log.read().decode("utf-8", "replace")
        assert self._process is not None
        assert self._process.returncode is None, text
        return " runs: " in text

    async def kill(self) -> None:
        """SIGKILL to the process and all that it started but Redis."""
        await self._signal(signal.SIGKILL)

    async def stop(self) -> int:
        """SIGTERM; the exit status."""
        return await self._signal(signal.SIGTERM)

    def stand_still(self) -> None:
        """SIGSTOP: it lives, and knows nothing of the time that passes."""
        self._send(signal.SIGSTOP)

    def wake_up(self) -> None:
        """SIGCONT."""
        self._send(signal.SIGCONT)

    def _send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def terminate(self) -> None:
        """SIGTERM, without waiting for the end."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)

    async def ended(self) -> int:
        """The exit status, once there is one."""
        assert self._process is not None
        return await self._process.wait()

    def remind(self, number: signal.Signals) -> int | None:
        """Send it without waiting; the exit status of one that has ended."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(number)
        return self._process.returncode

    async def _signal(self, number: signal.Signals) -> int:
        process = self._process
        if process is None:
            return 0
        if process.returncode is None:
            if number is signal.SIGKILL:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
        self._process = None
        return await process.wait()


@dataclass
class Stage:
    """The world around the bot, and what a person sees of it."""

    sandbox: Sandbox
    wire: SampleWire
    session: aiohttp.ClientSession
    folder: Path
    redis_url: str
    settings: dict[str, str]
    processes: list[BotProcess] = field(default_factory=list)

    def wire_sources(self) -> tuple[Source, ...]:
        """The wire's outlets."""
        return SOURCES

    async def bot(self, *roles: str) -> BotProcess:
        """Start a bot with some roles, or all."""
        process = BotProcess(self.settings, self.folder / "bot.log", *roles)
        self.processes.append(process)
        await process.start()
        return process

    async def client(self, path: str, **fields: object) -> Json:
        """POST /client/<path>."""
        url = f"{self.sandbox.base_url}/client/{path}"
        async with self.session.post(url, json=fields) as response:
            answer: Json = await response.json()
            assert response.status == 200, answer
            return answer

    async def say(self, text: str) -> None:
        """Alex writes to the bot and waits for its answer."""
        sent = await self.client("send", user=ALEX, chat=ALEX, text=text)
        after = int(sent["message"]["message_id"])
        await eventually(lambda: self._answered(after))

    async def _answered(self, after: int) -> bool:
        found = await self.messages()
        return any(each["message_id"] > after for each in found)

    async def messages(self, *parts: str) -> list[Json]:
        """The bot's messages in Alex' private chat that contain all the parts."""
        query = {"user": str(ALEX), "chat": str(ALEX), "limit": "1000"}
        url = f"{self.sandbox.base_url}/client/messages"
        async with self.session.get(url, params=query) as response:
            answer: Json = await response.json()
        bot = self.sandbox.world.bot.id
        return [
            each
            for each in answer["messages"]
            if each.get("from", {}).get("id") == bot
            and all(part in each.get("text", "") for part in parts)
        ]

    async def requests(self, method: str) -> list[Json]:
        """What the bot asked of the Bot API."""
        return await bot_requests(self.session, self.sandbox, method)

    async def fault(self, **fields: object) -> None:
        """Let the Bot API fail."""
        await order_fault(self.session, self.sandbox, **fields)

    async def clear_faults(self) -> None:
        """Let the Bot API work again."""
        await clear_faults(self.session, self.sandbox)

    def publish(self, source: str, title: str, summary: str = "") -> str:
        """A source of the wire publishes; the article's slug."""
        slug = slug_of(title)
        self.wire.publish(source, Article(slug=slug, title=title, summary=summary or title))
        return slug


@asynccontextmanager
async def stage(folder: Path, *, redis_url: str = "", **settings: str) -> AsyncIterator[Stage]:
    """The sandbox and a quiet wire; bots that a test starts are killed at its end."""
    sandbox, wire = Sandbox(enforce_limits=False), SampleWire(quiet=True)
    sandbox.add(wire)
    address = await sandbox.start()
    await wire.start(address)
    async with aiohttp.ClientSession() as session:
        async with session.get(wire.feeds_url) as response:
            (folder / "feeds.opml").write_bytes(await response.read())
        values = {
            "BOT_TOKEN": sandbox.token,
            "TELEGRAM_API_URL": address,
            "REDIS_URL": redis_url,
            "DATA_DIR": str(folder / "data"),
            "FEEDS_FILE": str(folder / "feeds.opml"),
            "FETCH_ALLOW_NETWORKS": "127.0.0.0/8",
            "POLL_MIN": "1s",
            "POLL_MAX": "1s",
            "PORT": "0",
            "SEND_RATE": "1000/s",
            **settings,
        }
        built = Stage(sandbox, wire, session, folder, redis_url, values)
        try:
            yield built
        finally:
            for process in built.processes:
                await process.kill()
            await wire.stop()
            await sandbox.stop()


@asynccontextmanager
async def looking_at(url: str) -> AsyncIterator[Database]:
    """The bot's Redis, for a test to look into."""
    async with await Database.open(url) as database:
        yield database
