"""SIGTERM in the middle of heavy sending: out within ten seconds, no lease left, nothing repeated.

A process that does not end in time is killed at the end of its test, which fails.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.wire_library import Publication
from tests.bot_process import BotProcess, Stage, looking_at, stage
from tests.under_fire import (
    EVERYONE,
    OwnRedis,
    based,
    copies,
    leases,
    own_redis,
    process,
    publish,
    reach,
    readers,
    sends,
    storm,
    tales,
)
from tests.waiting import eventually

CROWD = 40
STOP_WITHIN = 10.0
"""Seconds; the wait for a process fails after them."""
OF_ITS_OWN = 0.6
"""Seconds after which a second signal is not taken for the first one's echo."""


@dataclass
class Wire:
    """A bot of two processes, one of which sends."""

    scene: Stage
    redis: OwnRedis
    sender: BotProcess
    rest: BotProcess
    chats: list[int]
    told: Iterator[Publication]


@asynccontextmanager
async def wire(folder: Path) -> AsyncIterator[Wire]:
    with tempfile.TemporaryDirectory(prefix="nf-") as home:
        async with (
            own_redis(Path(home)) as redis,
            stage(folder, redis_url=redis.url) as scene,
        ):
            sender = process(scene, "sender", "deliver")
            rest = process(scene, "rest", "poll", "desk", "commands")
            async with asyncio.TaskGroup() as starting:
                starting.create_task(sender.start())
                starting.create_task(rest.start())
            await eventually(lambda: based(redis.url))
            yield Wire(scene, redis, sender, rest, await readers(scene, CROWD), tales())


async def stopped(*processes: BotProcess) -> list[int]:
    """SIGTERM to all; their exit statuses."""
    async with asyncio.timeout(STOP_WITHIN):
        return list(await asyncio.gather(*(each.stop() for each in processes)))


async def leased(bot: Wire) -> int:
    async with looking_at(bot.redis.url) as database:
        return await leases(database)


async def test_a_sender_that_stops_in_the_middle_repeats_nothing(tmp_path: Path) -> None:
    async with wire(tmp_path) as bot:
        scene, titles = bot.scene, list[str]()
        await storm(scene, kind="slow", seconds=0.2, up_to=0.6, when="after")
        for share in (10, 25):
            asked = len(sends(scene))
            titles += publish(scene, bot.told)
            await asked_for(scene, asked + share)
            assert await stopped(bot.sender) == [0]
            assert await leased(bot) == 0
            await bot.sender.start()
        await reach(scene, bot.chats, titles)
        # The whole bot at once, while it polls, places and sends.
        titles += publish(scene, bot.told)
        assert await stopped(bot.sender, bot.rest) == [0, 0]
        assert await leased(bot) == 0
        async with asyncio.TaskGroup() as starting:
            starting.create_task(bot.sender.start())
            starting.create_task(bot.rest.start())
        await reach(scene, bot.chats, titles)
        assert all(copies(scene, chat, titles) == [1, 1, 1] for chat in bot.chats)


async def test_a_telegram_that_does_not_answer_holds_up_no_stop(tmp_path: Path) -> None:
    async with wire(tmp_path) as bot:
        scene = bot.scene
        silent, answering = bot.chats[:5], bot.chats[5:]
        await storm(scene, kind="slow", seconds=15, when="before", chat_ids=silent)
        titles = publish(scene, bot.told)
        await reach(scene, answering, titles)
        assert await stopped(bot.sender) == [0]
        assert await leased(bot) == 0
        await scene.clear_faults()
        await bot.sender.start()
        await reach(scene, bot.chats, titles)
        assert all(copies(scene, chat, titles) == [1] for chat in answering)


async def test_a_redis_that_is_away_holds_up_no_stop(tmp_path: Path) -> None:
    async with wire(tmp_path) as bot:
        scene = bot.scene
        titles = publish(scene, bot.told)
        await reach(scene, bot.chats, titles)
        titles += publish(scene, bot.told)
        await storm(scene, kind="slow", seconds=1, when="after")
        await asked_for(scene, len(sends(scene)) + 1)
        await bot.redis.end()
        assert await stopped(bot.sender, bot.rest) == [0, 0]
        await scene.clear_faults()
        await bot.redis.start()
        async with asyncio.TaskGroup() as starting:
            starting.create_task(bot.sender.start())
            starting.create_task(bot.rest.start())
        await reach(scene, bot.chats, titles)
        assert all(copies(scene, chat, titles[:1]) == [1] for chat in bot.chats)


async def test_a_second_signal_ends_at_once_and_loses_nothing(tmp_path: Path) -> None:
    async with wire(tmp_path) as bot:
        scene = bot.scene
        await storm(scene, kind="slow", seconds=15, when="after")
        titles = publish(scene, bot.told)
        await asked_for(scene, len(sends(scene)) + CROWD)
        under_way = {entry.chat_id for entry in sends(scene) if entry.answered is None}
        assert under_way, "nothing to cut short"
        bot.sender.terminate()
        await passed(OF_ITS_OWN)
        bot.sender.terminate()
        async with asyncio.timeout(STOP_WITHIN / 2):
            assert await bot.sender.ended() == 1
        await scene.clear_faults()
        await bot.sender.start()
        titles += publish(scene, bot.told)
        await reach(scene, bot.chats, titles)
        for chat in bot.chats:
            assert copies(scene, chat, titles)[0] <= 1 + (chat in under_way)


async def asked_for(scene: Stage, count: int) -> None:
    await eventually(lambda: len(sends(scene)) >= count, seconds=EVERYONE)


async def passed(seconds: float) -> None:
    clock = asyncio.get_running_loop().time
    until = clock() + seconds
    await eventually(lambda: clock() > until)
