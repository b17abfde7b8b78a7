"""The desk against a real server: taking over, keeping its lease, leaving out what breaks it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest

from bot.errors import LeaseLostError
from bot.models.entries import Entry
from bot.services.desk import Desk
from bot.services.fanout import FanOut
from bot.services.seat import LEASE, Seat
from bot.services.stopping import Stopping
from bot.store import keys_desk
from bot.store.client import Database
from bot.store.desk import OrderStore
from bot.store.entries import EntryStreams
from bot.store.fanout import FanOutStreams
from bot.store.feeds import FeedStore
from bot.store.stories import StoryStore
from tests.store_values import a_feed, a_state, a_story, an_entry
from tests.waiting import eventually


@asynccontextmanager
async def desk(database: Database, lease: timedelta = LEASE) -> AsyncIterator[None]:
    stopping = Stopping()
    stores = (EntryStreams(database), StoryStore(database), OrderStore(database))
    seat = Seat(StoryStore(database), length=lease)
    running = asyncio.create_task(Desk(*stores, seat, database.clock, stopping).run())
    try:
        yield
    finally:
        stopping.request()
        await running


async def arrive(database: Database, *entries: Entry) -> None:
    """As a poll leaves them."""
    store, feed = FeedStore(database), a_feed()
    await store.add(feed)
    polled = database.clock.now()
    await store.commit(feed, entries, {}, a_state(polled))


async def placed(database: Database, entry: Entry) -> bool:
    return await StoryStore(database).entry(entry.id) is not None


async def test_a_desk_takes_over_more_stories_than_fit_in_its_lease(database: Database) -> None:
    """Restoring takes longer than a lease lasts, and the lease is kept all the same."""
    stories = StoryStore(database)
    await stories.acquire("an earlier desk", timedelta(minutes=1))
    now = database.clock.now()
    for number in range(700):
        words = " ".join(f"word{number}x{place}" for place in range(40))
        kept = an_entry(f"event {number}", title=words, lede=words, arrived=now)
        await stories.place("an earlier desk", a_story(f"{number:012d}", kept), kept, None)
    await stories.release("an earlier desk")
    entry = an_entry("dam", arrived=now)
    await arrive(database, entry)
    async with desk(database, lease=timedelta(milliseconds=100)):
        await eventually(lambda: placed(database, entry))


async def test_an_entry_that_breaks_the_desk_is_left_out(database: Database) -> None:
    now = database.clock.now()
    # No time of day can be told from it.
    broken = an_entry("broken", arrived=datetime(2026, 11, 24, 12))  # noqa: DTZ001
    good = replace(an_entry("dam"), arrived=now)
    await arrive(database, broken, good)
    async with desk(database):
        await eventually(lambda: placed(database, good))
    assert not await placed(database, broken)


async def test_a_desk_that_waits_for_fan_out_keeps_its_seat(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    """Fan-out needs the seat to catch up."""
    now = database.clock.now()
    titles = ("Glacier village moves its church", "Tram drivers win a week", "Viking ferry lifted")
    news = [an_entry(title, title=title, lede=title, arrived=now) for title in titles]
    stories, stopping = StoryStore(database, fanout_cap=1), Stopping()
    seat, clock = Seat(stories, length=timedelta(seconds=2)), database.clock
    stores = (EntryStreams(database), stories, OrderStore(database))
    pause = timedelta(milliseconds=20)
    desk = Desk(*stores, seat, clock, stopping, backlog_pause=pause)
    running = [asyncio.create_task(desk.run())]
    await arrive(database, *news)
    await eventually(lambda: caplog.text.count("Too many events wait") > 3)
    fan_out = FanOut(FanOutStreams(database), seat, clock, stopping)
    running.append(asyncio.create_task(fan_out.run()))
    for entry in news:
        await eventually(partial(placed, database, entry))
    stopping.request()
    await asyncio.gather(*running)


async def test_a_desk_that_stops_leaves_its_seat_at_once(database: Database) -> None:
    async with desk(database):
        await eventually(lambda: database.command("EXISTS", keys_desk.desk_lease()))
    assert await Seat(StoryStore(database)).take()


async def test_who_did_not_ask_for_long_holds_no_seat(database: Database) -> None:
    """It may have stood still meanwhile: its own clock tells, before it writes anything."""
    seat = Seat(StoryStore(database), length=timedelta(milliseconds=30))
    assert await seat.take()
    await eventually(lambda: not seat.held)
    other = Seat(StoryStore(database))
    await eventually(other.take)
    assert not await seat.take()
    with pytest.raises(LeaseLostError):
        await seat.keep()
    assert other.held
    await seat.leave()
    assert await other.take()
