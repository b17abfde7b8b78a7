"""The life of a story, end to end: a bot process, real Redis, feeds and Telegram over HTTP."""

from datetime import timedelta
from pathlib import Path

from bot.config import Rate
from bot.store.deliveries import DeliveryQueue
from bot.store.feeds import FeedStore
from bot.store.stories import StoryStore
from tests.bot_process import Json, Stage, looking_at, stage
from tests.waiting import eventually

DAM = "Dam failure floods Kherson suburbs, 12,000 evacuated overnight"
DAM_LEDE = "Water rose two metres after the eastern wall of the dam gave way near Kherson."
DAM_AGAIN = "Kherson suburbs flooded as dam fails, 12,000 evacuated"
DAM_AGAIN_LEDE = "Kherson's eastern dam wall gave way at night and the water rose by two metres."
DAM_MORE = "12,000 evacuated after dam failure floods suburbs of Kherson"
DAM_MORE_LEDE = "The eastern wall of the dam near Kherson gave way overnight, officials said."


def sources(scene: Stage, language: str = "en") -> list[str]:
    """Ids of the wire's sources in a language, each of another owner."""
    found: dict[str, str] = {}
    for line in scene.wire_sources():
        if line.language == language:
            found.setdefault(line.owner, line.id)
    return list(found.values())


async def baseline_done(url: str) -> bool:
    async with looking_at(url) as database:
        states = await FeedStore(database).states()
        return bool(states) and all(state.baseline_done for state in states.values())


async def test_a_story_is_told_once_rings_once_and_is_edited_as_it_grows(
    tmp_path: Path, redis_url: str
) -> None:
    async with stage(tmp_path, redis_url=redis_url) as scene:
        first, second, third = sources(scene)[:3]
        scene.publish(first, "Old news about the opera in Odesa")
        await scene.bot()
        await eventually(lambda: baseline_done(redis_url))
        await scene.say("/start")
        # Whatever the hour at which the test runs.
        await scene.say("/settings quiet off")
        await scene.say("/subscribe all")
        # Of the first poll nothing is pushed, but it is found.
        await eventually(lambda: stories_kept(redis_url))
        await scene.say("/latest")
        await eventually(lambda: scene.messages("Old news about the opera", "Latest"))

        scene.publish(first, DAM, DAM_LEDE)
        (message,) = await eventually(lambda: scene.messages("Dam failure floods"))
        assert message["silent"]
        assert "🔴" not in message["text"]

        scene.publish(second, DAM_AGAIN, DAM_AGAIN_LEDE)
        await eventually(lambda: scene.messages("Dam failure floods", "also:"))
        scene.publish(third, DAM_MORE, DAM_MORE_LEDE)
        ringing = await eventually(lambda: rung(scene))
        assert len(ringing) == 1
        assert ringing[0]["reply_to_message"]["message_id"] == message["message_id"]

        sends = [each for each in await scene.requests("sendMessage") if "Kherson" in str(each)]
        assert len(sends) == 2  # the story and its ringing reply
        (marked,) = await scene.messages("🔴 Breaking", "also:")
        assert marked["message_id"] == message["message_id"]


async def test_a_changed_text_is_an_edit_of_the_message(tmp_path: Path, redis_url: str) -> None:
    async with stage(tmp_path, redis_url=redis_url) as scene:
        first = sources(scene)[0]
        await scene.bot()
        await eventually(lambda: baseline_done(redis_url))
        await scene.say("/subscribe all")
        slug = scene.publish(first, DAM, DAM_LEDE)
        (message,) = await eventually(lambda: scene.messages("Dam failure floods"))
        scene.wire.update(first, slug, title=DAM.replace("12,000", "14,000"))
        (edited,) = await eventually(lambda: scene.messages("14,000 evacuated", "(Updated"))
        assert edited["message_id"] == message["message_id"]
        await scene.say("/search Kherson dam")
        assert await scene.messages("1 story", "14,000 evacuated")


async def stories_kept(url: str) -> int:
    """How many the desk has placed."""
    async with looking_at(url) as database:
        return (await StoryStore(database).latest("all", 0, 1))[1]


async def settled(url: str) -> bool:
    async with looking_at(url) as database:
        return await DeliveryQueue(database, Rate(20, timedelta(minutes=1))).peek() == {}


async def rung(scene: Stage) -> list[Json]:
    return [each for each in await scene.messages() if not each["silent"]]


async def test_breaking_from_three_outlets_rings_with_its_first_message(
    tmp_path: Path, redis_url: str
) -> None:
    async with stage(tmp_path, redis_url=redis_url) as scene:
        first, second, third = sources(scene)[:3]
        await scene.bot()
        await eventually(lambda: baseline_done(redis_url))
        # The defaults of /start: breaking only.
        await scene.say("/start")
        # Whatever the hour at which the test runs.
        await scene.say("/settings quiet off")
        scene.publish(first, DAM, DAM_LEDE)
        scene.publish(second, DAM_AGAIN, DAM_AGAIN_LEDE)
        scene.publish(third, DAM_MORE, DAM_MORE_LEDE)
        (message,) = await eventually(lambda: scene.messages("🔴 Breaking"))
        assert not message["silent"]
        assert len(message["text"].splitlines()[0]) > len("🔴 Breaking: ")


async def test_an_own_redis_server_survives_the_bot_and_is_found_again(tmp_path: Path) -> None:
    own_server = f"unix://{tmp_path}/data/redis/redis.sock"
    async with stage(tmp_path) as scene:
        first = sources(scene)[0]
        bot = await scene.bot()
        await eventually(lambda: baseline_done(own_server))
        await scene.say("/start")
        # Whatever the hour at which the test runs.
        await scene.say("/settings quiet off")
        await scene.say("/subscribe all")
        scene.publish(first, DAM, DAM_LEDE)
        await eventually(lambda: scene.messages("Dam failure floods"))
        await eventually(lambda: settled(own_server))
        await bot.kill()
        again = await scene.bot()
        scene.publish(first, "Museum in Lviv reopens its dinosaur hall after nine years")
        await eventually(lambda: scene.messages("dinosaur hall"))
        assert len(await scene.messages("Dam failure floods")) == 1
        assert await again.stop() == 0
