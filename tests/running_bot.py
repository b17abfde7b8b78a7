"""A whole bot for tests: the sandbox's Bot API and feeds on loopback, real Redis, all roles.

People act over the sandbox's client interface and read what stands in their chats.
"""

import asyncio
import ipaddress
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import aiohttp
from aiohttp import web

from bot.config import Config, parse
from bot.running import run
from bot.services.stopping import Stopping
from bot.store.client import Database
from bot.store.stories import StoryStore
from sandbox import Sandbox
from sandbox.population import ALEX
from tests.redis_server import emptied
from tests.sandbox_control import bot_requests
from tests.waiting import eventually

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
OPERATOR = ALEX

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A feed of the test's wire."""

    name: str
    title: str
    language: str
    topic: str
    headlines: tuple[str, ...]


TECHNOLOGY = Source(
    "technology",
    "Example Times",
    "en",
    "technology",
    (
        "Chipmaker opens quantum laboratory in Dresden",
        "Browser update silences autoplaying advertisements",
        "Satellite swarm maps methane leaks overnight",
        "Robot surgeon removes appendix without supervision",
        "Ransomware gang publishes hospital payroll",
        "Battery startup promises lithium without mines",
        "Undersea cable repair delayed by storms",
        "Open keyboard layout wins accessibility prize",
        "Streaming giant abandons password sharing fees",
        "Museum digitises forgotten arcade cabinets",
        "Wearable patch predicts migraines early",
        "Regulator fines telecom over hidden roaming",
    ),
)
WORLD = Source(
    "world",
    "Daily Example",
    "en",
    "world",
    ("Ferry strike strands holidaymakers", "Glacier village votes to relocate"),
)
UKRAINE = Source(
    "ukraine",
    "Приклад Новини",
    "uk",
    "ukraine",
    ("У Львові відкрили новий парк", "Вчені знайшли давній рукопис", "Ціни на яблука впали"),
)
SOURCES = (TECHNOLOGY, WORLD, UKRAINE)


class FeedServer:
    """Feeds on loopback; a test publishes more, or adds an answer of its own."""

    def __init__(self) -> None:
        self.base_url = ""
        self.answers: dict[str, Callable[[], web.StreamResponse]] = {}
        self.agents: set[str] = set()
        """The User-Agents of all requests."""
        self._entries: dict[str, list[tuple[str, datetime]]] = {}
        self._sources = {source.name: source for source in SOURCES}
        self._runner: web.AppRunner | None = None
        started = datetime.now(UTC) - timedelta(hours=2)
        for source in SOURCES:
            self._entries[source.name] = [
                (headline, started - timedelta(minutes=9 * place))
                for place, headline in enumerate(source.headlines)
            ]

    def url(self, name: str) -> str:
        """Where a feed or an answer is served."""
        return f"{self.base_url}/{name}"

    def publish(self, name: str, headline: str) -> None:
        """Put a new entry into a feed."""
        self._entries[name].insert(0, (headline, datetime.now(UTC)))

    def add(self, name: str, title: str, headlines: Iterable[str], language: str = "en") -> str:
        """Serve one more feed; answers its address."""
        self._sources[name] = Source(name, title, language, "", tuple(headlines))
        self._entries[name] = [(headline, datetime.now(UTC)) for headline in headlines]
        return self.url(name)

    async def start(self) -> None:
        """Serve on a free port."""
        app = web.Application()
        app.router.add_get("/{name}", self._answer)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.base_url = f"http://{host}:{port}"

    async def stop(self) -> None:
        """Close the port."""
        if self._runner is not None:
            await self._runner.cleanup()

    def opml(self) -> bytes:
        """The feeds file of the test's wire."""
        outlines = "".join(
            f"<outline text={quoteattr(source.topic)}><outline type='rss' "
            f"text={quoteattr(source.title)} xmlUrl={quoteattr(self.url(source.name))} "
            f"language={quoteattr(source.language)}/></outline>"
            for source in SOURCES
        )
        return f"<opml version='2.0'><body>{outlines}</body></opml>".encode()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.agents.add(request.headers.get("User-Agent", ""))
        name = request.match_info["name"]
        if name in self.answers:
            return self.answers[name]()
        if name not in self._entries:
            raise web.HTTPNotFound
        return web.Response(text=self._feed(name), content_type="application/rss+xml")

    def _feed(self, name: str) -> str:
        source = self._sources[name]
        items = "".join(
            f"<item><title>{escape(headline)}</title>"
            f"<link>https://{name}.example/{place_of(headline)}</link>"
            f"<guid>{name}-{place_of(headline)}</guid>"
            f"<description>{escape(headline)}, reporters said on the scene.</description>"
            f"<pubDate>{format_datetime(published)}</pubDate></item>"
            for headline, published in self._entries[name]
        )
        return (
            f"<rss version='2.0'><channel><title>{escape(source.title)}</title>"
            f"<link>https://{name}.example/</link><description>d</description>"
            f"<language>{source.language}</language>{items}</channel></rss>"
        )


