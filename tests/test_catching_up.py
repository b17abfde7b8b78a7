"""A long backlog is one message in pages, silent, that changes as a whole; after any outage too."""

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.errors import RequestError
from bot.models.deliveries import EventKind
from bot.models.identifiers import NO_THREAD, ChatId, MessageId, StoryId
from bot.models.messages import View
from bot.models.stories import Story
from bot.news.bundles import GATHER_MOST, LATE, QUIET_FOR
from bot.services.bundle_pages import BundlePages
from bot.services.stopping import Stopping
from bot.store import keys_desk
from bot.store.documents import dump
from sandbox.population import ALEX
from tests.delivery_stage import DeliveryStage, Json, delivery_stage
from tests.stoppable_redis import StoppableRedis
from tests.store_values import breaking, digits
from tests.telegram_parser import judge
from tests.waiting import eventually

CHAT = ChatId(ALEX)
MANY = 300
HOURS = timedelta(hours=8)


async def backlog(stage: DeliveryStage, count: int, **changes: object) -> list[Story]:
    """So many ordinary stories that wait for Alex; story 7 is the one that most outlets report."""
    stories = []
    for number in range(count):
        entries = [stage.entry(f"event {number}.", **changes)]
        if number == 7:
            entries += [stage.entry(f"event 7. told by {other}", **changes) for other in "ab"]
        stories.append(await stage.place(f"{number:012d}", *entries))
        await stage.raise_for(ALEX, stories[-1])
    return stories


async def served(stage: DeliveryStage, times: int = 40, *, step: timedelta) -> None:
    for _ in range(times):
        await stage.serve(request=str(stage.database.clock.now_milliseconds()))
        stage.database.clock.offset += step


def pages(stage: DeliveryStage) -> BundlePages:
    return BundlePages(
        stage.queue.messages,
        stage.stories,
        stage.subscriptions,
        stage.chats,
        stage.database.clock,
        bot_username="newsflash_bot",
    )


async def turned(stage: DeliveryStage, message: MessageId, page: int) -> View:
    """What a press on a page's button does."""
    chat = await stage.chats.get(CHAT)
    assert chat is not None
    view = await pages(stage).turn(chat, message, page)
    assert await stage.replies.edit(chat, message, view)
    return view


def standing(stage: DeliveryStage) -> list[Json]:
    """The bot's messages in Alex' chat, as they read now."""
    messages = stage.sandbox.world.chats[ALEX].messages.values()
    return [each.payload for each in messages if each.payload["from"]["is_bot"]]


def listed(text: str) -> list[str]:
    return re.findall(r"event (\d+)\.", text)


async def grown(stage: DeliveryStage, story: Story, title: str, version: int = 2) -> Story:
    """The story's own words change."""
    name = f"event {int(story.id)}."
    entry = stage.entry(name, title=title, content_print=digits(title, 16))
    changed = await stage.place(story.id, entry, version=version)
    await stage.raise_for(ALEX, changed, EventKind.CHANGED)
    return changed


async def test_three_hundred_stories_are_one_message_in_pages_after_the_breaking_ones(
    redis_url: str,
) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        stories = await backlog(stage, MANY)
        now = stage.database.clock.now()
        for name in ("flood", "quake"):
            alert = await stage.place(f"{name}0000000", stage.entry(name), breaking=breaking(now))
            await stage.raise_for(ALEX, alert, EventKind.BREAKING)
        await served(stage, 4, step=timedelta(seconds=2))
        flood, quake, many = await stage.requests()
        assert ["flood" in flood["parameters"]["text"], "quake" in quake["parameters"]["text"]]
        assert many["parameters"]["disable_notification"]
        message = MessageId(standing(stage)[-1]["message_id"])
        found = []
        for page in range(38):
            view = await turned(stage, message, page)
            found += listed(judge(view).text)
            stage.database.clock.offset += timedelta(seconds=2)
        assert found[0] == "7"
        assert sorted(found, key=int) == [str(number) for number in range(MANY)]
        assert len({story.id for story in stories}) == MANY
        assert len(await stage.requests()) == 3
        assert (await stage.queue.read(CHAT)).items == ()


