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
from bot.store.heartbeats import Heartbeats
from bot.store.keys_deliveries import pollers
from tests.running_bot import LOOPBACK, FeedServer
from tests.store_values import a_feed
from tests.waiting import eventually

BOUNDS = PollBounds(timedelta(seconds=1), timedelta(seconds=1))


def a_poller(
    database: Database, fetcher: FeedFetcher, parsing: ParsingProcess, stopping: Stopping
) -> Poller:
    beats = Heartbeats(database, pollers())
    return Poller(FeedStore(database), fetcher, parsing, BOUNDS, beats, database.clock, stopping)


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
            poller = a_poller(database, fetcher, parsing, stopping)
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


async def test_what_a_killed_poller_had_claimed_is_polled_within_seconds(
    database: Database,
) -> None:
    server, store, stopping = FeedServer(), FeedStore(database), Stopping()
    await server.start()
    parsing = ParsingProcess()
    feed: Feed = a_feed("world", url=server.url("world"))
    await store.add(feed)
    await Heartbeats(database, pollers()).beat("killed")
    assert await store.claim_due(8, lease=timedelta(days=1)) == [feed]
    # As if the heartbeat's patience had passed, and the claim's lease had not.
    database.clock.offset = timedelta(seconds=10)
    try:
        async with FeedFetcher(allow_networks=(LOOPBACK,)) as fetcher:
            running = asyncio.create_task(a_poller(database, fetcher, parsing, stopping).run())
            await eventually(lambda: entries(database))
            stopping.request()
            await running
        assert await Heartbeats(database, pollers()).living(timedelta(days=1)) == frozenset()
    finally:
        await parsing.close()
        await server.stop()


async def test_only_claimed_feeds_are_taken_back(database: Database) -> None:
    store = FeedStore(database)
    await store.add_all([a_feed("claimed"), a_feed("waiting")])
    (one,) = await store.claim_due(1, lease=timedelta(days=1))
    assert await store.take_back() == 1
    assert one in await store.claim_due(8, lease=timedelta(days=1))


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
            poller = a_poller(database, fetcher, parsing, stopping)
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
