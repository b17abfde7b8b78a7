"""Polling under adversity: a clock that is put back, a host whose feeds all hang."""

import asyncio
from datetime import timedelta

from bot.fetch.fetcher import FeedFetcher
from bot.models.feeds import Feed
from bot.services.parsing import ParsingProcess
from bot.services.polling import PollBounds, Poller
from bot.services.stopping import Stopping
from bot.store.client import Database
from bot.store.entries import EntryStreams
from bot.store.feeds import FeedStore
from tests.running_bot import LOOPBACK, FeedServer
from tests.store_values import a_feed
from tests.waiting import eventually

BOUNDS = PollBounds(timedelta(seconds=1), timedelta(seconds=1))


async def entries(database: Database) -> int:
    return len(await EntryStreams(database).read(100))


async def test_a_clock_put_back_by_a_day_stops_no_feed(database: Database) -> None:
    server, store, stopping = FeedServer(), FeedStore(database), Stopping()
    await server.start()
    parsing = ParsingProcess()
    feed: Feed = a_feed("world", url=server.url("world"))
    await store.add(feed)
    database.clock.offset = timedelta(days=1)
    try:
        async with FeedFetcher(allow_networks=(LOOPBACK,)) as fetcher:
            poller = Poller(store, fetcher, parsing, BOUNDS, database.clock, stopping)
            running = asyncio.create_task(poller.run())
            before = await eventually(lambda: entries(database))
            database.clock.offset = timedelta()
            server.publish("world", "Lighthouse keeper retires after forty years")
            await eventually(lambda: more(database, before))
            stopping.request()
            await running
    finally:
        await parsing.close()
        await server.stop()


async def more(database: Database, before: int) -> bool:
    return await entries(database) > before


async def test_a_host_whose_feeds_hang_keeps_back_no_other(database: Database) -> None:
    asked = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        asked.set()
        while await reader.read(1000):
            continue

    hanging = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = hanging.sockets[0].getsockname()[1]
    server, store, stopping = FeedServer(), FeedStore(database), Stopping()
    await server.start()
    good = a_feed("world", url=server.url("world").replace("127.0.0.1", "localhost"))
    parsing = ParsingProcess()
    await store.add_all(
        a_feed(f"slow{number}", url=f"http://127.0.0.1:{port}/{number}") for number in range(200)
    )
    try:
        async with FeedFetcher(allow_networks=(LOOPBACK,)) as fetcher:
            poller = Poller(store, fetcher, parsing, BOUNDS, database.clock, stopping)
            running = asyncio.create_task(poller.run())
            await asked.wait()
            await store.add(good)
            await eventually(lambda: entries(database), seconds=10)
            stopping.request()
            await running
    finally:
        await parsing.close()
        await server.stop()
        hanging.close()
