"""The world of a soak: Telegram with its limits, a news wire, chats, Redis, and the bot's fleet.

Telegram answers each message late, after it has taken effect, as over a real network: so a killed
bot leaves requests behind whose answers it never read.
"""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from benchmarks.soak_fleet import BotProcess, Fleet
from bot.store.server_binary import find_binary
from sandbox import Sandbox
from sandbox.chats import Message, Topic
from sandbox.faults import ALWAYS, read_fault
from sandbox.wire import SampleWire
from sandbox.world import World

FIRST_PERSON = 10_000
ICON_COLOUR = 7322096
"""One of the six that Telegram gives to topics."""
DELAY = (0.02, 0.12)
"""Seconds between a message's effect and its answer."""
ANSWER_SECONDS = 180.0
REDIS_SECONDS = 20.0
PAUSE = 0.05


@dataclass(frozen=True, slots=True)
class Target:
    """Where stories go: a chat, or one topic of a forum."""

    chat: int
    thread: int | None
    person: int
    """Who subscribed it."""


@dataclass(frozen=True, slots=True)
class Audience:
    """How many chats of each kind."""

    private: int
    groups: int
    forums: int
    """With two topics, each subscribed for itself."""

    @property
    def chats(self) -> int:
        """All of them."""
        return self.private + self.groups + self.forums


class Stage:
    """Everything around the bot."""

    def __init__(self, sandbox: Sandbox, wire: SampleWire, fleet: Fleet) -> None:
        self.sandbox, self.wire, self.fleet = sandbox, wire, fleet
        self.targets = tuple(_targets(sandbox.world))

    async def subscribe_all(self) -> None:
        """Every target asks for every story, and is answered."""
        async with aiohttp.ClientSession() as session:
            for target in self.targets:
                order = {"user": target.person, "chat": target.chat, "text": "/subscribe all"}
                if target.thread is not None:
                    order["thread"] = target.thread
                async with session.post(f"{self.sandbox.base_url}/client/send", json=order) as sent:
                    sent.raise_for_status()
        await until(lambda: all(map(self._answered, self.targets)), ANSWER_SECONDS, "/subscribe")

    def _answered(self, target: Target) -> bool:
        return any("now gets" in each.payload.get("text", "") for each in self._written(target))

    def stories(self, target: Target) -> list[Message]:
        """What the bot wrote there as it reads now; answers are left out."""
        return [each for each in self._written(target) if not _answers(each, target)]

    def _written(self, target: Target) -> list[Message]:
        me = self.sandbox.world.bot.id
        return [
            message
            for message in self.sandbox.world.chats[target.chat].messages.values()
            if message.sender_id == me and message.payload.get("message_thread_id") == target.thread
        ]


def _answers(message: Message, target: Target) -> bool:
    """In a topic everything replies to the message that opened it."""
    answered = message.payload.get("reply_to_message")
    return answered is not None and answered["message_id"] != target.thread


@asynccontextmanager
async def stage(
    audience: Audience, layout: Sequence[tuple[str, ...]], poll_seconds: int, logs: Path | None
) -> AsyncIterator[Stage]:
    """A stage on which no bot runs yet; at the end none is left, and nothing of its data."""
    sandbox, wire = Sandbox(_world(audience)), SampleWire(quiet=True)
    sandbox.add(wire)
    address = await sandbox.start()
    await wire.start(address)
    wire.fill()
    late = {"kind": "slow", "when": "after", "method": "sendMessage", "times": ALWAYS}
    sandbox.api.faults.add(read_fault(late | {"seconds": DELAY[0], "up_to": DELAY[1]}))
    with tempfile.TemporaryDirectory(prefix="newsflash-soak-") as name:
        folder = Path(name)
        async with redis_server(folder / "redis") as redis_url:
            settings = {
                "BOT_TOKEN": sandbox.token,
                "REDIS_URL": redis_url,
                "FEEDS_FILE": str(await _feeds_file(wire, folder)),
                "FETCH_ALLOW_NETWORKS": "127.0.0.0/8",
                "POLL_MIN": f"{poll_seconds}s",
                "POLL_MAX": f"{poll_seconds}s",
                "PORT": "0",
                "LOG_LEVEL": "INFO",
            }
            fleet = await _fleet(sandbox, layout, settings, folder, logs or folder)
            try:
                yield Stage(sandbox, wire, fleet)
            finally:
                await fleet.end()
                await wire.stop()
                await sandbox.stop()


async def _fleet(
    sandbox: Sandbox,
    layout: Sequence[tuple[str, ...]],
    settings: dict[str, str],
    folder: Path,
    logs: Path,
) -> Fleet:
    processes = []
    for number, roles in enumerate(layout, 1):
        name = f"{'-'.join(roles)}-{number}"
        own = settings | {"DATA_DIR": str(folder / name)}
        address = await sandbox.listen_also()
        processes.append(BotProcess(name, roles, address, own, logs / f"{name}.log"))
    return Fleet(processes)


@asynccontextmanager
async def redis_server(folder: Path) -> AsyncIterator[str]:
    """REDIS_URL of a server that writes everything to a file, as the bot's own does."""
    await asyncio.to_thread(folder.mkdir)
    socket = folder / "redis.sock"
    binary = await asyncio.to_thread(find_binary)
    with (folder / "redis.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *(str(binary.path), "--port", "0", "--unixsocket", str(socket), "--dir", str(folder)),
            *("--save", "", "--appendonly", "yes"),
            stdout=log,
            stderr=log,
        )
    try:
        await until(socket.exists, REDIS_SECONDS, "redis-server")
        yield f"unix://{socket}"
    finally:
        process.terminate()
        await process.wait()


async def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for a condition. Raises RuntimeError naming what did not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what}: nothing came of it within {seconds:.0f} s.")
        await asyncio.sleep(PAUSE)


def _world(audience: Audience) -> World:
    world = World()
    for number in range(FIRST_PERSON, FIRST_PERSON + audience.private):
        world.add_person(number, f"Person {number}", f"person_{number}", "en", started=True)
    for number in range(audience.groups + audience.forums):
        bot = world.administrator("supergroup")
        forum = number >= audience.groups
        chat = world.add_chat(
            "supergroup", f"Group {number}", FIRST_PERSON, is_forum=forum, bot=bot
        )
        for name in ("World", "Technology") if forum else ():
            topic = {"name": name, "icon_color": ICON_COLOUR}
            opening = {"from": world.user(FIRST_PERSON), "forum_topic_created": topic}
            opened = world.post(chat, FIRST_PERSON, opening)
            chat.topics[opened.id] = Topic(opened.id, name)
    return world


def _targets(world: World) -> list[Target]:
    targets = []
    for chat in world.chats.values():
        person = chat.id if chat.kind == "private" else FIRST_PERSON
        threads = [each for each in chat.topics if each != 1] if chat.is_forum else [None]
        targets += [Target(chat.id, thread, person) for thread in threads]
    return targets


async def _feeds_file(wire: SampleWire, folder: Path) -> Path:
    path = folder / "feeds.opml"
    async with aiohttp.ClientSession() as session, session.get(wire.feeds_url) as response:
        body = await response.read()
    await asyncio.to_thread(path.write_bytes, body)
    return path
