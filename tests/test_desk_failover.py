"""Two desks, and the one that leads ends or stands still in the middle: no story is split, each
target gets each story once, nothing is lost. Real processes, real Redis, the sandbox's Telegram.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest

from bot.config import Rate
from bot.models.chats import ChatKind
from bot.models.deliveries import DeliveryClass
from bot.models.identifiers import ChatId, MessageId, ThreadId
from bot.models.stories import Story
from bot.store import keys, keys_desk
from bot.store.chats import ChatStore
from bot.store.client import Database
from bot.store.deliveries import DeliveryQueue
from bot.store.feeds import FeedStore
from bot.store.messages import MessageStore
from bot.store.stories import StoryStore
from bot.store.subscriptions import SubscriptionStore
from sandbox.population import ALEX
from tests.bot_process import BotProcess, Stage, looking_at, stage
from tests.store_values import a_chat, a_feed, a_state, a_subscription, an_entry
from tests.waiting import eventually

EVENTS = 24
EARLY, LATE = ("outlet0", "outlet1"), ("outlet2", "outlet3", "outlet4")
"""Who reports before the first desk ends, and who after."""
WORDS = Random(11).sample(range(1000, 10_000), 8 * EVENTS)


def title(event: int) -> str:
    """Of all reports of an event."""
    return " ".join(f"word{number}" for number in WORDS[8 * event : 8 * event + 8])


@dataclass
class Scene:
    """A stage on which two chats want every story."""

    stage: Stage
    database: Database
    targets: tuple[tuple[int, int], ...]

    async def arrive(self, outlets: Iterable[str]) -> None:
        """Every outlet reports every event, as a poll leaves it."""
        store = FeedStore(self.database)
        for outlet in outlets:
            # Outlets of one house are one voice: nothing breaks, and what waits goes out together.
            feed, now = a_feed(outlet, owner="house"), self.database.clock.now()
            await store.add(feed)
            entries = [
                an_entry(
                    f"event {event}",
                    feed,
                    title=title(event),
                    lede=title(event),
                    source=f"{outlet}.example",
                    published=now,
                    arrived=now,
                )
                for event in range(EVENTS)
            ]
            assert await store.commit(feed, entries, {}, a_state(now))

    async def versions(self) -> int:
        """How many versions of stories the desks have kept."""
        return int(await self.database.command("XLEN", keys_desk.story_log()))

    async def placing(self) -> bool:
        """The desk is in the middle."""
        return await self.versions() >= 10

    async def placed(self) -> bool:
        """No entry and no event waits."""
        batch = self.database.batch()
        for shard in range(keys.FEED_SHARDS):
            batch.command("XLEN", keys.entries(shard))
        for lane in ("urgent", "ordinary"):
            batch.command("XLEN", keys_desk.fanout(lane))
        return not any(await batch.run())

    async def stories(self) -> list[Story]:
        """All of them."""
        pages = StoryStore(self.database).everything()
        return [story async for page in pages for story in page]

    async def delivered(self) -> bool:
        """Nothing but edits waits to be sent."""
        queue = DeliveryQueue(self.database, Rate(20, timedelta(minutes=1)))
        waiting = {each for times in (await queue.peek()).values() for each in times}
        return await self.placed() and waiting <= {DeliveryClass.EDIT}

    async def arrivals(self, stories: list[Story]) -> Counter[tuple[int, int, str]]:
        """How often each target got each title; what answers an earlier message is no news."""
        titles = {name: story.lead_report.title for story in stories for name in story.ids}
        found: Counter[tuple[int, int, str]] = Counter()
        world, records = self.stage.sandbox.world, MessageStore(self.database)
        for chat, thread in self.targets:
            for message in world.chats[chat].messages.values():
                shown = message.payload
                # What stands in a topic answers the message that opened it.
                answers = shown.get("reply_to_message", {}).get("message_id", thread)
                if message.sender_id != world.bot.id or answers != thread:
                    continue
                assert int(shown.get("message_thread_id", 0)) == thread
                # A list has pages, and tells in its record what stands on them.
                listed = await records.get(ChatId(chat), MessageId(message.id))
                names = {title for title in titles.values() if title in shown["text"]}
                told = [titles[name] for name in listed.stories] if listed else names
                found.update((chat, thread, title) for title in told)
        return found

    async def check(self) -> None:
        """Each event is one story with every report, and each target got it once."""
        stories = await self.stories()
        told = Counter(story.lead_report.title for story in stories)
        assert told == Counter(title(event) for event in range(EVENTS))
        assert {len(story.reports) for story in stories} == {len(EARLY + LATE)}
        arrivals = await self.arrivals(stories)
        assert set(arrivals) == {(*target, title) for target in self.targets for title in told}
        assert set(arrivals.values()) == {1}


@asynccontextmanager
async def scene(folder: Path, redis_url: str) -> AsyncIterator[Scene]:
    """A private chat and a forum's topic, and the first desk."""
    async with stage(folder, redis_url=redis_url) as built, looking_at(redis_url) as database:
        world = built.sandbox.world
        forum = next(chat for chat in world.chats.values() if chat.topics)
        targets = ((ALEX, 0), (forum.id, max(forum.topics)))
        since = database.clock.now() - timedelta(days=1)
        for chat, thread in targets:
            kept = a_chat(chat)
            settings = replace(kept.settings, quiet=False, news_languages=(), previews=False)
            kind = ChatKind.SUPERGROUP if thread else ChatKind.PRIVATE
            await ChatStore(database).save(replace(kept, settings=settings, kind=kind))
            wanting = a_subscription(
                ChatId(chat), thread=ThreadId(thread), kind="all", value="", since=since
            )
            await SubscriptionStore(database).add(wanting)
        yield Scene(built, database, targets)


async def leading(on: Scene) -> tuple[BotProcess, bytes]:
    """The first desk leads; the second, which sends as well, stands by."""
    first = await on.stage.bot("desk")
    token = await eventually(lambda: on.database.command("GET", keys_desk.desk_lease()))
    await on.stage.bot("desk", "deliver")
    return first, token


@pytest.mark.parametrize("how", ["killed", "stopped"])
async def test_a_standby_goes_on_in_the_middle(tmp_path: Path, redis_url: str, how: str) -> None:
    async with scene(tmp_path, redis_url) as on:
        first, _ = await leading(on)
        await on.arrive(EARLY)
        await eventually(on.placing)
        await (first.kill() if how == "killed" else first.stop())
        await on.arrive(LATE)
        await eventually(on.delivered, seconds=30)
        await on.check()


async def test_a_desk_that_stood_still_writes_nothing_when_it_wakes_up(
    tmp_path: Path, redis_url: str
) -> None:
    async with scene(tmp_path, redis_url) as on:
        first, token = await leading(on)
        await on.arrive(EARLY)
        await eventually(on.placing)
        first.stand_still()
        await on.arrive(LATE)
        await eventually(lambda: taken_over(on.database, token), seconds=30)
        await eventually(on.delivered, seconds=30)
        versions = await on.versions()
        first.wake_up()
        log = tmp_path / "bot.log"
        await eventually(lambda: "standing by" in log.read_text(encoding="utf-8"))
        assert await on.versions() == versions
        assert await taken_over(on.database, token)
        await on.check()


async def taken_over(database: Database, token: bytes) -> bool:
    """The lease is another desk's."""
    return await database.command("GET", keys_desk.desk_lease()) not in (None, token)
