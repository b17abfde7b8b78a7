"""What a chat missed comes as one list once it can be reached again, and only once."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.models.deliveries import DeliveryClass, EventKind
from bot.models.identifiers import NO_THREAD, ChatId, Language, Topic
from bot.models.stories import Story
from bot.news.missed import (
    MISSED_BACK,
    MISSED_LEAST,
    MISSED_MOST,
    ON_ITS_WAY,
    indices_for,
    missed_by,
    missed_from,
    worth_telling,
)
from bot.services.missed_stories import MissedStories
from bot.store.key_registry import chat_shard
from bot.store.keys_deliveries import missed as missed_key
from bot.store.missed import MissedMarks
from sandbox.population import ALEX
from tests.delivery_stage import DeliveryStage, Json, delivery_stage
from tests.store_values import NOON, a_chat, a_feed, a_story, a_subscription, an_entry, breaking

CHAT = ChatId(ALEX)
NOBODY = ChatId(4711)
MINUTE = timedelta(minutes=1)


def told(name: str, arrived: datetime = NOON, *, outlets: int = 1) -> Story:
    entries = [
        an_entry(f"{name} {number}", a_feed(f"{name}{number}"), arrived=arrived, published=arrived)
        for number in range(outlets)
    ]
    return a_story(name, *entries)


def missed(stories: list[Story], since: datetime, *, breaking_only: bool = False) -> list[str]:
    world = a_subscription(value="world", since=NOON - MINUTE, breaking_only=breaking_only)
    found = missed_by(stories, [world], a_chat().settings, thread=NO_THREAD, since=since)
    return [story.id for story, _ in found]


def test_missed_is_what_arrived_in_that_time_and_a_little_before() -> None:
    before = told("before", NOON)
    on_its_way = told("way", NOON + 10 * MINUTE)
    during = told("during", NOON + 60 * MINUTE)
    since = NOON + 10 * MINUTE + ON_ITS_WAY - timedelta(seconds=1)
    assert missed([before, on_its_way, during], since) == ["way", "during"]
    assert missed([told("old", NOON - 2 * MINUTE)], NOON) == []
    assert missed([during], since, breaking_only=True) == []


def test_no_more_than_a_day_is_told_of() -> None:
    assert missed_from(NOON - timedelta(days=9), NOON) == NOON - MISSED_BACK
    assert missed_from(NOON - MINUTE, NOON) == NOON - MINUTE


def test_the_most_important_ones_are_told_and_few_are_not() -> None:
    stories = [told(f"s{number:03d}") for number in range(MISSED_MOST + 9)]
    stories[40] = told("s040", outlets=3)
    pairs = [(story, story.lead_report) for story in stories]
    found = worth_telling(pairs, (), now=NOON)
    assert (len(found), found[0].id) == (MISSED_MOST, "s040")
    got = {story.id for story in stories[MISSED_LEAST - 1 :]}
    assert worth_telling(pairs, got, now=NOON) == []


def test_one_that_is_breaking_is_told_however_few_they_are() -> None:
    quiet, loud = told("quiet"), replace(told("loud"), breaking=breaking())
    pairs = [(story, story.lead_report) for story in (quiet, loud)]
    assert [story.id for story in worth_telling(pairs, (), now=NOON)] == ["loud", "quiet"]
    assert worth_telling(pairs, {loud.id}, now=NOON) == []


def test_a_target_is_looked_for_where_its_stories_stand() -> None:
    subscriptions = [
        a_subscription(kind="all", value=""),
        a_subscription(kind="topic", value="world"),
        a_subscription(kind="feed", value="f" * 16),
        a_subscription(kind="topic", value="science", breaking_only=True),
    ]
    assert indices_for(subscriptions) == ("all", "breaking", "feed:" + "f" * 16, "topic:world")


# With a server


def catching_up(stage: DeliveryStage) -> MissedStories:
    marks = MissedMarks(stage.database)
    return MissedStories(marks, stage.queue, stage.stories, stage.database.clock, stage.stopping)


async def happened(stage: DeliveryStage, count: int, *, first: int = 0, **changes: object) -> None:
    """So many stories; Alex' chat is told of each as fan-out does."""
    for number in range(first, first + count):
        stage.database.clock.offset += MINUTE
        story = await stage.place(f"{number:012d}", stage.entry(f"event {number}.", **changes))
        await stage.raise_for(ALEX, story)


async def away(stage: DeliveryStage) -> None:
    await stage.chats.pause(CHAT, "The person blocked the bot.")


async def back(stage: DeliveryStage) -> None:
    await stage.chats.resume(CHAT)
    await catching_up(stage).round()
    await stage.serve(request=str(stage.database.clock.now_milliseconds()))


def standing(stage: DeliveryStage) -> list[Json]:
    messages = stage.sandbox.world.chats[ALEX].messages.values()
    return [each.payload for each in messages if each.payload["from"]["is_bot"]]