def place_of(headline: str) -> str:
    """A path for a headline that no other has."""
    return headline.encode().hex()[:80]


@dataclass
class Person:
    """Somebody at a chat client."""

    session: aiohttp.ClientSession
    sandbox: Sandbox
    id: int

    async def call(self, path: str, **fields: object) -> Json:
        """POST /client/<path>; fails the test with the server's sentence."""
        url = f"{self.sandbox.base_url}/client/{path}"
        async with self.session.post(url, json={"user": self.id, **fields}) as response:
            answer: Json = await response.json()
            assert response.status == 200, answer
            return answer

    async def start(self, payload: str = "") -> Json:
        """Press Start, and wait for the answer; for the headlines too where they follow."""
        before = await self.latest_id()
        await self.call("start", payload=payload)
        greeting = await self.answer(self.id, after=before)
        if "headlines follow" in greeting["text"]:
            await self.answer(self.id, after=int(greeting["message_id"]))
        return greeting

    async def say(self, text: str, *, chat: int = 0, **fields: object) -> Json:
        """Write, and wait for the bot's answer to it."""
        sent = await self.call("send", chat=chat or self.id, text=text, **fields)
        return await self.answer(chat or self.id, after=int(sent["message"]["message_id"]))

    async def write(self, text: str, *, chat: int = 0, **fields: object) -> int:
        """Write without waiting; answers the message's id."""
        sent = await self.call("send", chat=chat or self.id, text=text, **fields)
        return int(sent["message"]["message_id"])

    async def answer(self, chat: int, *, after: int) -> Json:
        """The bot's first message after another."""
        return await eventually(lambda: self._first_of_bot(chat, after))

    async def press(self, message: Json, label: str) -> Json:
        """Press the button whose text begins so; answers what the client was told."""
        for row, buttons in enumerate(message["reply_markup"]["inline_keyboard"]):
            for column, button in enumerate(buttons):
                if button["text"].removeprefix("✓ ").startswith(label):
                    return await self.call(
                        "press",
                        chat=message["chat"]["id"],
                        message_id=message["message_id"],
                        row=row,
                        column=column,
                    )
        raise AssertionError(f"no button {label!r} in {labels(message)}")

    async def again(self, message: Json) -> Json:
        """A message as it reads now."""
        found = await self.messages(message["chat"]["id"])
        return next(each for each in found if each["message_id"] == message["message_id"])

    async def messages(self, chat: int = 0) -> list[Json]:
        """The last messages of a chat, oldest first."""
        query = {"user": str(self.id), "chat": str(chat or self.id), "limit": "60"}
        url = f"{self.sandbox.base_url}/client/messages"
        async with self.session.get(url, params=query) as response:
            answer: Json = await response.json()
            return list(answer["messages"]) if response.status == 200 else []

    async def latest_id(self, chat: int = 0) -> int:
        """The id of the newest message of a chat; 0 for an empty one."""
        found = await self.messages(chat)
        return int(found[-1]["message_id"]) if found else 0

    async def _first_of_bot(self, chat: int, after: int) -> Json | None:
        bot = self.sandbox.world.bot.id
        for message in await self.messages(chat):
            sender = message.get("from", {}).get("id")
            posted = "from" not in message and message["chat"]["type"] == "channel"
            if message["message_id"] > after and (sender == bot or posted):
                return message
        return None


