"""Feeds and polls on a real server: claims, commits that run twice, marks that last."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.errors import BacklogError, LeaseLostError, StoreError
from bot.models.entries import EntryEvent
from bot.models.feeds import Feed
from bot.store import keys
from bot.store.client import Database
from bot.store.entries import EntryStreams
from bot.store.feeds import FeedStore
from tests.store_values import NOON, a_feed, a_state, an_entry, digits

LEASE = timedelta(minutes=2)
ONE, TWO = digits("one", 32), digits("two", 32)
OLD, NEW = digits("old", 16), digits("new", 16)


@pytest.fixture
def feeds(database: Database) -> FeedStore:
    return FeedStore(database)


def seen(count: int, name: str = "") -> dict[str, str]:
    return {digits(f"{name}{number}", 32): OLD for number in range(count)}


async def marks(database: Database, feed: Feed) -> int:
    return int(await database.command("HLEN", keys.seen(feed.id))) - 1


async def test_a_feed_is_added_once(feeds: FeedStore) -> None:
    feed = a_feed()
    assert await feeds.add(feed)
    assert not await feeds.add(replace(feed, title="Another"))
    assert await feeds.get(feed.id) == feed
    assert await feeds.all() == [feed]
    state = await feeds.state(feed.id)
    assert state is not None
    assert not state.baseline_done
    assert await feeds.states() == {feed.id: state}


async def test_many_feeds_are_added_in_one_go(feeds: FeedStore) -> None:
    many = [a_feed(f"feed{number}") for number in range(40)]
    assert await feeds.add_all(many) == 40
    assert await feeds.add_all([*many, a_feed("one more")]) == 1
    assert len(await feeds.all()) == 41


async def test_an_update_describes_a_known_feed_only(feeds: FeedStore) -> None:
    assert not await feeds.update(a_feed())
    await feeds.add(a_feed())
    assert await feeds.update(a_feed(trusted=True))
    assert await feeds.all() == [a_feed(trusted=True)]


async def test_a_removed_feed_leaves_nothing(database: Database, feeds: FeedStore) -> None:
    feed = a_feed()
    await feeds.add(feed)
    await feeds.commit(feed, [], seen(3), a_state())
    assert await feeds.remove(feed.id)
    assert not await feeds.remove(feed.id)
    assert await feeds.state(feed.id) is None
    assert await database.command("KEYS", "*") == []


async def test_a_feed_can_be_removed_when_memory_is_full(
    database: Database, feeds: FeedStore
) -> None:
    await feeds.add(a_feed())
    await feeds.commit(a_feed(), [], seen(3), a_state())
    await database.command("CONFIG SET", "maxmemory", "1")
    assert await feeds.remove(a_feed().id)


async def test_a_new_feed_is_due_and_claimed_once(database: Database, feeds: FeedStore) -> None:
    await feeds.add(a_feed())
    assert await feeds.claim_due(10, lease=LEASE) == [a_feed()]
    assert await feeds.claim_due(10, lease=LEASE) == []
    due = await feeds.earliest_due()
    assert due is not None
    assert due > database.clock.now()


async def test_an_unfinished_poll_is_claimed_again_after_its_lease(
    database: Database, feeds: FeedStore
) -> None:
    await feeds.add(a_feed())
    await feeds.claim_due(10, lease=LEASE)
    database.clock.offset += LEASE
    assert await feeds.claim_due(10, lease=LEASE) == [a_feed()]


async def test_a_claim_given_back_is_due_at_once(feeds: FeedStore) -> None:
    await feeds.add(a_feed())
    await feeds.claim_due(10, lease=LEASE)
    await feeds.hasten([a_feed().id, a_feed("unknown").id])
    assert await feeds.claim_due(10, lease=LEASE) == [a_feed()]
    assert await feeds.claim_due(10, lease=LEASE) == []


async def test_claims_share_out_every_due_feed(feeds: FeedStore) -> None:
    many = [a_feed(f"feed{number}") for number in range(100)]
    await feeds.add_all(many)
    claimed: list[Feed] = []
    while batch := await feeds.claim_due(7, lease=LEASE):
        assert len(batch) <= 7
        claimed.extend(batch)
    assert sorted(feed.id for feed in claimed) == sorted(feed.id for feed in many)


async def test_without_feeds_nothing_is_due(feeds: FeedStore) -> None:
    assert await feeds.claim_due(10, lease=LEASE) == []
    assert await feeds.earliest_due() is None


async def test_a_commit_keeps_everything(database: Database, feeds: FeedStore) -> None:
    feed, entry = a_feed(), an_entry()
    await feeds.add(feed)
    assert await feeds.commit(feed, [entry], {ONE: OLD, TWO: NEW}, a_state())
    assert await feeds.known(feed.id, [ONE, digits("three", 32), TWO]) == {ONE: OLD, TWO: NEW}
    assert await feeds.state(feed.id) == a_state()
    assert await feeds.earliest_due() == a_state().next_poll
    (arrival,) = await EntryStreams(database).read(10)
    assert arrival.entry == entry


async def test_a_commit_that_runs_twice_takes_effect_once(
    database: Database, feeds: FeedStore
) -> None:
    await feeds.add(a_feed())
    assert await feeds.commit(a_feed(), [an_entry()], {ONE: OLD}, a_state())
    assert not await feeds.commit(a_feed(), [an_entry()], {ONE: OLD}, a_state())
    assert await EntryStreams(database).backlog() == 1


async def test_an_older_poll_commits_nothing(database: Database, feeds: FeedStore) -> None:
    await feeds.add(a_feed())
    await feeds.commit(a_feed(), [], {ONE: NEW}, a_state(NOON))
    with pytest.raises(LeaseLostError, match="later poll"):
        await feeds.commit(a_feed(), [an_entry()], {ONE: OLD}, a_state(NOON - timedelta(seconds=1)))
    assert await feeds.known(a_feed().id, [ONE]) == {ONE: NEW}
    assert await EntryStreams(database).backlog() == 0


async def test_a_feed_removed_while_polled_does_not_come_back(
    database: Database, feeds: FeedStore
) -> None:
    await feeds.add(a_feed())
    await feeds.claim_due(1, lease=LEASE)
    await feeds.remove(a_feed().id)
    with pytest.raises(LeaseLostError, match="removed"):
        await feeds.commit(a_feed(), [an_entry()], {ONE: OLD}, a_state())
    assert await database.command("KEYS", "*") == []


async def test_a_failed_poll_keeps_marks_and_backs_off(feeds: FeedStore) -> None:
    await feeds.add(a_feed())
    await feeds.commit(a_feed(), [], {ONE: OLD}, a_state())
    failed = a_state(NOON + timedelta(hours=1), failures=1, last_error="It timed out.")
    assert await feeds.commit(a_feed(), [], {}, failed)
    assert await feeds.known(a_feed().id, [ONE]) == {ONE: OLD}
    assert await feeds.earliest_due() == failed.next_poll


async def test_a_full_stream_refuses_and_keeps_nothing(database: Database) -> None:
    feeds, streams = FeedStore(database, stream_cap=2), EntryStreams(database)
    await feeds.add(a_feed())
    first = [an_entry(str(number)) for number in range(3)]
    await feeds.commit(a_feed(), first, {ONE: OLD}, a_state())
    later = a_state(NOON + timedelta(minutes=5))
    with pytest.raises(BacklogError, match="wait for the desk"):
        await feeds.commit(a_feed(), [an_entry("more")], {TWO: OLD}, later)
    assert await feeds.known(a_feed().id, [TWO]) == {}
    assert await feeds.commit(a_feed(), [], {ONE: OLD}, a_state(NOON + timedelta(minutes=1)))
    arrivals = await streams.read(10)
    await streams.acknowledge(arrivals[-1].shard, arrivals[-1].id)
    assert await feeds.commit(a_feed(), [an_entry("more")], {TWO: OLD}, later)


async def test_a_large_document_is_one_commit(database: Database, feeds: FeedStore) -> None:
    await feeds.add(a_feed())
    entries = [an_entry(str(number)) for number in range(2500)]
    document = seen(2500)
    assert await feeds.commit(a_feed(), entries, document, a_state())
    assert await feeds.known(a_feed().id, list(document)) == document
    assert await EntryStreams(database).backlog() == 2500


async def test_nothing_is_known_of_nothing(feeds: FeedStore) -> None:
    assert await feeds.known(a_feed().id, []) == {}


async def test_a_mark_lasts_90_days_after_the_last_sighting(
    database: Database, feeds: FeedStore
) -> None:
    await feeds.add(a_feed())
    await feeds.commit(a_feed(), [], seen(30) | {ONE: OLD}, a_state(NOON))
    for days in (1, 90):
        await feeds.commit(a_feed(), [], {TWO: OLD}, a_state(NOON + timedelta(days=days)))
        assert await feeds.known(a_feed().id, [ONE]) == {ONE: OLD}
    await feeds.commit(a_feed(), [], {TWO: OLD}, a_state(NOON + timedelta(days=91)))
    # Ten documents' worth stay whatever their age.
    assert await marks(database, a_feed()) == 10
    assert await feeds.known(a_feed().id, [TWO]) == {TWO: OLD}


async def test_an_unchanged_document_is_a_sighting(database: Database, feeds: FeedStore) -> None:
    await feeds.add(a_feed())
    await feeds.commit(a_feed(), [], seen(30), a_state(NOON))
    for days in range(1, 200, 7):
        await feeds.commit(a_feed(), [], {}, a_state(NOON + timedelta(days=days)))
    await feeds.commit(a_feed(), [], {TWO: OLD}, a_state(NOON + timedelta(days=200)))
    assert await marks(database, a_feed()) == 31
    await feeds.commit(a_feed(), [], {TWO: OLD}, a_state(NOON + timedelta(days=250)))
    assert await marks(database, a_feed()) == 31


async def test_a_failed_poll_is_no_sighting(database: Database, feeds: FeedStore) -> None:
    await feeds.add(a_feed())
    await feeds.commit(a_feed(), [], seen(30), a_state(NOON))
    failed = a_state(NOON + timedelta(days=100), failures=9)
    await feeds.commit(a_feed(), [], {}, failed)
    await feeds.commit(a_feed(), [], {TWO: OLD}, a_state(NOON + timedelta(days=101)))
    assert await marks(database, a_feed()) == 10


async def test_a_feed_of_ever_new_entries_stays_bounded(
    database: Database, feeds: FeedStore
) -> None:
    await feeds.add(a_feed())
    for day in range(9):
        document = seen(3000, f"{day}-")
        await feeds.commit(a_feed(), [], document, a_state(NOON + timedelta(days=day)))
        assert await feeds.known(a_feed().id, list(document)) == document
    assert await marks(database, a_feed()) < 30_000
    for day in range(9, 12):
        document = seen(500, f"{day}-")
        await feeds.commit(a_feed(), [], document, a_state(NOON + timedelta(days=day)))
    assert await marks(database, a_feed()) <= 20_000
    assert await feeds.known(a_feed().id, list(document)) == document


async def test_a_feed_of_ever_new_entries_stays_bounded_within_a_day(
    database: Database, feeds: FeedStore
) -> None:
    await feeds.add(a_feed())
    for minute in range(14):
        document = seen(2500, f"{minute}-")
        await feeds.commit(a_feed(), [], document, a_state(NOON + timedelta(minutes=minute)))
        assert await feeds.known(a_feed().id, list(document)) == document
        assert await marks(database, a_feed()) <= 27_500


async def test_marks_of_a_usual_feed_are_small(database: Database, feeds: FeedStore) -> None:
    await database.command("CONFIG SET", "hash-max-ziplist-entries", "512")
    await feeds.add(a_feed())
    await feeds.commit(a_feed(), [], seen(200), a_state(NOON))
    size = await database.command("MEMORY USAGE", keys.seen(a_feed().id))
    assert size / 200 < 40


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    commits=st.lists(
        st.tuples(st.integers(0, 6), st.sets(st.integers(0, 5)), st.booleans()), max_size=12
    )
)
async def test_no_entry_is_lost_or_doubled_by_any_order_of_commits(
    database: Database, commits: list[tuple[int, set[int], bool]]
) -> None:
    """Polls by several pollers, in any order, some repeated: each sees what it sees as new."""
    await database.command("FLUSHALL")
    feeds, streams = FeedStore(database), EntryStreams(database)
    await feeds.add(a_feed())
    accepted: set[int] = set()
    newest = -1
    for poll, numbers, repeat in commits:
        document = {digits(str(number), 32): OLD for number in numbers}
        known = await feeds.known(a_feed().id, list(document))
        new = [
            an_entry(str(number), event=EntryEvent.NEW)
            for number in sorted(numbers)
            if digits(str(number), 32) not in known
        ]
        state = a_state(NOON + timedelta(minutes=poll))
        for _ in range(2 if repeat else 1):
            try:
                kept = await feeds.commit(a_feed(), new, document, state)
            except LeaseLostError:
                assert poll < newest
                continue
            assert kept == (poll > newest)
            if kept:
                newest = poll
                accepted |= numbers
    titles = [arrival.entry.title for arrival in await streams.read(1000)]
    assert sorted(titles) == sorted(f"Story of the {number}" for number in accepted)


async def test_a_document_of_a_newer_release_is_refused(
    database: Database, feeds: FeedStore
) -> None:
    name = keys.feeds(keys.feed_shard(a_feed().id))
    await database.command("HSET", name, a_feed().id, b'{"v":2}')
    with pytest.raises(StoreError, match="newer"):
        await feeds.get(a_feed().id)
