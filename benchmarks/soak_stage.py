"""The world of a soak: Telegram with its limits, a news wire, chats, and the bot as a child.

Telegram answers each message late, after it has taken effect, as over a real network: so a killed
bot leaves requests behind whose answers it never read.
"""

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import aiohttp
from aiohttp import web

from sandbox import Sandbox
from sandbox.chats import Message
from sandbox.wire import SampleWire
from sandbox.world import World

FIRST_PERSON = 10_000
DELAY = (0.02, 0.12)
"""Seconds between a message's effect and its answer."""
NOTED_WITHIN = 0.1
"""Seconds from an answer until the bot has it in Redis, on a busy machine."""
ANSWER_SECONDS = 120.0
START_SECONDS = 60.0
PAUSE = 0.05


class SlowAnswers:
    """Holds back what Telegram answers to a message; counts the requests under way."""

    def __init__(self, dice: Random) -> None:
        self._dice = dice
        self._waiting = 0
        self._answered: deque[float] = deque(maxlen=1_000)

    @property
    def under_way(self) -> int:
        """Messages whose answer the bot cannot have read and noted yet."""
        since = time.monotonic() - NOTED_WITHIN
        return self._waiting + sum(at > since for at in self._answered)

    def add_routes(self, app: web.Application) -> None:
        """Stand before every route."""
        app.middlewares.append(self._middleware())

    def _middleware(self) -> Callable[..., Awaitable[web.StreamResponse]]:
        @web.middleware
        async def late(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            if not request.path.lower().endswith("/sendmessage"):
                return await handler(request)
            self._waiting += 1
            try:
                response = await handler(request)
                await asyncio.sleep(self._dice.uniform(*DELAY))
                return response
            finally:
                self._waiting -= 1
                self._answered.append(time.monotonic())

        return late


class Bot:
    """`python -m bot run` as a child that may be stopped and killed."""

    def __init__(self, settings: dict[str, str], log: Path) -> None:
        self._environment = {**os.environ, **settings}
        self.log = log
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Return when every role runs. Raises RuntimeError when it ends instead."""
        begin = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "run"),
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while b" runs: " not in self._log_from(begin):
            if self._process.returncode is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The bot does not start:\n{self._log_from(begin).decode()}")
            await asyncio.sleep(PAUSE)

    async def kill(self) -> None:
        """SIGKILL; its Redis stays."""
        if self._process is not None and self._process.returncode is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            await self._process.wait()

    async def stop(self) -> tuple[int, float]:
        """SIGTERM: the exit status, and the seconds that it took."""
        assert self._process is not None
        began = time.monotonic()
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        return await self._process.wait(), time.monotonic() - began

    def _log_from(self, begin: int) -> bytes:
        with self.log.open("rb") as log:
            log.seek(begin)
            return log.read()


class Stage:
    """Everything around the bot."""

    def __init__(self, sandbox: Sandbox, wire: SampleWire, slow: SlowAnswers, bot: Bot) -> None:
        self.sandbox, self.wire, self.slow, self.bot = sandbox, wire, slow, bot
        self.chats: dict[int, int] = {}
        """Each chat that gets news, and who writes commands in it."""

    async def subscribe_all(self) -> None:
        """Every chat asks for every story, and is answered."""
        async with aiohttp.ClientSession() as session:
            for chat, person in self.chats.items():
                order = {"user": person, "chat": chat, "text": "/subscribe all"}
                async with session.post(f"{self.sandbox.base_url}/client/send", json=order) as sent:
                    sent.raise_for_status()
        await until(lambda: all(map(self._answered, self.chats)), ANSWER_SECONDS, "/subscribe")

    def _answered(self, chat: int) -> bool:
        written = self._written(chat)
        return any("now gets" in each.payload.get("text", "") for each in written)

    def texts(self, chat: int) -> list[tuple[float, str]]:
        """What the bot wrote in a chat as it reads now, and when; answers are left out."""
        return [
            (message.sent_at, str(message.payload.get("text", "")))
            for message in self._written(chat)
            if "reply_to_message" not in message.payload
        ]

    def _written(self, chat: int) -> list[Message]:
        me = self.sandbox.world.bot.id
        messages = self.sandbox.world.chats[chat].messages.values()
        return [message for message in messages if message.sender_id == me]


@asynccontextmanager
async def stage(private: int, groups: int, poll_seconds: int, dice: Random) -> AsyncIterator[Stage]:
    """A stage on which no bot runs yet; at the end none is left, and nothing of its data."""
    sandbox, wire, slow = (
        Sandbox(_world(private, groups)),
        SampleWire(quiet=True),
        SlowAnswers(dice),
    )
    sandbox.add(wire)
    sandbox.add(slow)
    address = await sandbox.start()
    await wire.start(address)
    wire.fill()
    with tempfile.TemporaryDirectory(prefix="newsflash-soak-") as name:
        folder = Path(name)
        settings = {
            "BOT_TOKEN": sandbox.token,
            "TELEGRAM_API_URL": address,
            "REDIS_URL": "",
            "DATA_DIR": str(folder / "data"),
            "FEEDS_FILE": str(await _feeds_file(wire, folder)),
            "FETCH_ALLOW_NETWORKS": "127.0.0.0/8",
            "POLL_MIN": f"{poll_seconds}s",
            "POLL_MAX": f"{poll_seconds}s",
            "PORT": "0",
            "LOG_LEVEL": "INFO",
        }
        built = Stage(sandbox, wire, slow, Bot(settings, folder / "bot.log"))
        for chat in sandbox.world.chats.values():
            built.chats[chat.id] = chat.id if chat.kind == "private" else FIRST_PERSON
        try:
            yield built
        finally:
            await built.bot.stop()
            await wire.stop()
            await sandbox.stop()


async def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for a condition. Raises RuntimeError naming what did not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what}: nothing came of it within {seconds:.0f} s.")
        await asyncio.sleep(PAUSE)


def _world(private: int, groups: int) -> World:
    world = World()
    for number in range(FIRST_PERSON, FIRST_PERSON + private):
        world.add_person(number, f"Person {number}", f"person_{number}", "en", started=True)
    for number in range(groups):
        bot = world.administrator("supergroup")
        world.add_chat("supergroup", f"Group {number}", FIRST_PERSON, bot=bot)
    return world


async def _feeds_file(wire: SampleWire, folder: Path) -> Path:
    path = folder / "feeds.opml"
    async with aiohttp.ClientSession() as session, session.get(wire.feeds_url) as response:
        body = await response.read()
    await asyncio.to_thread(path.write_bytes, body)
    return path