def labels(message: Json) -> list[str]:
    """The texts of a message's buttons."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return [button["text"] for row in rows for button in row]


@dataclass
class RunningBot:
    """Everything that a test of commands needs."""

    sandbox: Sandbox
    feeds: FeedServer
    stories: StoryStore
    session: aiohttp.ClientSession
    people: list[int] = field(default_factory=list)

    def person(self, name: str = "Reader", language: str = "en") -> Person:
        """Somebody new, who never wrote to the bot."""
        person_id = 5_000 + len(self.people)
        self.people.append(person_id)
        self.sandbox.world.add_person(person_id, name, f"reader_{person_id}", language)
        return self.known(person_id)

    def known(self, person_id: int) -> Person:
        """One of the world's people."""
        return Person(self.session, self.sandbox, person_id)

    async def latest(self, index: str) -> int:
        """How many stories stand in an index."""
        return (await self.stories.latest(index, 0, 1))[1]

    async def requests(self, method: str) -> list[Json]:
        """What the bot asked of the Bot API so far."""
        return await bot_requests(self.session, self.sandbox, method)


def configured(sandbox: Sandbox, feeds_file: Path, redis_url: str, **changes: str) -> Config:
    """The settings of a bot under test."""
    values = {
        "BOT_TOKEN": sandbox.token,
        "ADMIN_IDS": str(OPERATOR),
        "REDIS_URL": redis_url,
        "DATA_DIR": str(feeds_file.parent),
        "TELEGRAM_API_URL": sandbox.base_url,
        "PORT": "0",
        "FEEDS_FILE": str(feeds_file),
        "POLL_MIN": "1s",
        "POLL_MAX": "1s",
        "SEND_RATE": "1000/s",
        "SEND_RATE_GROUP": "1000/s",
        **changes,
    }
    return replace(parse(values), fetch_allow_networks=(LOOPBACK,))


@asynccontextmanager
async def running_bot(
    redis_socket: Path, folder: Path, **changes: str
) -> AsyncIterator[RunningBot]:
    """Run a bot whose feeds have had their first poll."""
    redis_url = emptied(redis_socket)
    sandbox, feeds, stopping = Sandbox(enforce_limits=False), FeedServer(), Stopping()
    await sandbox.start()
    await feeds.start()
    feeds_file = folder / "feeds.opml"
    feeds_file.write_bytes(feeds.opml())
    config = configured(sandbox, feeds_file, redis_url, **changes)
    running = asyncio.create_task(run(config, stopping))
    try:
        async with aiohttp.ClientSession() as session, await Database.open(redis_url) as database:
            bot = RunningBot(sandbox, feeds, StoryStore(database), session)
            await eventually(lambda: _ready(bot, running))
            yield bot
    finally:
        stopping.request()
        await asyncio.wait([running])
        await feeds.stop()
        await sandbox.stop()
        running.result()


async def _ready(bot: RunningBot, running: "asyncio.Task[None]") -> bool:
    """Every headline is a story, and search knows the newest of each feed, placed last."""
    if running.done():
        running.result()
    if await bot.latest("all") < sum(len(source.headlines) for source in SOURCES):
        return False
    operator = bot.known(OPERATOR)
    found = [
        await operator.call("inline", chat=OPERATOR, query=source.headlines[0])
        for source in SOURCES
    ]
    return all(answer["results"] for answer in found)
