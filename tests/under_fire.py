"""Many chats, real bots in processes of their own, and what stands in each chat in the end.

Built on tests.bot_process: the sandbox and the wire run here, so that a test reads what arrived and
what was asked at the source; the bots see both over HTTP alone.
"""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.soak_ledger import Arrived, arrivals_of
from bot.models.identifiers import ChatId
from bot.store import keys_deliveries
from bot.store.client import Database
from bot.store.feeds import FeedStore
from bot.store.key_registry import CHAT_SHARDS
from bot.store.server_binary import find_binary
from sandbox.faults import ALWAYS
from sandbox.journal import Entry
from sandbox.wire_briefs import briefs
from sandbox.wire_library import Publication
from tests.bot_process import BotProcess, Stage, looking_at
from tests.waiting import eventually

FIRST_READER = 20_000
ROLES = ("poll", "desk", "deliver", "commands")
EVERYONE = 90.0
"""Seconds, at most, until a crowd has what it waits for."""


def tales(seed: int = 1) -> Iterator[Publication]:
    """Stories that have nothing to do with each other."""
    told: set[str] = set()
    for tale in briefs(seed):
        publication = tale.tellings[0]
        if publication.article.title not in told:
            told.add(publication.article.title)
            yield publication


def publish(scene: Stage, told: Iterator[Publication], count: int = 1) -> list[str]:
    """New stories in the feeds; their titles."""
    titles = []
    for _ in range(count):
        publication = next(told)
        scene.wire.publish(publication.source, publication.article)
        titles.append(publication.article.title)
    return titles


async def subscribe(scene: Stage, chat: int, person: int, thread: int | None = None) -> None:
    """Ask for every story, without waiting for the answer."""
    where = {} if thread is None else {"thread": thread}
    await scene.client("send", user=person, chat=chat, text="/subscribe all", **where)


async def readers(scene: Stage, count: int) -> list[int]:
    """New people who get every story; a bot with the role commands must run."""
    chats = list(range(FIRST_READER, FIRST_READER + count))
    for chat in chats:
        scene.sandbox.world.add_person(chat, f"Reader {chat}", f"reader_{chat}", "en", started=True)
        await subscribe(scene, chat, chat)
    await eventually(lambda: all(subscribed(scene, chat) for chat in chats), seconds=60)
    return chats


def subscribed(scene: Stage, chat: int, thread: int | None = None) -> bool:
    """The bot has said so."""
    return any("now gets" in message.text for message in written(scene, chat, thread, replies=True))


def written(
    scene: Stage, chat: int, thread: int | None = None, *, replies: bool = False
) -> list[Arrived]:
    """The bot's messages in a chat or topic as they read now, oldest first."""
    world = scene.sandbox.world
    found = []
    for message in world.chats[chat].messages.values():
        answered = message.payload.get("reply_to_message", {}).get("message_id")
        here = message.payload.get("message_thread_id") == thread
        if message.sender_id == world.bot.id and here and (replies or answered in (None, thread)):
            text = str(message.payload.get("text", ""))
            found.append(Arrived(message.id, message.sent_at, text))
    return found


def copies(scene: Stage, chat: int, titles: Iterable[str], thread: int | None = None) -> list[int]:
    """How often each story stands in a chat or topic, alone or in a bundle."""
    arrived = arrivals_of(written(scene, chat, thread))
    return [len(arrived.get(title, ())) for title in titles]


def all_have(scene: Stage, chats: Iterable[int], titles: Iterable[str]) -> bool:
    """Every story has come to every chat."""
    wanted = list(titles)
    return all(all(copies(scene, chat, wanted)) for chat in chats)


async def reach(scene: Stage, chats: Iterable[int], titles: Iterable[str]) -> None:
    """Wait until every story has come to every chat."""
    wanted, everyone = list(titles), list(chats)
    await eventually(lambda: all_have(scene, everyone, wanted), seconds=EVERYONE)


def sends(scene: Stage, chat: int | None = None) -> list[Entry]:
    """What was asked to be sent, in order."""
    return [
        entry
        for entry in scene.sandbox.api.journal.entries
        if entry.method == "sendMessage" and chat in (None, entry.chat_id)
    ]


def untold(scene: Stage, chat: int) -> int:
    """Messages that stand in a chat although the bot was not told so."""
    return sum(entry.lost for entry in sends(scene, chat))


async def storm(scene: Stage, **fields: object) -> None:
    """Let sendMessage fail until the faults are cleared."""
    await scene.fault(method="sendMessage", times=ALWAYS, name="storm", **fields)


def hits(scene: Stage) -> int:
    """Calls that the open storms have hit."""
    return sum(int(each["hits"]) for each in scene.sandbox.api.faults.described())


def process(
    scene: Stage, name: str, *roles: str, settings: dict[str, str] | None = None
) -> BotProcess:
    """A process with a log of its own; not started."""
    made = BotProcess(settings or scene.settings, scene.folder / f"{name}.log", *roles)
    scene.processes.append(made)
    return made


def log_of(scene: Stage, name: str = "bot") -> str:
    """What a process has written so far."""
    path = scene.folder / f"{name}.log"
    return path.read_text("utf-8", "replace") if path.exists() else ""


async def pending(database: Database, chat: int) -> int:
    """How many stories wait for a chat."""
    return int(await database.command("HLEN", keys_deliveries.pending(ChatId(chat))))


async def leases(database: Database) -> int:
    """How many chats are claimed by somebody."""
    batch = database.batch()
    for shard in range(CHAT_SHARDS):
        batch.command("EXISTS", keys_deliveries.leases(shard))
    return sum(await batch.run())


async def based(url: str) -> bool:
    """Every feed has had its first poll."""
    async with looking_at(url) as database:
        states = await FeedStore(database).states()
        return bool(states) and all(state.baseline_done for state in states.values())


@dataclass
class OwnRedis:
    """A redis-server that a test may stop, with everything in its file before it answers."""

    folder: Path
    _process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        """REDIS_URL."""
        return f"unix://{self.folder / 'redis.sock'}"

    async def start(self) -> None:
        """Return when it answers."""
        socket = self.folder / "redis.sock"
        socket.unlink(missing_ok=True)
        with (self.folder / "redis.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(str(find_binary().path), "--port", "0", "--unixsocket", str(socket)),
                *("--dir", str(self.folder), "--save", ""),
                *("--appendonly", "yes", "--appendfsync", "always"),
                stdout=log,
                stderr=log,
            )
        await eventually(socket.exists)

    async def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        """By default in order, by SIGKILL without a word."""
        if self._process is not None and self._process.returncode is None:
            os.kill(self._process.pid, signal.SIGCONT)
            self._process.send_signal(number)
            await self._process.wait()


@asynccontextmanager
async def own_redis(folder: Path) -> AsyncIterator[OwnRedis]:
    """A running server; `folder` must have a short path, being that of a socket."""
    server = OwnRedis(folder)
    await server.start()
    try:
        yield server
    finally:
        await server.end()
