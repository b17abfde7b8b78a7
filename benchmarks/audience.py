"""Chats that all wait for one story, on a Redis of the benchmark's own, and a sender for them."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from benchmarks import values
from bot.composition import Shared, Stores
from bot.config import Config, parse
from bot.fetch.fetcher import FeedFetcher
from bot.messenger.telegram import Messenger
from bot.models.deliveries import EventKind, FanOutEvent
from bot.news.deliveries import EditRule
from bot.running import Process
from bot.services.parsing import ParsingProcess
from bot.services.stopping import Stopping
from bot.store import keys
from bot.store.client import Database
from bot.store.documents import dump
from bot.store.server import open_database
from bot.store.server_home import ServerHome

TOKEN = "1000000001:SANDBOX"
DESK = "benchmark"
LONG = timedelta(hours=1)
POLL = timedelta(milliseconds=200)


class Audience:
    """Subscribed chats; each round takes others, so that no chat's own window is met."""

    def __init__(self, database: Database, config: Config, first: int) -> None:
        self.database = database
        self.folder = config.data_dir
        self.stores = Stores.of(database, config)
        self._config = config
        self._next = first
        self._number = 0

    @property
    def redis_url(self) -> str:
        """Of the embedded server, for other processes."""
        return f"unix://{ServerHome(self.folder).socket()}"

    async def wait_for_a_story(self, count: int) -> list[int]:
        """So many new chats have a new story pending; their ids."""
        chats = await self.subscribe(count)
        self._number += 1
        now = self.database.clock.now()
        told, entry = values.story(self._number, now), values.entry(self._number, now)
        await self.stores.stories.acquire(DESK, LONG)
        await self.stores.stories.place(DESK, told, entry, None)
        event = FanOutEvent(EventKind.NEW, told.ids, told.version, ("all",), now)
        for chunk in values.chunks(chats):
            await self.stores.fanout.raise_in(chunk, event)
        return chats

    async def subscribe(self, count: int) -> list[int]:
        """So many new chats want every story; their ids. Written as the stores do, in bulk."""
        began = values.long_ago()
        chats = list(range(self._next, self._next + count))
        self._next += count
        for chunk in values.chunks(chats):
            people: list[str | int | bytes] = []
            wanting: list[str | int | bytes] = []
            batch = self.database.batch()
            for target in chunk.targets:
                asked = values.everything(target.chat, began)
                people += [target.chat, dump(values.chat(target.chat, began))]
                wanting += [target.chat, f"{target.chat}:{target.thread}"]
                batch.command("HSET", keys.subscriptions(target.chat), asked.key, dump(asked))
            batch.command("HSET", keys.chats(chunk.shard), *people)
            await batch.command("ZADD", keys.wants(chunk.shard, "all"), *wanting).run()
        return chats

    async def send_all(self, messenger: Messenger, stopping: Stopping) -> None:
        """Run the role `deliver` of one process until it is asked to stop."""
        shared = Shared(
            self._config, self.stores, messenger, FeedFetcher(allow_networks=()), ParsingProcess()
        )
        process = Process(shared, stopping)
        process.add_deliver(EditRule())
        await process.run()

    async def until_idle(self) -> None:
        """Wait until nothing is pending."""
        idle = False
        while not idle:
            await asyncio.sleep(POLL.total_seconds())
            idle = await self.stores.queue.peek() == {}


@asynccontextmanager
async def audience(first: int, *, send_rate: str = "999999/s") -> AsyncIterator[Audience]:
    """Chats from this id on; everything is forgotten at the end."""
    with tempfile.TemporaryDirectory(prefix="newsflash-") as folder:
        settings = {"BOT_TOKEN": TOKEN, "SEND_RATE": send_rate, "DATA_DIR": folder}
        async with open_database("", Path(folder)) as database:
            yield Audience(database, parse(settings), first)
