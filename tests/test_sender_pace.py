"""How far ahead a sender claims: what becomes urgent next must wait for little."""

import asyncio
from datetime import timedelta

from bot.config import Rate
from bot.models.deliveries import EventKind
from bot.models.identifiers import StoryId
from bot.services.deliveries import Sender
from bot.services.stopping import Stopping
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
