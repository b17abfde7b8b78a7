"""Redis goes and comes back, or is full: delivery waits, says so, loses and repeats nothing."""

import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.store.client import Database
from sandbox.wire_feeds import Fault, FaultKind
from sandbox.wire_library import Publication
from tests.bot_process import BotProcess, Stage, looking_at, stage
from tests.test_crashes import TITLES
from tests.under_fire import (
    OwnRedis,
    all_have,
    based,
    copies,
    hits,
    log_of,
    own_redis,
    pending,
    process,
    publish,
    reach,
    readers,
    storm,
    tales,
)
from tests.waiting import eventually

CROWD = 20


@dataclass
class Wire:
    """A bot as two processes, one of which sends; its Redis, and its readers."""

    scene: Stage
    redis: OwnRedis
    sender: BotProcess
    chats: list[int]
    told: Iterator[Publication]


@asynccontextmanager
async def wire(folder: Path) -> AsyncIterator[Wire]:
    """Everything runs, everyone gets every story."""
    with tempfile.TemporaryDirectory(prefix="nf-") as home:
        async with (
            own_redis(Path(home)) as redis,
            stage(folder, redis_url=redis.url) as scene,
        ):
            sender = process(scene, "sender", "deliver")
            await process(scene, "rest", "poll", "desk", "commands").start()
            await sender.start()
            await eventually(lambda: based(redis.url))
            yield Wire(scene, redis, sender, await readers(scene, CROWD), tales())


def says(scene: Stage, words: str) -> bool:
    return all(words in log_of(scene, name) for name in ("sender", "rest"))


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=["in order", "killed"])
async def test_redis_ends_while_news_goes_out_and_starts_again(
    tmp_path: Path, end: signal.Signals
) -> None:
    async with wire(tmp_path) as bot:
        scene = bot.scene
        await storm(scene, kind="slow", seconds=0.3, when="after")
        titles = publish(scene, bot.told, 2)
        await eventually(lambda: hits(scene) >= CROWD // 2)
        await bot.redis.end(end)
        await scene.clear_faults()
        titles += publish(scene, bot.told)
        await eventually(lambda: says(scene, "Redis does not answer"))
        await bot.redis.start()
        await reach(scene, bot.chats, titles)
        titles += publish(scene, bot.told)
        await reach(scene, bot.chats, titles)
        assert all(copies(scene, chat, titles) == [1, 1, 1, 1] for chat in bot.chats)


async def test_redis_is_full_while_news_waits(tmp_path: Path) -> None:
    async with wire(tmp_path) as bot, looking_at(bot.redis.url) as database:
        scene = bot.scene
        await bot.sender.kill()
        waiting = publish(scene, bot.told, 3)
        await eventually(lambda: wait_for(database, bot.chats, 3))
        await database.command("CONFIG SET", "maxmemory", "1mb")
        late = publish(scene, bot.told)
        await eventually(lambda: "Redis is full" in log_of(scene, "rest"))
        # What waits goes out although nothing can be added.
        await bot.sender.start()
        await reach(scene, bot.chats, waiting)
        assert not any(copies(scene, bot.chats[0], late))
        await database.command("CONFIG SET", "maxmemory", "0")
        await reach(scene, bot.chats, late)
        assert all(copies(scene, chat, [*waiting, *late]) == [1, 1, 1, 1] for chat in bot.chats)


async def test_a_poll_that_redis_cut_short_is_taken_up_when_it_is_back(tmp_path: Path) -> None:
    """Not when the claim's lease ends, of which the poller lives to see the end."""
    async with wire(tmp_path) as bot:
        scene = bot.scene
        scene.wire.disturb("meridian", Fault(FaultKind.HANG))
        await eventually(lambda: scene.wire.hanging("meridian"))
        await bot.redis.end()
        scene.wire.calm("meridian")
        scene.publish("meridian", TITLES[0])
        await eventually(lambda: says(scene, "Redis does not answer"))
        await bot.redis.start()
        await eventually(lambda: all_have(scene, bot.chats, TITLES[:1]), seconds=30)


async def wait_for(database: Database, chats: list[int], count: int) -> bool:
    return all([await pending(database, chat) >= count for chat in chats])
