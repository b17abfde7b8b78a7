"""Subscriptions at their edges: repeated presses, names, feeds that nobody follows, too many."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.errors import FeedError
from bot.fetch.fetcher import FeedFetcher
from bot.models.identifiers import Address, ChatId, ThreadId
from bot.models.subscriptions import Subscription, SubscriptionKind
from bot.news.identity import feed_id
from bot.services.feeds import FeedService
from bot.services.parsing import ParsingProcess
from bot.services.wanted import named
from bot.store.chats import ChatStore
from bot.store.client import Database
from bot.store.feeds import FeedStore
from bot.store.subscriptions import CAP, SubscriptionStore
from bot.views.reading import reason_text
from bot.views.subscriptions import sentence_case, short_label
from sandbox.people import Member
from sandbox.population import ALEX
from tests.running_bot import LOOPBACK, Json, Person, RunningBot, labels, running_bot

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(
    redis_server: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningBot]:
    async with running_bot(redis_server, tmp_path_factory.mktemp("subscriptions")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kept(bot: RunningBot, redis_server: Path) -> AsyncIterator[Database]:
    async with await Database.open(f"unix://{redis_server}") as database:
        yield database


async def polled(kept: Database, address: str) -> bool:
    return await FeedStore(kept).get(feed_id(address)) is not None


async def press_as_shown(reader: Person, shown: Json, label: str) -> None:
    """Press what a message showed once, whatever it shows by now: a press that is repeated."""
    chat = reader.sandbox.world.chats[shown["chat"]["id"]]
    message = chat.messages[shown["message_id"]]
    message.payload["reply_markup"] = shown["reply_markup"]
    await reader.press(shown, label)


SCIENCE = Subscription(
    ChatId(1),
    ThreadId(0),
    SubscriptionKind.TOPIC,
    "science",
    "Science",
    breaking_only=True,
    since=datetime(2026, 11, 24, tzinfo=UTC),
)
STANDING = (
    replace(SCIENCE, kind=SubscriptionKind.ALL, value="", label="Breaking news"),
    SCIENCE,
    replace(SCIENCE, kind=SubscriptionKind.SOURCE, value="the post", label="The Post"),
    replace(SCIENCE, kind=SubscriptionKind.FEED, value="0" * 16, label="24", breaking_only=False),
)


async def test_each_name_and_place_that_the_list_shows_ends_it() -> None:
    for place, one in enumerate(STANDING, start=1):
        for words in (reason_text(one), sentence_case(reason_text(one)), short_label(one)):
            assert named(STANDING, words) == (one,)
            assert named(STANDING, f" {words.upper()} ") == (one,)
        assert named(STANDING, str(place)) == (one,)
    assert named(STANDING, "24") == (STANDING[3],)
    assert named(STANDING, "5") == named(STANDING, "0") == ()
    assert named(STANDING, "all") == STANDING


async def test_a_switch_that_is_pressed_twice_is_switched_once(bot: RunningBot) -> None:
    reader = bot.person()
    await reader.start()
    menu = await reader.say("/subscribe")
    for _ in range(2):
        await press_as_shown(reader, menu, "Science")
        assert "✓ Science" in labels(await reader.again(menu))
    on = await reader.again(menu)
    for _ in range(2):
        await press_as_shown(reader, on, "Science")
        assert "Science" in labels(await reader.again(menu))


async def test_a_setting_that_is_pressed_twice_is_changed_once(bot: RunningBot) -> None:
    reader = bot.person()
    await reader.start()
    menu = await reader.say("/settings")
    await reader.press(menu, "News languages")
    shown = await reader.again(menu)
    # Only what there is news in is offered.
    assert labels(shown) == ["✓ English", "Українська", "« Back"]
    for _ in range(2):
        await press_as_shown(reader, shown, "Українська")
        assert labels(await reader.again(menu))[:2] == ["✓ English", "✓ Українська"]


async def test_a_name_copied_out_of_the_list_ends_it(bot: RunningBot) -> None:
    reader = bot.person()
    await reader.start()
    await reader.say("/subscribe example times breaking")
    line = (await reader.say("/list"))["text"].splitlines()[-1]
    ended = await reader.say(f"/unsubscribe {line.removeprefix('2. ')}")
    assert "no longer gets the source Example Times, breaking only." in ended["text"]


async def test_turning_off_on_an_old_message_loses_nothing_else(bot: RunningBot) -> None:
    reader = bot.person()
    greeting = await reader.start()
    await reader.say("/subscribe technology")
    await reader.press(greeting, "Turn off")
    assert "1 other subscription stays" in (await reader.again(greeting))["text"]
    assert "1. The topic Technology" in (await reader.say("/list"))["text"]


async def test_a_feed_is_polled_for_as_long_as_somebody_follows_it(
    bot: RunningBot, kept: Database
) -> None:
    first, second = bot.person(), bot.person()
    address = bot.feeds.add("orchard", "Orchard", ["Pears are ripe"])
    for reader in (first, second):
        await reader.start()
        await reader.say(f"/subscribe {address} breaking")
    assert "Latest: Orchard" in (await first.say("/latest orchard"))["text"]
    listed = await first.say("/list")
    await first.press(listed, "End: Orchard")
    assert "no such topic or source" in (await first.say("/latest orchard"))["text"]
    assert await polled(kept, address)
    ended = await second.say("/unsubscribe orchard")
    assert not await polled(kept, address)
    # No button can name a feed that is gone; the line that can is shown.
    assert labels(ended) == ["Subscriptions"]
    again = ended["text"].partition("To have it back: ")[2]
    assert "now gets the feed Orchard, breaking only" in (await second.say(again))["text"]
    assert await polled(kept, address)


async def test_a_listed_feed_goes_on_without_followers(bot: RunningBot, kept: Database) -> None:
    reader = bot.person()
    await reader.start()
    await reader.say(f"/subscribe {bot.feeds.url('world')}")
    await reader.say("/unsubscribe daily example")
    assert await polled(kept, bot.feeds.url("world"))


async def test_what_follows_a_removed_feed_is_told(bot: RunningBot) -> None:
    reader, operator = bot.person(), bot.known(ALEX)
    address = bot.feeds.add("canal", "Canal News", ["Lock gate repaired"])
    await operator.say(f"/addfeed {address} europe en")
    await reader.start()
    await reader.say(f"/subscribe {address}")
    removed = await operator.say(f"/removefeed {address}")
    assert "1 subscription to it stays, and will go on if it is added again." in removed["text"]
    assert "The feed Canal News (no longer read)" in (await reader.say("/list"))["text"]
    await operator.say(f"/addfeed {address} europe en")
    assert "no longer read" not in (await reader.say("/list"))["text"]


async def test_an_anonymous_admin_cannot_lend_a_feed_anothers_name(bot: RunningBot) -> None:
    chat = bot.sandbox.world.add_chat("supergroup", "Masks", ALEX, bot=Member("member"))
    address = bot.feeds.add("mask", "Daily Example", ["Free money for everyone"])
    answer = await bot.known(ALEX).say(f"/subscribe {address}", chat=chat.id, anonymous=True)
    assert "This group now gets the feed Daily Example (127.0.0.1)." in answer["text"]


async def test_a_group_speaks_as_who_brought_the_bot(bot: RunningBot, kept: Database) -> None:
    admin = bot.person(language="uk")
    chat = bot.sandbox.world.add_chat("supergroup", "Друзі", admin.id, bot=Member("member"))
    await admin.say("/subscribe breaking", chat=chat.id)
    found = await ChatStore(kept).by_address(Address(chat.id))
    assert found is not None
    assert found.settings.news_languages == ("uk",)
    assert found.settings.timezone == "Europe/Kyiv"


async def test_a_site_that_hangs_does_not_hold_the_chat_up(kept: Database) -> None:
    async def hang(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with closing_stream(writer):
            await over.wait()

    over = asyncio.Event()
    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, FeedFetcher(allow_networks=[LOOPBACK]) as fetcher:
        feeds = FeedService(
            FeedStore(kept), fetcher, ParsingProcess(), patience=timedelta(milliseconds=200)
        )
        with pytest.raises(FeedError, match="did not answer in time"):
            await feeds.ensure(f"http://127.0.0.1:{port}/feed.xml", by=None)
        over.set()


@asynccontextmanager
async def closing_stream(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    try:
        yield
    finally:
        writer.close()


async def test_too_many_subscriptions_leave_no_feed_behind(bot: RunningBot, kept: Database) -> None:
    reader = bot.person()
    await reader.start()
    store = SubscriptionStore(kept)
    for number in range(CAP - 1):
        each = replace(SCIENCE, chat=ChatId(reader.id), kind=SubscriptionKind.SOURCE)
        await store.add(replace(each, value=f"paper {number:03}", label=f"Paper {number:03}"))
    address = bot.feeds.add("straw", "Last Straw", ["Camel rests"])
    assert "already" in (await reader.say(f"/subscribe {address}"))["text"]
    assert not await polled(kept, address)
    listed = await reader.say("/list")
    assert "page 1 of 25" in listed["text"]
    await reader.press(listed, "Show more")
    assert "page 2 of 25" in (await reader.again(listed))["text"]
    assert "Ended 200 subscriptions" in (await reader.say("/unsubscribe all"))["text"]
    assert "None yet." in (await reader.say("/list"))["text"]
