"""Bundles: several stories in one message that changes as a whole."""

from dataclasses import replace
from datetime import timedelta

from bot.models.deliveries import EventKind
from bot.models.identifiers import ChatId
from bot.models.stories import Story
from sandbox.population import ALEX
from tests.delivery_stage import DeliveryStage, delivery_stage
from tests.store_values import breaking

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
