"""Telegram fails in every way while news goes out: nothing is lost, no chat waits for another.

One whole bot in a process of its own serves all tests here; faults strike before or after the
effect. What is repeated must have been sent by a request whose effect the bot was not told of.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from benchmarks.soak_ledger import arrivals_of
from sandbox.wire_library import Publication
from tests.bot_process import Stage, looking_at, stage
from tests.redis_server import emptied
from tests.under_fire import (
    EVERYONE,
    ROLES,
    all_have,
    based,
    copies,
    hits,
    pending,
    publish,
    reach,
    readers,
    sends,
    storm,
    tales,
    untold,
    written,
)
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")
CROWD = 100


@dataclass
class Crowd:
    """The bot's world, a hundred readers, and stories that nobody knows yet."""

    scene: Stage
    chats: list[int]
    told: Iterator[Publication]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world(
    tmp_path_factory: pytest.TempPathFactory, redis_server: Path
) -> AsyncIterator[Crowd]:
    """The bot runs, and everyone gets every story."""
    redis_url = emptied(redis_server)
    async with stage(tmp_path_factory.mktemp("crowd"), redis_url=redis_url) as scene:
        await scene.bot(*ROLES)
        await eventually(lambda: based(redis_url))
        yield Crowd(scene, await readers(scene, CROWD), tales())


@pytest_asyncio.fixture(loop_scope="module")
async def crowd(world: Crowd) -> AsyncIterator[Crowd]:
    """Without faults, before and after."""
    yield world
    await world.scene.clear_faults()


async def test_a_chat_told_to_wait_a_minute_keeps_back_none_of_99_others(crowd: Crowd) -> None:
    scene, one = crowd.scene, crowd.chats.pop()
    asked = len(sends(scene, one))
    await scene.fault(method="sendMessage", chat_id=one, kind="flood", retry_after=60)
    titles: list[str] = []
    for _ in range(3):
        titles += publish(scene, crowd.told)
        await reach(scene, crowd.chats, titles)
    assert all(copies(scene, chat, titles) == [1, 1, 1] for chat in crowd.chats)
    # It was asked once and is left alone for its minute; what it waits for is kept.
    assert len(sends(scene, one)) == asked + 1
    assert copies(scene, one, titles) == [0, 0, 0]
    async with looking_at(scene.redis_url) as database:
        assert await pending(database, one) == 3


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_chat_told_to_wait_again_and_again_gets_everything_in_order(
    crowd: Crowd, when: str
) -> None:
    scene, (one, *others) = crowd.scene, crowd.chats
    known = untold(scene, one)
    flood = {"kind": "flood", "retry_after": 1, "times": 2, "when": when}
    await scene.fault(method="sendMessage", chat_id=one, **flood)
    titles: list[str] = []
    for _ in range(3):
        titles += publish(scene, crowd.told)
        await reach(scene, others, titles)
    await reach(scene, crowd.chats, titles)
    assert all(copies(scene, chat, titles) == [1, 1, 1] for chat in others)
    assert sum(copies(scene, one, titles)) <= 3 + untold(scene, one) - known
    firsts = [arrivals_of(written(scene, one))[title][0].id for title in titles]
    assert firsts == sorted(firsts)


STORMS: tuple[dict[str, object], ...] = (
    {"kind": "page", "error_code": 502, "every": 2},
    {"kind": "refuse", "error_code": 500, "description": "Internal Server Error", "every": 2},
    {"kind": "drop", "every": 3},
    {"kind": "page", "error_code": 504, "every": 4, "when": "after"},
    {"kind": "refuse", "error_code": 500, "description": "Bad", "every": 4, "when": "after"},
    {"kind": "drop", "every": 4, "when": "after"},
)


@pytest.mark.parametrize("fault", STORMS, ids=lambda each: f"{each['kind']}-{each.get('when')}")
async def test_a_storm_of_errors_or_dropped_connections_loses_nothing(
    crowd: Crowd, fault: dict[str, object]
) -> None:
    scene = crowd.scene
    known = {chat: untold(scene, chat) for chat in crowd.chats}
    await storm(scene, **fault)
    titles = publish(scene, crowd.told)
    await eventually(lambda: hits(scene) >= CROWD // 5, seconds=EVERYONE)
    await scene.clear_faults()
    await reach(scene, crowd.chats, titles)
    for chat in crowd.chats:
        lost = untold(scene, chat) - known[chat]
        assert copies(scene, chat, titles)[0] <= 1 + lost, f"chat {chat} got it twice, no cause"


@pytest.mark.parametrize("when", ["before", "after"])
async def test_chats_with_slow_answers_keep_back_no_other(crowd: Crowd, when: str) -> None:
    scene = crowd.scene
    slow, others = crowd.chats[:30], crowd.chats[30:]
    await storm(scene, kind="slow", seconds=4, when=when, chat_ids=slow)
    first = publish(scene, crowd.told)
    await reach(scene, others, first)
    second = publish(scene, crowd.told)
    await reach(scene, others, second)
    # The others have both while the answers to the first are still held back.
    assert all(sends(scene, chat)[-1].answered is None for chat in slow)
    assert not all_have(scene, slow, second)
    await scene.clear_faults()
    await reach(scene, slow, [*first, *second])
    assert all(copies(scene, chat, [*first, *second]) == [1, 1] for chat in crowd.chats)