async def test_what_changes_is_shown_on_the_page_that_stands_there(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        stories = await backlog(stage, 80)
        await served(stage, 1, step=timedelta(seconds=5))
        (message,) = standing(stage)
        first = int(listed(message["text"])[1])
        await grown(stage, stories[first], "The dam of the first page holds")
        await served(stage, 1, step=timedelta(seconds=5))
        assert "The dam of the first page holds" in standing(stage)[0]["text"]
        view = await turned(stage, MessageId(message["message_id"]), 6)
        seventh = int(listed(judge(view).text)[0])
        stage.database.clock.offset += timedelta(hours=1)
        await grown(stage, stories[seventh], "The dam of page seven holds")
        await served(stage, 1, step=timedelta(seconds=5))
        (message,) = standing(stage)
        assert "The dam of page seven holds" in message["text"]
        assert "page 7 of 10" in message["text"]
        # The first page is rendered when it is turned to.
        edits = len(await stage.requests("editMessageText"))
        stage.database.clock.offset += timedelta(hours=1)
        await grown(stage, stories[first], "The dam of the first page leaks", version=9)
        await served(stage, 1, step=timedelta(seconds=5))
        assert len(await stage.requests("editMessageText")) == edits
        assert (await stage.queue.read(CHAT)).items == ()
        view = await turned(stage, MessageId(message["message_id"]), 0)
        assert "The dam of the first page leaks" in view.text


async def test_the_gaps_between_edits_are_those_of_the_message(redis_url: str) -> None:
    """Three hundred stories that change make no three hundred edits."""
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        stories = await backlog(stage, 30)
        await served(stage, 1, step=timedelta(seconds=5))
        for turn in range(12):
            for story in stories:
                await grown(stage, story, f"Turn {turn} of {int(story.id)}", version=turn + 2)
            await served(stage, 1, step=timedelta(minutes=20))
        edits = await stage.requests("editMessageText")
        assert len(edits) == stage.edit_rule.most
        await served(stage, 1, step=timedelta(minutes=20))
        assert (await stage.queue.read(CHAT)).items == ()
        assert len(standing(stage)) == 1


async def test_a_listed_story_that_breaks_rings_once_wherever_it_stands(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        stories = await backlog(stage, 40)
        await served(stage, 1, step=timedelta(seconds=5))
        (message,) = standing(stage)
        shown = listed(message["text"])
        hidden = next(story for story in stories if str(int(story.id)) not in shown)
        for version in (2, 3):
            now = stage.database.clock.now()
            entries = [stage.entry(f"event {int(hidden.id)}."), stage.entry(f"more {version}")]
            flagged = await stage.place(
                hidden.id, *entries, version=version, breaking=breaking(now)
            )
            await stage.raise_for(ALEX, flagged, EventKind.BREAKING)
            await served(stage, 1, step=timedelta(seconds=5))
        _, ring = await stage.requests()
        assert not ring["parameters"].get("disable_notification")
        assert "reply_parameters" in ring["parameters"]
        assert await stage.requests("editMessageText") == []
        assert (await stage.queue.read(CHAT)).items == ()


async def test_a_list_that_nobody_remembers_says_so(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        chat = await stage.reader()
        with pytest.raises(RequestError, match="too old to turn its pages"):
            await pages(stage).turn(chat, MessageId(77), 1)


async def test_a_story_that_cannot_be_shown_does_not_take_the_others_along(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await backlog(stage, 11)
        broken = await stage.place("b" * 12, stage.entry("never"))
        await stage.raise_for(ALEX, broken)
        # A time that no time zone can be applied to.
        never = datetime.max.replace(tzinfo=UTC)
        reports = tuple(replace(report, published=never) for report in broken.reports)
        damaged = dump(replace(broken, reports=reports))
        await stage.database.command("HSET", keys_desk.story(broken.id), "d", damaged)
        await served(stage, 1, step=timedelta(seconds=5))
        (message,) = standing(stage)
        assert message["text"].startswith("11 new stories")
        (left,) = (await stage.queue.read(CHAT)).items
        assert (left.story, left.attempts) == (broken.id, 1)


# Outages


async def caught_up(stage: DeliveryStage, within: timedelta) -> Json:
    """One message more, silent, within a minute."""
    before = len(await stage.requests())
    await served(stage, within // timedelta(seconds=1), step=timedelta(seconds=1))
    (sent,) = (await stage.requests())[before:]
    assert sent["parameters"]["disable_notification"]
    assert len(standing(stage)) == 1
    assert (await stage.queue.read(CHAT)).items == ()
    return standing(stage)[0]


async def test_after_eight_hours_without_a_sender(redis_url: str) -> None:
    """What broke meanwhile is in the list, first; nothing rings."""
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await backlog(stage, 40)
        now = stage.database.clock.now()
        alert = await stage.place("f" * 12, stage.entry("flood"), breaking=breaking(now))
        await stage.raise_for(ALEX, alert, EventKind.BREAKING)
        stage.database.clock.offset += HOURS
        message = await caught_up(stage, timedelta(seconds=5))
        assert message["text"].startswith("41 new stories\nMost reported first · page 1 of 6")
        assert "1. 🔴 Breaking: Story of the flood" in message["text"]


async def test_after_eight_hours_without_polls(redis_url: str) -> None:
    """Feeds come one after the other, with news of eight hours; what is of now waits for them."""
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        started = stage.database.clock.now()
        for number in range(45):
            age = timedelta(minutes=10 * number)
            published = stage.database.clock.now() - age
            name = f"{number:012d}"
            told = stage.entry(f"event {number}.", published=published)
            await stage.raise_for(ALEX, await stage.place(name, told))
            if number > 10:
                await stage.serve(request=name)
            stage.database.clock.offset += timedelta(milliseconds=500)
        assert standing(stage) == []
        message = await caught_up(stage, QUIET_FOR + timedelta(seconds=3))
        assert message["text"].startswith("45 new stories")
        assert stage.database.clock.now() - started < GATHER_MOST


async def test_after_eight_hours_without_telegram(redis_url: str) -> None:
    """Stories were tried at times of their own; they come together."""
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        away = {"method": "sendMessage", "kind": "refuse", "error_code": 502, "times": 10_000}
        await stage.fault(**away, description="Bad Gateway")
        for number in range(16):
            told = stage.entry(f"event {number}.")
            await stage.raise_for(ALEX, await stage.place(f"{number:012d}", told))
            await served(stage, 6, step=timedelta(minutes=5))
        assert standing(stage) == []
        await stage.clear_faults()
        await served(stage, 60, step=timedelta(seconds=1))
        (message,) = standing(stage)
        assert message["text"].startswith("16 new stories")
        assert (await stage.queue.read(CHAT)).items == ()


async def test_after_eight_hours_without_redis(stoppable_redis: StoppableRedis) -> None:
    async with delivery_stage(stoppable_redis.url) as stage:
        await stage.reader()
        await backlog(stage, 40)
        await asyncio.to_thread(stoppable_redis.stop)
        stopping = Stopping()
        sending = asyncio.create_task(stage.sender(stopping).run())
        stage.database.clock.offset += HOURS
        await asyncio.to_thread(stoppable_redis.start)
        await eventually(lambda: standing(stage))
        stopping.request()
        await sending
        (message,) = standing(stage)
        assert message["text"].startswith("40 new stories")
        assert (await stage.queue.read(CHAT)).items == ()


async def test_a_story_on_time_is_not_held_back(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        late = stage.entry("late", published=stage.database.clock.now() - LATE)
        await stage.raise_for(ALEX, await stage.place("a" * 12, late))
        await stage.raise_for(ALEX, await stage.place("b" * 12, stage.entry("fresh")))
        await stage.serve()
        (message,) = standing(stage)
        assert "fresh" in message["text"]
        await served(stage, 25, step=timedelta(seconds=1))
        assert len(standing(stage)) == 2


async def test_records_of_a_long_bundle_are_those_of_its_stories(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await backlog(stage, 50)
        await served(stage, 1, step=timedelta(seconds=1))
        places = [(NO_THREAD, StoryId(f"{number:012d}")) for number in range(50)]
        chat_records = await stage.queue.sent(CHAT, places)
        (message,) = standing(stage)
        assert {record.message_id for record in chat_records.values()} == {message["message_id"]}
        assert len(chat_records) == 50
