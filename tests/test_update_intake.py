"""The intake of updates: order within a chat, side by side otherwise, nobody starved, none kept."""

import asyncio
from typing import Any

import orjson
import pytest

from bot.models.identifiers import ChatId
from bot.services.stopping import Stopping
from bot.services.updates import WAITING_MOST, UpdateIntake
from bot.store.client import Database
from bot.store.updates import UpdateInbox
from tests.delivery_stage import DeliveryStage, delivery_stage
from tests.waiting import eventually

Json = dict[str, Any]


def message(number: int, chat: int = 42) -> Json:
    return {"update_id": number, "message": {"message_id": number, "chat": {"id": chat}}}


def membership(number: int, chat: int = 42) -> Json:
    return {"update_id": number, "my_chat_member": {"chat": {"id": chat}}}


class Desk:
    """A handler that waits until it is let go, and notes what it got."""

    def __init__(self) -> None:
        self.handled: list[int] = []
        self.go = asyncio.Event()

    async def handle(self, raw: Json) -> None:
        if raw.get("message", {}).get("chat", {}).get("id") == 42:
            await self.go.wait()
        self.handled.append(raw["update_id"])


def intake(stage: DeliveryStage, desk: Desk, stopping: Stopping | None = None) -> UpdateIntake:
    inbox, clock = UpdateInbox(stage.database), stage.database.clock
    return UpdateIntake(stage.messenger, inbox, desk.handle, clock, stopping or Stopping())


async def left(database: Database) -> int:
    return len(await UpdateInbox(database).left())


async def test_a_slow_chat_keeps_its_order_and_holds_up_nobody(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        desk = Desk()
        updates = intake(stage, desk)
        for number in range(5):
            await updates.take(message(number))
        await updates.take(message(99, chat=43))
        await eventually(lambda: desk.handled == [99])
        desk.go.set()
        await eventually(lambda: desk.handled == [99, 0, 1, 2, 3, 4])
        await eventually(lambda: emptied(stage.database))


async def emptied(database: Database) -> bool:
    return await left(database) == 0


async def test_a_chat_that_asks_too_much_fills_nobody_elses_inbox(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        desk = Desk()
        updates = intake(stage, desk)
        for number in range(WAITING_MOST + 20):
            await updates.take(message(number))
        assert await left(stage.database) == WAITING_MOST
        await updates.take(membership(500))
        assert await left(stage.database) == WAITING_MOST + 1
        desk.go.set()
        await eventually(lambda: desk.handled[-1:] == [500])
        await updates.take(message(501))
        await eventually(lambda: desk.handled[-1] == 501)


async def test_what_was_handled_leaves_the_inbox_even_if_redis_was_away(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        desk = Desk()
        updates = intake(stage, desk)
        await updates.take(message(1))
        # Every command is refused until the password is taken away again.
        await stage.database.command("CONFIG SET", "requirepass", "away")
        await stage.database.client.connection_pool.disconnect()
        desk.go.set()
        await eventually(lambda: desk.handled == [1])
        async with await Database.open(redis_url.replace("unix://", "unix://:away@")) as other:
            await other.command("CONFIG SET", "requirepass", "")
        await eventually(lambda: emptied(stage.database))


async def test_what_an_earlier_run_left_is_handled_also_if_redis_comes_late(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with delivery_stage(redis_url) as stage:
        desk, stopping = Desk(), Stopping()
        await UpdateInbox(stage.database).take(7, ChatId(43), orjson.dumps(message(7, chat=43)))
        await stage.database.command("CONFIG SET", "requirepass", "away")
        await stage.database.client.connection_pool.disconnect()
        running = asyncio.create_task(intake(stage, desk, stopping).run())
        await eventually(lambda: "stopped for a moment" in caplog.text)
        async with await Database.open(redis_url.replace("unix://", "unix://:away@")) as other:
            await other.command("CONFIG SET", "requirepass", "")
        await eventually(lambda: 7 in desk.handled)
        stopping.request()
        await running
