"""The desk's side of the entries' streams: in order, until acknowledged, never lost."""

from datetime import timedelta

import pytest

from bot.models.feeds import Feed
from bot.store import keys
from bot.store.client import Database
from bot.store.entries import Arrival, EntryStreams
from bot.store.feeds import FeedStore
from tests.store_values import NOON, a_feed, a_state, an_entry


@pytest.fixture
def streams(database: Database) -> EntryStreams:
    return EntryStreams(database)


async def arrive(database: Database, feed: Feed, *names: str, minute: int = 0) -> None:
    feeds = FeedStore(database)
    await feeds.add(feed)
    state = a_state(NOON + timedelta(minutes=minute))
    assert await feeds.commit(feed, [an_entry(name, feed) for name in names], {}, state)


def titles(arrivals: list[Arrival]) -> list[str]:
    return [arrival.entry.title.removeprefix("Story of the ") for arrival in arrivals]


async def test_entries_come_in_order_of_arrival_over_all_shards(
    database: Database, streams: EntryStreams
) -> None:
    feeds = [a_feed(f"feed{number}") for number in range(5)]
    assert len({keys.feed_shard(feed.id) for feed in feeds}) > 1
    for number, feed in enumerate(feeds):
        await arrive(database, feed, f"{number}a", f"{number}b")
    found = titles(await streams.read(100))
    assert [name for name in found if name.startswith("3")] == ["3a", "3b"]
    assert sorted(found) == sorted(f"{number}{part}" for number in range(5) for part in "ab")


async def test_what_is_not_acknowledged_comes_again(
    database: Database, streams: EntryStreams
) -> None:
    await arrive(database, a_feed(), "a", "b", "c")
    assert titles(await streams.read(2)) == ["a", "b"]
    first, _ = await streams.read(2)
    await streams.acknowledge(first.shard, first.id)
    assert titles(await streams.read(100)) == ["b", "c"]
    assert titles(await EntryStreams(database).read(100)) == ["b", "c"]
    assert await streams.backlog() == 2


async def test_an_acknowledgement_may_come_twice_and_late(
    database: Database, streams: EntryStreams
) -> None:
    await arrive(database, a_feed(), "a", "b", "c")
    first, second, _ = await streams.read(100)
    await streams.acknowledge(second.shard, second.id)
    await streams.acknowledge(second.shard, second.id)
    await streams.acknowledge(first.shard, first.id)
    assert titles(await streams.read(100)) == ["c"]
    mark = await database.command("GET", keys.acknowledged(second.shard))
    assert mark.decode() == second.id


async def test_what_arrives_after_everything_was_acknowledged_is_read(
    database: Database, streams: EntryStreams
) -> None:
    await arrive(database, a_feed(), "a")
    (first,) = await streams.read(100)
    await streams.acknowledge_all({first.shard: first.id})
    assert await streams.read(100) == []
    await arrive(database, a_feed(), "b", minute=5)
    assert titles(await streams.read(100)) == ["b"]


async def test_acknowledging_works_when_memory_is_full(
    database: Database, streams: EntryStreams
) -> None:
    await arrive(database, a_feed(), "a", "b")
    first, _ = await streams.read(100)
    await database.command("CONFIG SET", "maxmemory", "1")
    await streams.acknowledge(first.shard, first.id)
    assert titles(await streams.read(100)) == ["b"]
