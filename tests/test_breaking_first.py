"""A breaking story is in many chats before these chats get what else waits for them."""

import asyncio
from datetime import timedelta

from bot.config import Rate
from bot.models.deliveries import EventKind
from bot.services.stopping import Stopping
from tests.delivery_stage import delivery_stage
from tests.store_values import breaking
from tests.waiting import eventually

FIRST_PERSON, PEOPLE = 100_000, 40
FIRST_CHATS = 30
RATE = Rate(60, timedelta(seconds=1))


async def test_the_first_thirty_messages_after_a_breaking_story_tell_it(redis_url: str) -> None:
    async with delivery_stage(redis_url, send_rate=RATE) as stage:
        old = await stage.place("0ldstory0000", stage.entry("harvest"))
        new = await stage.place(
            "breaking0000", stage.entry("flood"), breaking=breaking(stage.database.clock.now())
        )
        people = range(FIRST_PERSON, FIRST_PERSON + PEOPLE)
        for person in people:
            world = stage.sandbox.world
            world.add_person(person, f"Person {person}", f"person_{person}", "en", started=True)
            await stage.reader(person)
            await stage.raise_for(person, old)
        for person in people:
            await stage.raise_for(person, new, EventKind.BREAKING)
        stopping = Stopping()
        sending = asyncio.create_task(stage.sender(stopping).run())

        async def everything_sent() -> bool:
            return len(await stage.requests()) == 2 * PEOPLE

        await eventually(everything_sent)
        stopping.request()
        await sending
        told = [request["parameters"]["text"] for request in await stage.requests()]
        assert all("flood" in text for text in told[:FIRST_CHATS])
        assert sum("flood" in text for text in told) == PEOPLE