async def test_who_comes_back_gets_one_silent_list(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await away(stage)
        await happened(stage, 30)
        await catching_up(stage).round()
        assert await stage.requests() == []
        stage.database.clock.offset += timedelta(hours=7)
        await back(stage)
        await back(stage)
        (sent,) = await stage.requests()
        assert sent["parameters"]["disable_notification"]
        (message,) = standing(stage)
        assert message["text"].startswith("While you were away: 30 stories since ")
        assert "Most reported first · page 1 of 4" in message["text"]
        assert await MissedMarks(stage.database).reachable() == {}
        # What comes now comes as always.
        await happened(stage, 1, first=90)
        await stage.serve(request="now")
        assert len(standing(stage)) == 2


async def test_what_was_on_its_way_when_the_chat_was_paused_is_not_lost(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await happened(stage, 5)
        await away(stage)
        await stage.serve()
        await back(stage)
        (message,) = standing(stage)
        assert message["text"].startswith("While you were away: 5 stories since ")


async def test_the_end_of_too_long_a_backlog_follows_as_a_list(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await happened(stage, 520)
        await catching_up(stage).round()
        assert len((await stage.queue.read(CHAT)).items) == 500
        await stage.serve()
        stage.database.clock.offset += timedelta(seconds=5)
        await back(stage)
        first, second = standing(stage)
        assert first["text"].startswith("500 new stories")
        assert second["text"].startswith("While you were away: 20 stories since ")


async def test_nobody_is_told_what_he_has_or_did_not_ask_for(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        chat = await stage.reader()
        await happened(stage, 4)
        await stage.serve()
        await away(stage)
        settings = replace(chat.settings, news_languages=(Language("en"),))
        await stage.chats.save(replace(chat, settings=settings, paused="Away."))
        await happened(stage, 9, first=20, language="uk", topic=Topic.SPORT)
        await happened(stage, 2, first=40)
        before = len(await stage.requests())
        await back(stage)
        assert len(await stage.requests()) == before
        assert await MissedMarks(stage.database).reachable() == {}


async def test_a_mark_is_redeemed_once_and_a_newer_one_stays(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await away(stage)
        await happened(stage, 6)
        await stage.chats.resume(CHAT)
        marks = MissedMarks(stage.database)
        ((chat, mark),) = (await marks.reachable()).items()
        assert not await marks.redeem(chat, mark - MINUTE, ())
        await catching_up(stage).round()
        assert not await marks.redeem(chat, mark, ())
        pending = (await stage.queue.read(CHAT)).items
        assert {item.delivery_class for item in pending} == {DeliveryClass.DIGEST}
        assert len(pending) == 6
        await stage.serve()
        assert len(standing(stage)) == 1


async def test_a_missed_story_that_breaks_now_rings_as_any_other(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await away(stage)
        await happened(stage, 6)
        await back(stage)
        now = stage.database.clock.now()
        entries = [stage.entry("event 3."), stage.entry("more")]
        flagged = await stage.place(f"{3:012d}", *entries, version=2, breaking=breaking(now))
        await stage.raise_for(ALEX, flagged, EventKind.BREAKING)
        await stage.serve(request="2")
        _, ring = await stage.requests()
        assert not ring["parameters"].get("disable_notification")


async def test_a_breaking_story_missed_for_a_moment_comes_alone(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await away(stage)
        now = stage.database.clock.now()
        story = await stage.place("0" * 12, stage.entry("event 0."), breaking=breaking(now))
        await stage.raise_for(ALEX, story, EventKind.BREAKING)
        await back(stage)
        await back(stage)
        (message,) = standing(stage)
        assert "Breaking: Story of the event 0." in message["text"]


async def test_what_was_missed_is_tried_for_a_day_like_all_else(redis_url: str) -> None:
    """Its time is the one since when it was missed."""
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await away(stage)
        await happened(stage, 4)
        stage.database.clock.offset += timedelta(hours=23)
        refused = {"method": "sendMessage", "kind": "refuse", "error_code": 502, "times": 20}
        await stage.fault(**refused, description="Bad Gateway")
        await back(stage)
        for number in range(9):
            stage.database.clock.offset += MINUTE * 20
            await stage.serve(request=str(number))
        await stage.clear_faults()
        stage.database.clock.offset += MINUTE
        await stage.serve(request="at last")
        assert len(standing(stage)) == 1


@pytest.mark.parametrize("known", [True, False])
async def test_a_mark_without_anything_to_tell_goes(redis_url: str, known: bool) -> None:
    async with delivery_stage(redis_url) as stage:
        if known:
            await stage.chats.save(a_chat(NOBODY))
        marks = MissedMarks(stage.database)
        await stage.database.command("HSET", missed_key(chat_shard(NOBODY)), NOBODY, 1)
        assert set(await marks.reachable()) == {NOBODY}
        await catching_up(stage).round()
        assert await marks.reachable() == {}
