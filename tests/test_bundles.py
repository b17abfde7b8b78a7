"""Bundles: several stories in one message that changes as a whole."""

import asyncio
from dataclasses import replace
from datetime import time, timedelta

from bot.models.deliveries import EventKind
from bot.models.identifiers import ChatId
from bot.models.stories import Story
from bot.store.deliveries import Holder
from sandbox.population import ALEX
from tests.delivery_stage import DeliveryStage, delivery_stage
from tests.store_values import breaking
from tests.waiting import eventually

CHAT = ChatId(ALEX)


async def bundled(stage: DeliveryStage) -> list[Story]:
    """Five stories that went out together."""
    await stage.reader()
    stories = []
    for number in range(5):
        stories.append(await stage.place(f"{number:012d}", stage.entry(f"event {number}")))
        await stage.raise_for(ALEX, stories[-1])
    await stage.serve()
    assert len(await stage.requests()) == 1
    return stories


async def grown(stage: DeliveryStage, story: Story, **changes: object) -> Story:
    """A further source, or more."""
    entry = stage.entry(f"more of {story.id}")
    first = stage.entry(f"event {int(story.id)}")
    return await stage.place(story.id, first, entry, version=story.version + 1, **changes)


async def test_a_story_of_a_bundle_changes_with_the_others_kept(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        stories = await bundled(stage)
        first = stage.entry("event 2", title="The dam of event two holds")
        second = stage.entry("other")
        changed = await stage.place(stories[2].id, first, second, version=2)
        await stage.raise_for(ALEX, changed, EventKind.CHANGED)
        await stage.serve(request="2")
        (edit,) = await stage.requests("editMessageText")
        text = edit["parameters"]["text"]
        assert "The dam of event two holds" in text
        assert all(f"event {number}" in text for number in (0, 1, 3, 4))
        assert (await stage.queue.read(CHAT)).items == ()


async def test_a_story_of_a_bundle_that_becomes_breaking_rings_once(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        stories = await bundled(stage)
        flagged = await grown(stage, stories[1], breaking=breaking(stage.database.clock.now()))
        for request in ("2", "3"):
            await stage.raise_for(ALEX, flagged, EventKind.BREAKING)
            await stage.serve(request=request)
        _, ring = await stage.requests()
        assert not ring["parameters"].get("disable_notification")
        assert "reply_parameters" in ring["parameters"]
        assert (await stage.queue.read(CHAT)).items == ()


async def test_a_deleted_bundle_is_not_edited_again_but_still_rings(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        stories = await bundled(stage)
        gone = {
            "method": "editMessageText",
            "kind": "refuse",
            "error_code": 400,
            "description": "Bad Request: message to edit not found",
            "times": 9,
        }
        await stage.fault(**gone)
        wider = await stage.place(
            stories[0].id, stage.entry("event 0", title="Quite new"), stage.entry("x"), version=2
        )
        await stage.raise_for(ALEX, wider, EventKind.WIDER)
        await stage.serve(request="2")
        again = replace(wider, version=3)
        await stage.place(
            again.id, stage.entry("event 0", title="Newer"), stage.entry("y"), version=3
        )
        stage.database.clock.offset += timedelta(hours=1)
        await stage.raise_for(ALEX, again, EventKind.WIDER)
        await stage.serve(request="3")
        assert len(await stage.requests("editMessageText")) == 1
        flagged = await grown(stage, stories[1], breaking=breaking(stage.database.clock.now()))
        await stage.raise_for(ALEX, flagged, EventKind.BREAKING)
        await stage.serve(request="4")
        assert len(await stage.requests()) == 2
        assert (await stage.queue.read(CHAT)).items == ()


async def test_news_goes_out_once_when_the_memory_of_redis_is_full(redis_url: str) -> None:
    """What is pending must be able to leave; a bundle whose record finds no room stays as it is."""
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        for number in range(5):
            story = await stage.place(f"{number:012d}", stage.entry(f"event {number}"))
            await stage.raise_for(ALEX, story)
        await stage.database.command("CONFIG SET", "maxmemory", "1")
        await stage.serve()
        await stage.database.command("CONFIG SET", "maxmemory", "0")
        assert (await stage.queue.read(CHAT)).items == ()
        assert await stage.queue.holders() == {}
        await stage.raise_for(ALEX, await grown(stage, story), EventKind.WIDER)
        await stage.serve(request="2")
        assert len(await stage.requests()) == 1
        assert await stage.requests("editMessageText") == []
        assert (await stage.queue.read(CHAT)).items == ()


async def quiet(stage: DeliveryStage) -> None:
    """It is night in the chat, as long as the test lasts."""
    reader = await stage.chats.get(CHAT)
    assert reader is not None
    night = replace(
        reader.settings, quiet=True, quiet_from=time(0), quiet_until=time.max, rings_a_day=0
    )
    await stage.chats.save(replace(reader, settings=night))


async def listed(stage: DeliveryStage, count: int) -> tuple[Story, Story]:
    """(one that stands on the shown page, one that does not) of a list in pages."""
    await stage.reader()
    stories = []
    for number in range(count):
        stories.append(await stage.place(f"{number:012d}", stage.entry(f"event {number}.")))
        await stage.raise_for(ALEX, stories[-1])
    await stage.serve()
    (sent,) = await stage.requests()
    text = sent["parameters"]["text"]
    shown = [f"event {number}." in text for number in range(count)]
    return stories[shown.index(True)], stories[shown.index(False)]


async def breaks(stage: DeliveryStage, story: Story, version: int, *, minutes: int = 0) -> None:
    """The story breaks, so long ago; or is breaking, and more is known. The chat's window is open
    then.
    """
    stage.database.clock.offset += timedelta(seconds=5)
    flagged = breaking(stage.database.clock.now() - timedelta(minutes=minutes))
    entries = [stage.entry(f"event {int(story.id)}."), stage.entry(f"more of {story.id} {version}")]
    broken = await stage.place(story.id, *entries, version=version, breaking=flagged)
    await stage.raise_for(ALEX, broken, EventKind.BREAKING)


async def test_what_breaks_at_night_is_told_once_and_silently_wherever_it_stands(
    redis_url: str,
) -> None:
    async with delivery_stage(redis_url) as stage:
        shown, hidden = await listed(stage, 20)
        await quiet(stage)
        (message,) = [each.id for each in stage.sandbox.world.chats[ALEX].messages.values()][-1:]
        for version in (2, 3):
            for story in (shown, hidden):
                await breaks(stage, story, version)
                await stage.serve(request=f"{story.id} {version}")
        _, *replies = await stage.requests()
        assert len(replies) == 2
        marked = [each["parameters"]["text"] for each in await stage.requests("editMessageText")]
        assert all(text.count("🔴 Breaking") == 1 for text in marked)
        assert len(set(marked)) == len(marked)
        for reply, story in zip(replies, (shown, hidden), strict=True):
            told = reply["parameters"]
            assert told["disable_notification"]
            assert told["reply_parameters"]["message_id"] == message
            assert "🔴 Breaking" in told["text"]
            assert f"event {int(story.id)}." in told["text"]
        assert (await stage.queue.read(CHAT)).items == ()
        assert (await stage.queue.read(CHAT)).rings == ()
        # The morning rings for nothing that was told at night.
        await stage.reader()
        for story in (shown, hidden):
            await breaks(stage, story, 4)
            await stage.serve(request=f"morning {story.id}")
        assert len(await stage.requests()) == 3


async def test_what_broke_long_ago_is_shown_by_the_edit_alone(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        shown, hidden = await listed(stage, 20)
        await quiet(stage)
        for story in (shown, hidden):
            await breaks(stage, story, 2, minutes=61)
            await stage.serve(request=story.id)
        assert len(await stage.requests()) == 1
        (edit,) = await stage.requests("editMessageText")
        assert "🔴 Breaking" in edit["parameters"]["text"]
        assert (await stage.queue.read(CHAT)).items == ()


async def test_a_message_of_its_own_is_edited_at_night_and_not_replied_to(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        story = await stage.place("0" * 12, stage.entry("event 0."))
        await stage.raise_for(ALEX, story)
        await stage.serve()
        await quiet(stage)
        await breaks(stage, story, 2)
        await stage.serve(request="2")
        assert len(await stage.requests()) == 1
        (edit,) = await stage.requests("editMessageText")
        assert "🔴 Breaking" in edit["parameters"]["text"]


async def test_a_sender_that_dies_before_the_silent_reply_leaves_it_to_the_next_one(
    redis_url: str,
) -> None:
    """It dies between the edit that marks the story and the reply; the edit is not seen twice."""
    async with delivery_stage(redis_url) as stage:
        shown, _ = await listed(stage, 20)
        await quiet(stage)
        await breaks(stage, shown, 2)
        slow = {"method": "sendMessage", "kind": "slow", "when": "before", "seconds": 600}
        await stage.fault(**slow)
        dying = asyncio.create_task(stage.serve(request="dies"))

        async def marked() -> bool:
            return len(await stage.requests("editMessageText")) == 1

        await eventually(marked)
        dying.cancel()
        await asyncio.gather(dying, return_exceptions=True)
        await stage.queue.settle(CHAT, Holder("me", "dies"), (), release=True)
        await stage.clear_faults()
        for request in ("next", "again"):
            await stage.serve(request=request)
        world = stage.sandbox.world.chats[ALEX].messages.values()
        replies = [each for each in world if "reply_to_message" in each.payload]
        assert len(replies) == 1
        assert (await stage.queue.read(CHAT)).items == ()
