"""Who asks Telegram for updates: one process of a Redis, and no fight with a program beyond."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import aiohttp
import pytest

from bot.errors import StoreError
from bot.messenger.bots import create_bot
from bot.messenger.telegram import Messenger
from bot.services.outages import OutageReplies
from bot.services.stopping import Stopping
from bot.services.update_handling import UpdateHandling
from bot.services.update_polling import Pauses, UpdatePoller
from bot.services.updates import RawUpdate, UpdateIntake
from bot.services.webhook import WebhookRegistration
from bot.store.client import Database
from bot.store.updates import UpdateInbox
from handlers.outages import answer_without_store
from sandbox import Sandbox
from sandbox.population import ALEX
from tests.sandbox_control import bot_requests
from tests.stoppable_redis import StoppableRedis
from tests.update_stage import Handler
from tests.waiting import eventually

QUICK = Pauses(
    first=timedelta(milliseconds=50),
    longest=timedelta(milliseconds=200),
    calm=timedelta(milliseconds=300),
)


@dataclass
class Process:
    """Polling and handling, as one process with the role `commands` does."""

    database: Database
    messenger: Messenger
    handler: Handler = field(default_factory=Handler)
    stopping: Stopping = field(default_factory=Stopping)

    def __post_init__(self) -> None:
        inbox, clock = UpdateInbox(self.database), self.database.clock
        handling = UpdateHandling(inbox, self.handler.handle, clock, self.stopping)
        replies = OutageReplies(self.messenger)

        async def without(raw: RawUpdate, error: StoreError) -> bool:
            update = self.messenger.decode(raw)
            return await answer_without_store(update, error, replies, self.messenger.username)

        self.intake = UpdateIntake(inbox, handling.answer_inline, without)
        self.poller = UpdatePoller(
            self.messenger, inbox, self.intake, clock, self.stopping, pauses=QUICK
        )
        self._running = [asyncio.create_task(part()) for part in (handling.run, self.poller.run)]

    async def stop(self) -> None:
        """A normal stop."""
        self.stopping.request()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def die(self) -> None:
        """An end without a word."""
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)


@dataclass
class World:
    """A Bot API server, and the processes at it."""

    sandbox: Sandbox
    session: aiohttp.ClientSession
    messenger: Messenger
    processes: list[Process] = field(default_factory=list)

    def process(self, database: Database) -> Process:
        """Start one."""
        self.processes.append(Process(database, self.messenger))
        return self.processes[-1]

    async def say(self, text: str) -> None:
        """Alex writes to the bot."""
        url = f"{self.sandbox.base_url}/client/send"
        body = {"user": ALEX, "chat": ALEX, "text": text}
        async with self.session.post(url, json=body) as response:
            assert response.status == 200

    async def sent(self, *parts: str) -> int:
        """How many messages with these parts the bot sent."""
        requests = await bot_requests(self.session, self.sandbox, "sendMessage")
        return sum(all(part in str(each) for part in parts) for each in requests)

    async def webhook(self) -> str:
        """Where Telegram sends updates."""
        return (await self.messenger.webhook()).url

    async def polls(self) -> int:
        """How often somebody asked for updates."""
        return len(await bot_requests(self.session, self.sandbox, "getUpdates"))


@pytest.fixture
async def world() -> AsyncIterator[World]:
    """A world in which Alex has started the bot."""
    sandbox = Sandbox(enforce_limits=False)
    address = await sandbox.start()
    async with (
        aiohttp.ClientSession() as session,
        Messenger(create_bot(sandbox.token, address)) as messenger,
    ):
        made = World(sandbox, session, messenger)
        async with session.post(f"{address}/client/start", json={"user": ALEX}):
            pass
        try:
            yield made
        finally:
            for process in made.processes:
                await process.stop()
            await sandbox.stop()


@asynccontextmanager
async def another(redis_url: str) -> AsyncIterator[Database]:
    """A Redis that the first one knows nothing of."""
    async with await Database.open(f"{redis_url}?db=1") as database:
        yield database


async def test_one_process_asks_and_another_takes_over_at_its_stop(
    world: World, database: Database
) -> None:
    first = world.process(database)
    await eventually(lambda: len(first.handler.handled) == 1)
    second = world.process(database)
    await world.say("one")
    await eventually(lambda: len(first.handler.handled + second.handler.handled) == 2)
    await first.stop()
    await world.say("two")
    await eventually(lambda: len(first.handler.handled + second.handler.handled) == 3)
    assert not second.poller.trouble


async def test_a_dead_poller_is_followed_by_another(world: World, database: Database) -> None:
    first = world.process(database)
    await eventually(lambda: len(first.handler.handled) == 1)
    second = world.process(database)
    await first.die()
    await world.say("one")
    await eventually(lambda: len(second.handler.handled) == 1)
    assert not second.poller.trouble


async def test_a_program_with_another_redis_is_told_once_and_not_fought(
    world: World, database: Database, redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with another(redis_url) as foreign:
        first = world.process(database)
        await eventually(world.polls)
        second = world.process(foreign)
        await eventually(lambda: first.poller.trouble or second.poller.trouble)
        assert "Another program reads this bot's updates" in caplog.text
        await second.stop()
        await eventually(lambda: not first.poller.trouble)
        seen = len(first.handler.handled)
        await world.say("one")
        await eventually(lambda: len(first.handler.handled) > seen)
        # Once by each of the two.
        told = [each for each in caplog.messages if "Another program reads" in each]
        assert len(told) <= 2


async def test_who_asks_for_the_status_while_redis_is_away_is_answered_once(
    world: World, stoppable_redis: StoppableRedis, caplog: pytest.LogCaptureFixture
) -> None:
    async with await Database.open(stoppable_redis.url) as database:
        process = world.process(database)
        await eventually(lambda: len(process.handler.handled) == 1)
        stoppable_redis.stop()
        await world.say("/status")
        await world.say("/latest")
        await world.say("/status")
        await eventually(lambda: world.sent("does not answer", "Nothing is lost"))
        assert process.intake.trouble
        stoppable_redis.start()
        await eventually(lambda: len(process.handler.handled) == 3)
        assert not process.intake.trouble
        assert await world.sent("Nothing is lost") == 1
        assert "stored again" in caplog.text


async def test_a_redis_that_stood_still_does_nothing_late(
    world: World, stoppable_redis: StoppableRedis
) -> None:
    async with await Database.open(stoppable_redis.url) as database:
        process = world.process(database)
        await eventually(lambda: len(process.handler.handled) == 1)
        stoppable_redis.stand_still()
        await world.say("/status")
        await eventually(lambda: world.sent("does not answer"))
        stoppable_redis.go_on()
        await world.say("one")
        await eventually(lambda: len(process.handler.handled) == 2)


async def test_a_full_redis_is_named_as_such(world: World, stoppable_redis: StoppableRedis) -> None:
    async with await Database.open(stoppable_redis.url) as database:
        process = world.process(database)
        await eventually(lambda: len(process.handler.handled) == 1)
        stoppable_redis.limit_memory("1")
        await world.say("one")
        await world.say("/status")
        await eventually(lambda: world.sent("is full", "Nothing is lost"))
        assert process.handler.handled == process.handler.handled[:1]
        stoppable_redis.limit_memory("0")
        await eventually(lambda: len(process.handler.handled) == 2)


async def test_a_webhook_that_somebody_takes_away_comes_back_later(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    stopping, moment = Stopping(), timedelta(milliseconds=20)
    registration = WebhookRegistration(
        world.messenger,
        f"{world.sandbox.base_url}/telegram",
        "secret",
        stopping,
        look_each=moment,
        give_way=moment,
    )
    running = asyncio.create_task(registration.run())
    await eventually(world.webhook)
    await world.messenger.delete_webhook()
    await eventually(lambda: "removed by another program" in caplog.text)
    await eventually(world.webhook)
    await eventually(lambda: not registration.trouble)
    stopping.request()
    await running
    await world.messenger.delete_webhook()
