"""How far ahead a sender claims: what becomes urgent next must wait for little."""

import asyncio
from datetime import timedelta

from bot.config import Rate
from bot.models.deliveries import EventKind
from bot.models.identifiers import StoryId
from bot.services.deliveries import Sender
from bot.services.stopping import Stopping
from bot.store.clock import milliseconds
from bot.store.keys_deliveries import slots
from tests.delivery_stage import DeliveryStage, delivery_stage
from tests.store_values import breaking
from tests.waiting import eventually

SLOW = Rate(4, timedelta(seconds=1))
READERS = range(7_001, 7_015)
LATE_READER = 7_099


async def readers(stage: DeliveryStage) -> None:
    for number in (*READERS, LATE_READER):
        stage.sandbox.world.add_person(
            number, f"Reader {number}", f"reader_{number}", "en", started=True
        )
        await stage.reader(number)


async def test_breaking_news_passes_a_backlog_that_is_being_sent(redis_url: str) -> None:
    async with delivery_stage(redis_url, send_rate=SLOW) as stage:
        await readers(stage)
        ordinary = await stage.place(StoryId("aaaaaaaaaaaa"))
        for number in READERS:
            await stage.raise_for(number, ordinary)
        stopping = Stopping()
        clock = stage.database.clock
        sender = Sender(stage.queue, stage.pace, stage.deliveries, clock, stopping)
        running = asyncio.create_task(sender.run())
        await eventually(stage.requests)

        urgent = await stage.place(StoryId("bbbbbbbbbbbb"), breaking=breaking(clock.now()))
        await stage.raise_for(LATE_READER, urgent, EventKind.BREAKING)
        before = len(await stage.requests())
        await eventually(lambda: asked(stage, LATE_READER))
        # A quarter of a second of work at four a second, and what was asked meanwhile.
        chats = [each["chat_id"] for each in await stage.requests()]
        assert chats.index(LATE_READER) <= before + 3

        await eventually(lambda: everyone(stage))
        stopping.request()
        await running
        assert len(await stage.requests()) == len(READERS) + 1


async def asked(stage: DeliveryStage, chat: int) -> bool:
    return any(each["chat_id"] == chat for each in await stage.requests())


async def everyone(stage: DeliveryStage) -> bool:
    return {each["chat_id"] for each in await stage.requests()} >= set(READERS)


async def test_slots_that_were_slept_through_are_not_used_together(redis_url: str) -> None:
    async with delivery_stage(redis_url, send_rate=SLOW) as stage:
        waiting = [asyncio.create_task(stage.pace.take()) for _ in range(4)]
        await eventually(lambda: next_slot(stage))
        reserved = await next_slot(stage)
        # This process stands still for longer than the slots last.
        stage.database.clock.offset += timedelta(seconds=2)
        awake = milliseconds(stage.database.clock.now())
        await asyncio.gather(*waiting)
        assert reserved < awake
        assert await next_slot(stage) >= awake + 3 * SLOW.interval // timedelta(milliseconds=1)


async def next_slot(stage: DeliveryStage) -> int:
    """When the next one is free, in ms; 0 while none was taken."""
    return int(float(await stage.database.command("GET", slots()) or 0)) // 1000
