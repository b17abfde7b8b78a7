"""Deliveries for tests without a whole bot: real Redis and the sandbox's Bot API, the rest direct.

A test places stories, raises them and lets chats be served one step at a time.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import aiohttp

from bot.config import Rate
from bot.messenger.bots import create_bot
from bot.messenger.telegram import Messenger
from bot.models.chats import Chat
from bot.models.deliveries import EventKind, FanOutEvent, Target
from bot.models.entries import Entry
from bot.models.identifiers import NO_THREAD, ChatId
from bot.models.stories import Story
from bot.news.deliveries import EditRule
from bot.news.matching import rules_of
from bot.services.chat_deliveries import ChatDeliveries
from bot.services.couriers import Courier
from bot.services.deliveries import LEASE, Sender
from bot.services.fresh_stories import FreshStories
from bot.services.replies import Replies
from bot.services.stopping import Stopping
from bot.store.chats import ChatStore
from bot.store.client import Database
from bot.store.dead_letters import DeadLetterStore
from bot.store.deliveries import DeliveryQueue, Holder
from bot.store.fanout import Chunk, FanOutStreams
from bot.store.key_registry import chat_shard
from bot.store.pace import Pace
from bot.store.stories import StoryStore
from bot.store.subscriptions import SubscriptionStore
from sandbox import Sandbox
from sandbox.population import ALEX
from tests.sandbox_control import bot_requests, clear_faults, order_fault
from tests.store_values import a_chat, a_feed, a_story, a_subscription, an_entry

Json = dict[str, Any]
TOKEN = "the desk"
FAST = Rate(1000, timedelta(seconds=1))
RULE = EditRule()


@dataclass
class DeliveryStage:
    """The stores, the sandbox, and one process's part of delivery."""

    database: Database
    sandbox: Sandbox
    session: aiohttp.ClientSession
    messenger: Messenger
    send_rate: Rate
    edit_rule: EditRule
    stopping: Stopping = field(default_factory=Stopping)

    def __post_init__(self) -> None:
        self.queue = DeliveryQueue(self.database, Rate(20, timedelta(minutes=1)))
        self.pace = Pace(self.database, self.send_rate)
        self.chats = ChatStore(self.database)
        self.subscriptions = SubscriptionStore(self.database)
        self.stories = StoryStore(self.database)
        self.letters = DeadLetterStore(self.database)
        self.streams = FanOutStreams(self.database)
        self.replies = Replies(self.messenger, self.queue, self.pace, self.chats)
        self.deliveries = self._chat_deliveries()

    def _chat_deliveries(self) -> ChatDeliveries:
        clock = self.database.clock
        stores = (
            self.queue,
            self.pace,
            self.chats,
            self.subscriptions,
            self.stories,
            self.letters,
        )
        courier = Courier(*stores, self.messenger, clock, bot_username="newsflash_bot")
        return ChatDeliveries(
            self.queue,
            FreshStories(self.stories, clock),
            courier,
            clock,
            self.edit_rule,
            self.stopping,
        )

    def sender(self, stopping: Stopping) -> Sender:
        """A sender as a process of its own has one."""
        clock = self.database.clock
        return Sender(
            self.queue, Pace(self.database, self.send_rate), self.deliveries, clock, stopping
        )

    async def reader(self, chat_id: int = ALEX, **changes: object) -> Chat:
        """A chat of the sandbox's world that asked for every story, a while ago."""
        settings = replace(
            a_chat().settings, quiet=False, muted_topics=(), news_languages=(), previews=False
        )
        chat = a_chat(chat_id, settings=settings, **changes)
        await self.chats.save(chat)
        since = self.database.clock.now() - timedelta(days=1)
        await self.subscriptions.add(a_subscription(chat_id, kind="all", value="", since=since))
        return chat

    def entry(self, name: str, **changes: object) -> Entry:
        """Something that was reported just now."""
        now = self.database.clock.now()
        source = f"{name.replace(' ', '-')}.example"
        told = {"published": now, "arrived": now, "source": source, **changes}
        return an_entry(name, a_feed(name), **told)

    async def place(self, story_id: str, *entries: Entry, **changes: object) -> Story:
        """Keep a story of the entries, as the desk does."""
        entries = entries or (self.entry(story_id),)
        story = a_story(story_id, *entries, changed=self.database.clock.now(), **changes)
        await self.stories.acquire(TOKEN, timedelta(minutes=5))
        await self.stories.place(TOKEN, story, entries[-1], None)
        return story

    async def raise_for(
        self, chat_id: int, story: Story, kind: EventKind = EventKind.NEW
    ) -> FanOutEvent:
        """What fan-out does for one chat."""
        now = self.database.clock.now()
        event = FanOutEvent(kind, story.ids, story.version, rules_of(story), now)
        target = Target(ChatId(chat_id), NO_THREAD)
        await self.streams.raise_in(Chunk(chat_shard(target.chat), (target,)), event)
        return event

    async def serve(self, chat_id: int = ALEX, *, request: str = "1") -> None:
        """Claim the chat in whichever class it is due, and serve it."""
        chat, holder = ChatId(chat_id), Holder("me", request)
        ends = self.database.clock.now() + LEASE
        for delivery_class, due in (await self.queue.peek()).get(chat_shard(chat), {}).items():
            if due <= self.database.clock.now():
                claimed = await self.queue.claim(
                    chat_shard(chat), delivery_class, holder=holder, most=8, lease=LEASE
                )
                if chat in claimed:
                    await self.deliveries.serve(chat, holder, ends)

    async def requests(self, method: str = "sendMessage") -> list[Json]:
        """What was asked of the Bot API."""
        return await bot_requests(self.session, self.sandbox, method)

    async def fault(self, **fields: object) -> None:
        """Let the Bot API fail."""
        await order_fault(self.session, self.sandbox, **fields)

    async def clear_faults(self) -> None:
        """Let the Bot API work again."""
        await clear_faults(self.session, self.sandbox)

    async def started(self, person: int = ALEX) -> None:
        """The person pressed Start, so that the bot may write."""
        url = f"{self.sandbox.base_url}/client/start"
        async with self.session.post(url, json={"user": person}) as response:
            assert response.status == 200, await response.text()


@asynccontextmanager
async def delivery_stage(
    redis_url: str,
    *,
    send_rate: Rate = FAST,
    edit_rule: EditRule = RULE,
    enforce_limits: bool = False,
    paid_broadcast: bool = False,
) -> AsyncIterator[DeliveryStage]:
    """A stage on an empty server, with Alex ready to get news."""
    sandbox = Sandbox(enforce_limits=enforce_limits)
    address = await sandbox.start()
    try:
        async with (
            await Database.open(redis_url) as database,
            aiohttp.ClientSession() as session,
            Messenger(
                create_bot(sandbox.token, address), paid_broadcast=paid_broadcast
            ) as messenger,
        ):
            stage = DeliveryStage(database, sandbox, session, messenger, send_rate, edit_rule)
            await stage.started()
            yield stage
    finally:
        await sandbox.stop()
