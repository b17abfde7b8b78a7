"""Feeds longer than what the wire takes of them: what is withdrawn or turned round is no news."""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count

import pytest

from bot.fetch.fetcher import FeedFetcher
from bot.models.entries import EntryEvent
from bot.services.parsing import ParsingProcess
from bot.services.polling import PollBounds, Poller
from bot.services.stopping import Stopping
from bot.store.client import Database
from bot.store.entries import EntryStreams
from bot.store.feeds import FeedStore
from bot.store.heartbeats import Heartbeats
from bot.store.keys_deliveries import pollers
from tests.feed_server import Exchange, FeedServer
from tests.running_bot import LOOPBACK
from tests.store_values import a_feed

BOUNDS = PollBounds(timedelta(seconds=1), timedelta(seconds=1))
START = datetime(2026, 11, 24, tzinfo=UTC)
MANY = 2000


def document(numbers: Iterable[int], *, dated: bool = True) -> bytes:
    """A feed whose entries were published a minute apart, in the order given."""
    items = "".join(
        f"<item><title>Report {number}</title><guid>g{number}</guid>"
        f"<link>https://example.net/{number}</link><description>Words {number}.</description>"
        + (f"<pubDate>{published(number)}</pubDate>" if dated else "")
        + "</item>"
        for number in numbers
    )
    return f"<rss version='2.0'><channel><title>Long</title>{items}</channel></rss>".encode()


def published(number: int) -> str:
    return format_datetime(START - timedelta(days=2) + timedelta(minutes=number))


class Polled:
    """A feed that is polled when a test says so, with the document that the test gives."""

    def __init__(self, database: Database, poller: Poller, server: FeedServer) -> None:
        self._database = database
        self._poller = poller
        self._server = server
        self._feed = a_feed("long", url=server.url("/feed"))
        self._polls = count(1)
        self.store = FeedStore(database)

    async def poll(self, body: bytes) -> dict[EntryEvent, set[str]]:
        """Titles of the entries that the poll sends to the desk, by event."""

        async def answer(exchange: Exchange) -> None:
            await exchange.reply(body)

        self._server.answers["/feed"] = answer
        await self.store.add(self._feed)
        self._database.clock.offset = timedelta(minutes=next(self._polls))
        streams = EntryStreams(self._database)
        before = {arrival.id for arrival in await streams.read(10_000)}
        await self._poller.poll(self._feed)
        found: dict[EntryEvent, set[str]] = {}
        for arrival in await streams.read(10_000):
            if arrival.id not in before:
                found.setdefault(arrival.entry.event, set()).add(arrival.entry.title)
        return found

    async def entries(self) -> int:
        state = await self.store.state(self._feed.id)
        assert state is not None
        assert not state.last_error
        return state.entries


@pytest.fixture
async def feed(database: Database) -> AsyncIterator[Polled]:
    parsing = ParsingProcess()
    async with FeedServer() as server, FeedFetcher(allow_networks=(LOOPBACK,)) as fetcher:
        store, beats = FeedStore(database), Heartbeats(database, pollers())
        poller = Poller(store, fetcher, parsing, BOUNDS, beats, database.clock, Stopping())
        yield Polled(database, poller, server)
    await parsing.close()


def titles(numbers: Iterable[int]) -> set[str]:
    return {f"Report {number}" for number in numbers}


async def test_withdrawn_entries_make_no_news_of_older_ones(feed: Polled) -> None:
    newest_first = list(range(MANY))[::-1]
    baseline = titles(range(MANY - 200, MANY))
    assert await feed.poll(document(newest_first)) == {EntryEvent.BASELINE: baseline}
    assert await feed.entries() == MANY
    withdrawn = newest_first[:2] + newest_first[7:]
    assert await feed.poll(document(withdrawn)) == {}
    assert await feed.poll(document([MANY, *withdrawn])) == {EntryEvent.NEW: titles([MANY])}


async def test_of_a_feed_that_grows_at_its_end_the_new_entry_is_news(feed: Polled) -> None:
    oldest_first = list(range(MANY))
    baseline = titles(range(MANY - 200, MANY))
    assert await feed.poll(document(oldest_first)) == {EntryEvent.BASELINE: baseline}
    grown = document([*oldest_first, MANY])
    assert await feed.poll(grown) == {EntryEvent.NEW: titles([MANY])}


async def test_a_feed_turned_round_is_no_news(feed: Polled) -> None:
    await feed.poll(document(range(MANY)))
    assert await feed.poll(document(reversed(range(MANY)))) == {}
    await feed.poll(document(range(MANY), dated=False))
    assert await feed.poll(document(reversed(range(MANY)), dated=False)) == {}


async def test_an_entry_beyond_the_newest_is_seen_when_it_comes(feed: Polled) -> None:
    await feed.poll(document(range(100, MANY)))
    # Added in retrospect, and moved up by what is withdrawn after it.
    assert await feed.poll(document(range(99, MANY))) == {}
    assert await feed.poll(document(range(99, 250))) == {}


async def test_what_moves_up_in_a_feed_longer_than_is_read_is_only_found(feed: Polled) -> None:
    most = list(range(5250))[::-1]
    await feed.poll(document(most))
    assert await feed.entries() == 5000
    found = await feed.poll(document(most[:10] + most[5001:] + most[5000:5001]))
    assert found == {EntryEvent.BASELINE: titles(range(60, 250))}
