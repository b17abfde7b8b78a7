"""The desk's transactions on a real server: the lease, placements that run twice, indices, log."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.errors import BacklogError, LeaseLostError
from bot.models.deliveries import EventKind, FanOutEvent
from bot.models.entries import Entry
from bot.models.identifiers import EntryId, Language, StoryId, Topic
from bot.models.stories import Story
from bot.store import keys_desk
from bot.store.client import Database
from bot.store.documents import load
from bot.store.stories import StoryStore, indices_of, urgency
from tests.store_values import NOON, a_feed, a_story, an_entry, an_event, breaking, digits

TOKEN = "desk-1"
TTL = timedelta(seconds=30)
HOUR = timedelta(hours=1)


@pytest.fixture
async def stories(database: Database) -> StoryStore:
    store = StoryStore(database)
    assert await store.acquire(TOKEN, TTL)
    return store


async def events(database: Database, name: str) -> list[FanOutEvent]:
    answer = await database.command("XRANGE", keys_desk.fanout(name), "-", "+")
    return [load(FanOutEvent, fields[b"e"]) for _, fields in answer]


async def place(stories: StoryStore, story: Story, entry: Entry | None = None) -> bool:
    event = an_event(story)
    return await stories.place(TOKEN, story, entry or an_entry(), event)


async def page(stories: StoryStore, *indices: str, offset: int = 0, limit: int = 10) -> list[str]:
    ids, _ = await stories.latest(indices, offset, limit)
    return list(ids)


# The lease.


async def test_one_token_is_the_desk(stories: StoryStore) -> None:
    assert await stories.acquire(TOKEN, TTL)
    assert not await stories.acquire("desk-2", TTL)
    assert await stories.renew(TOKEN, TTL)
    assert not await stories.renew("desk-2", TTL)
    await stories.release("desk-2")
    assert not await stories.acquire("desk-2", TTL)
    await stories.release(TOKEN)
    assert await stories.acquire("desk-2", TTL)
    assert not await stories.renew(TOKEN, TTL)


async def test_a_lease_ends_by_itself(database: Database, stories: StoryStore) -> None:
    await stories.renew(TOKEN, TTL)
    assert 0 < await database.command("PTTL", keys_desk.desk_lease()) <= 30_000


async def test_a_desk_that_lost_its_lease_writes_nothing(
    database: Database, stories: StoryStore
) -> None:
    await stories.release(TOKEN)
    await stories.acquire("desk-2", TTL)
    with pytest.raises(LeaseLostError, match="Another process"):
        await place(stories, a_story("a"))
    with pytest.raises(LeaseLostError, match="Another process"):
        await stories.update(TOKEN, a_story("a"), None)
    assert await stories.get(StoryId("a")) is None
    assert await stories.log_end() == "0-0"


# Placing.


async def test_a_placement_keeps_everything(database: Database, stories: StoryStore) -> None:
    story, entry = a_story("a"), an_entry()
    assert not await stories.marked(entry)
    assert await place(stories, story, entry)
    assert await stories.marked(entry)
    assert await stories.get(StoryId("a")) == story
    assert await stories.entry(entry.id) == entry
    assert await stories.home(entry.id) == story
    assert await events(database, "ordinary") == [an_event(story)]
    assert await page(stories, "all") == ["a"]
    (item,) = (await stories.log("0-0")).items
    assert (item.story, item.version) == ("a", 1)


async def test_what_is_not_there_is_none(stories: StoryStore) -> None:
    assert await stories.get(StoryId("x")) is None
    assert await stories.entry(EntryId("x")) is None
    assert await stories.home(EntryId("x")) is None
    assert await stories.get_many([]) == {}
    assert await stories.latest("all", 0, 10) == ((), 0)


async def test_a_placement_that_runs_twice_takes_effect_once(
    database: Database, stories: StoryStore
) -> None:
    assert await place(stories, a_story("a"))
    assert not await place(stories, a_story("a"))
    # A restarted desk, which does not know that it placed the entry, may found another story.
    assert not await place(stories, a_story("b"))
    assert len(await events(database, "ordinary")) == 1
    assert len((await stories.log("0-0")).items) == 1
    assert await stories.get(StoryId("b")) is None


async def test_a_changed_entry_is_placed_and_its_older_states_are_not_again(
    database: Database, stories: StoryStore
) -> None:
    first = an_entry()
    changed = an_entry(title="Another", content_print=digits("2", 16), arrived=NOON + HOUR)
    back = an_entry(arrived=NOON + 2 * HOUR)
    for version, entry in enumerate((first, changed, back), 1):
        assert not await stories.marked(entry)
        assert await place(stories, a_story("a", entry, version=version), entry)
    for entry in (first, changed, back):
        assert await stories.marked(entry)
        assert not await place(stories, a_story("a", entry, version=4), entry)
    assert await stories.entry(first.id) == back
    assert [event.version for event in await events(database, "ordinary")] == [1, 2, 3]


async def test_a_story_known_in_a_newer_version_is_not_overwritten(stories: StoryStore) -> None:
    assert await place(stories, a_story("a", version=3))
    other = an_entry("other")
    with pytest.raises(LeaseLostError, match="another desk"):
        await place(stories, a_story("a", an_entry(), other, version=2), other)
    assert not await stories.marked(other)


async def test_a_report_that_changes_nothing_for_readers_raises_no_event(
    database: Database, stories: StoryStore
) -> None:
    await place(stories, a_story("a"))
    other = an_entry("other")
    both = a_story("a", an_entry(), other)
    assert await stories.place(TOKEN, both, other, None)
    assert await stories.get(StoryId("a")) == both
    assert len(await events(database, "ordinary")) == 1


async def test_urgent_events_have_a_stream_of_their_own(
    database: Database, stories: StoryStore
) -> None:
    calm, flash = a_story("a"), a_story("b", an_entry("b"), breaking=breaking())
    assert urgency(an_event(calm), calm) == "ordinary"
    assert urgency(an_event(calm, EventKind.CORRECTED), calm) == "urgent"
    assert urgency(an_event(calm, EventKind.BREAKING), calm) == "urgent"
    assert urgency(an_event(flash, EventKind.WIDER), flash) == "urgent"
    await place(stories, calm)
    await place(stories, flash, an_entry("b"))
    assert await events(database, "urgent") == [an_event(flash)]


async def test_a_full_fan_out_refuses_and_keeps_nothing(database: Database) -> None:
    stories = StoryStore(database, fanout_cap=1)
    await stories.acquire(TOKEN, TTL)
    await place(stories, a_story("a"))
    other = an_entry("other")
    with pytest.raises(BacklogError, match="fan-out"):
        await place(stories, a_story("b", other), other)
    assert not await stories.marked(other)
    assert await stories.get(StoryId("b")) is None
    assert await stories.place(TOKEN, a_story("b", other), other, None)


async def test_an_update_takes_effect_once_for_a_version(
    database: Database, stories: StoryStore
) -> None:
    await place(stories, a_story("a"))
    flash = a_story("a", version=2, breaking=breaking())
    event = an_event(flash, EventKind.BREAKING)
    assert await stories.update(TOKEN, flash, event)
    assert not await stories.update(TOKEN, flash, event)
    assert not await stories.update(TOKEN, a_story("a"), event)
    assert await events(database, "urgent") == [event]
    assert await stories.get(StoryId("a")) == flash


async def test_stories_and_entries_go_after_the_retention(
    database: Database, stories: StoryStore
) -> None:
    story = a_story("a", an_entry(), aliases=("old",), breaking=breaking())
    await place(stories, story)
    kept_for_ever = {keys_desk.desk_lease(), keys_desk.active(), keys_desk.story_log()}
    kept_for_ever |= {keys_desk.fanout("urgent")}
    for name in await database.command("KEYS", "*"):
        if name.decode() not in kept_for_ever:
            assert 0 < await database.command("TTL", name) <= 90 * 86400, name


# Merged stories.


async def test_a_merged_story_is_found_by_every_id(database: Database, stories: StoryStore) -> None:
    one, two, three = an_entry("one"), an_entry("two"), an_entry("three")
    await place(stories, a_story("a", one), one)
    await place(stories, a_story("b", two), two)
    merged = a_story("a", one, two, three, version=2, aliases=("b",))
    assert await place(stories, merged, three)
    ids = [StoryId(each) for each in ("b", "a", "x")]
    assert await stories.get_many(ids) == {"a": merged, "b": merged}
    assert await stories.home(two.id) == merged
    assert await page(stories, "all") == ["a"]
    assert await stories.recent(HOUR) == [merged]
    assert await database.command("EXISTS", keys_desk.story(StoryId("b"))) == 0


async def test_a_story_merged_twice_is_found_by_its_first_id(stories: StoryStore) -> None:
    one, two, three = an_entry("one"), an_entry("two"), an_entry("three")
    await place(stories, a_story("c", one), one)
    await place(stories, a_story("b", one, two, version=2, aliases=("c",)), two)
    last = a_story("a", one, two, three, version=3, aliases=("b", "c"))
    await place(stories, last, three)
    assert await stories.get(StoryId("c")) == last


# Indices.


def test_a_story_stands_in_the_index_of_each_report() -> None:
    ukrainian = a_feed("ukr", language=Language("uk"), topic=Topic.UKRAINE)
    other = a_feed("other", topic=None, language=Language(""))
    entries = [an_entry("one"), an_entry("two", ukrainian), an_entry("three", other)]
    story = a_story("a", *entries)
    assert set(indices_of(story)) == {
        "all",
        "breaking",
        "topic:world",
        "topic:ukraine",
        "topic:world:en",
        "topic:ukraine:uk",
        "language:en",
        "language:uk",
        "language:",
        *(f"feed:{entry.feed}" for entry in entries),
        "source:the times",
        "source:the ukr",
        "source:the other",
    }
    assert indices_of(story)["breaking"] is None


async def test_latest_is_in_order_of_first_report_and_paged(stories: StoryStore) -> None:
    for number in (3, 1, 4, 0, 2):
        entry = an_entry(str(number), published=NOON - number * HOUR)
        await place(stories, a_story(f"s{number}", entry), entry)
    assert await page(stories, "all", limit=3) == ["s0", "s1", "s2"]
    assert await page(stories, "all", offset=3, limit=3) == ["s3", "s4"]
    assert await stories.latest("topic:world", 0, 1) == (("s0",), 5)
    assert await page(stories, "topic:sport") == []
    assert await page(stories, "source:the times", limit=1) == ["s0"]


async def test_several_indices_are_merged(stories: StoryStore) -> None:
    for number, topic in enumerate((Topic.SPORT, Topic.WORLD, Topic.CULTURE, Topic.SPORT)):
        entry = an_entry(str(number), a_feed(topic=topic), published=NOON - number * HOUR)
        await place(stories, a_story(f"s{number}", entry), entry)
    assert await page(stories, "topic:sport", "topic:culture") == ["s0", "s2", "s3"]
    assert await page(stories, "topic:sport", "topic:culture", offset=1, limit=1) == ["s2"]
    assert await page(stories, "topic:sport", "all", limit=2) == ["s0", "s1"]


async def test_a_story_enters_and_leaves_the_breaking_index(stories: StoryStore) -> None:
    await place(stories, a_story("a"))
    await stories.update(TOKEN, a_story("a", version=2, breaking=breaking()), None)
    assert await page(stories, "breaking") == ["a"]
    await stories.update(TOKEN, a_story("a", version=3), None)
    assert await page(stories, "breaking") == []


async def test_indices_forget_what_is_older_than_the_retention(
    database: Database, stories: StoryStore
) -> None:
    old, new = an_entry("old"), an_entry("new")
    await place(stories, a_story("old", old), old)
    database.clock.offset = timedelta(days=91)
    later = database.clock.now()
    await place(stories, a_story("new", replace(new, published=later)), new)
    assert await stories.latest("all", 0, 10) == (("new",), 1)
    assert [story.id for story in await stories.recent(timedelta(days=200))] == ["new"]


# What is read by restarts and projections.


async def test_recent_stories_come_in_order_of_their_last_placement(
    database: Database, stories: StoryStore
) -> None:
    entries = [an_entry(name) for name in ("one", "two", "three")]
    for entry in entries:
        await place(stories, a_story(entry.title[-3:], entry), entry)
        database.clock.offset += HOUR
    again = an_entry("again")
    await place(stories, a_story("one", entries[0], again, version=2), again)
    recent = await stories.recent(timedelta(hours=2, minutes=30))
    assert [(story.id, story.version) for story in recent] == [("two", 1), ("ree", 1), ("one", 2)]
    assert [story.id for story in await stories.recent(timedelta(minutes=30))] == ["one"]


async def test_everything_comes_in_pages(stories: StoryStore) -> None:
    for number in range(1003):
        entry = an_entry(str(number))
        await stories.place(TOKEN, a_story(f"s{number}", entry), entry, None)
    pages = [page async for page in stories.everything()]
    assert [len(page) for page in pages] == [500, 500, 3]
    assert {story.id for page in pages for story in page} == {f"s{n}" for n in range(1003)}
    assert len(await stories.recent(HOUR)) == 1003


async def test_the_log_is_followed_from_its_end(stories: StoryStore) -> None:
    assert await stories.log_end() == "0-0"
    await place(stories, a_story("a"))
    end = await stories.log_end()
    assert await stories.log(end) == await stories.log("9999999999999-0")
    await stories.update(TOKEN, a_story("a", version=2), None)
    await stories.update(TOKEN, a_story("a", version=3), None)
    first = await stories.log(end, limit=1)
    assert [item.version for item in first.items] == [2]
    rest = await stories.log(first.items[-1].id)
    assert [item.version for item in rest.items] == [3]
    assert not rest.gap


async def test_a_reader_that_fell_behind_a_trimmed_log_is_told(
    database: Database, stories: StoryStore
) -> None:
    await place(stories, a_story("a"))
    behind = await stories.log_end()
    for version in (2, 3):
        await stories.update(TOKEN, a_story("a", version=version), None)
    await database.command("XTRIM", keys_desk.story_log(), "MAXLEN", 1)
    assert (await stories.log(behind)).gap
    assert not (await stories.log(await stories.log_end())).gap


async def test_the_log_is_capped(database: Database) -> None:
    stories = StoryStore(database, log_cap=100)
    await stories.acquire(TOKEN, TTL)
    for version in range(1, 401):
        await stories.update(TOKEN, a_story("a", version=version), None)
    assert await database.command("XLEN", keys_desk.story_log()) < 250
