"""Chats that stay paused are forgotten after weeks, whole, and never one that came back."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.fetch.fetcher import FeedFetcher
from bot.models.chats import Chat
from bot.models.deliveries import EventKind, FanOutEvent, Target
from bot.models.identifiers import NO_THREAD, Address, ChatId, FeedId, StoryId, ThreadId
from bot.services.chats import ChatService, Sighting
from bot.services.feeds import FeedService
from bot.services.parsing import ParsingProcess
from bot.services.paused_chats import KEPT, PausedChatSweep
from bot.services.stopping import Stopping
from bot.services.subscriptions import SubscriptionService
from bot.store import keys, keys_deliveries
from bot.store.chats import ChatStore
from bot.store.client import Database
from bot.store.fanout import Chunk, FanOutStreams
from bot.store.feeds import FeedStore
from bot.store.key_registry import CHAT_SHARDS, chat_shard
from bot.store.paused_chats import PausedChatStore
from bot.store.subscriptions import SubscriptionStore
from tests.store_values import ENGLISH, NOON, a_chat, a_feed, a_subscription

GROUP, SUPERGROUP = ChatId(-42), Address(-1001234567890)


class Stage:
    """The stores and the sweep of one process."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.chats = ChatStore(database)
        self.paused = PausedChatStore(database)
        self.subscriptions = SubscriptionStore(database)
        self.feeds = FeedStore(database)
        clock = database.clock
        feeds = FeedService(
            self.feeds, FeedFetcher(allow_networks=(), user_agent="test"), ParsingProcess()
        )
        service = SubscriptionService(self.subscriptions, feeds, clock)
        self.service = ChatService(self.chats, feeds, clock, language=ENGLISH, timezone="UTC")
        self.sweep = PausedChatSweep(
            self.paused, self.chats, self.subscriptions, service, clock, Stopping()
        )

    async def everything(self) -> int:
        """One time through all shards; how many chats were forgotten."""
        return sum([await self.sweep.step() for _ in range(CHAT_SHARDS)])

    async def raise_story(self, chat: ChatId) -> None:
        """Let a story wait for the chat."""
        event = FanOutEvent(EventKind.NEW, (StoryId("a" * 12),), 1, ("all",), NOON)
        chunk = Chunk(chat_shard(chat), (Target(chat, NO_THREAD),))
        await FanOutStreams(self.database).raise_in(chunk, event)


@pytest.fixture
def stage(database: Database) -> Stage:
    return Stage(database)


async def a_reader(stage: Stage, chat_id: int = 42) -> Chat:
    """A chat with subscriptions of every kind, something pending, and rings."""
    chat = a_chat(chat_id)
    await stage.chats.save(chat)
    await stage.subscriptions.add(a_subscription(chat_id))
    await stage.subscriptions.add(a_subscription(chat_id, thread=ThreadId(5), value="sport"))
    breaking = a_subscription(chat_id, kind="all", value="", breaking_only=True)
    await stage.subscriptions.add(breaking)
    await stage.raise_story(ChatId(chat_id))
    await stage.database.command("LPUSH", keys_deliveries.rings(ChatId(chat_id)), 1)
    return chat


def seen(address: int) -> Sighting:
    chat = a_chat(address)
    return Sighting(chat.address, chat.kind, "Back again", "", ENGLISH)


async def test_a_chat_paused_for_weeks_leaves_nothing(stage: Stage) -> None:
    await a_reader(stage)
    await stage.chats.pause(ChatId(42), "The person blocked the bot.")
    await stage.database.command("HSET", keys_deliveries.missed(chat_shard(ChatId(42))), 42, 1)
    assert await stage.everything() == 0
    stage.database.clock.offset += KEPT - timedelta(minutes=1)
    assert await stage.everything() == 0
    # Told again to be blocked: the weeks do not begin anew.
    await stage.chats.pause(ChatId(42), "The person's account is deleted.")
    stage.database.clock.offset += timedelta(minutes=2)
    assert await stage.everything() == 1
    assert await stage.database.command("KEYS", "*") == []
    assert await stage.everything() == 0


async def test_who_came_back_keeps_everything(stage: Stage) -> None:
    chat = await a_reader(stage)
    await stage.chats.pause(chat.id, "The person blocked the bot.")
    stage.database.clock.offset += timedelta(weeks=9)
    back = await stage.service.seen(seen(42))
    assert (back.paused, back.paused_since) == ("", None)
    assert await stage.everything() == 0
    assert back.settings == chat.settings
    assert len(await stage.subscriptions.of(chat.id)) == 3
    # Paused again, the weeks begin anew.
    await stage.chats.pause(chat.id, "The person blocked the bot.")
    assert await stage.everything() == 0


async def test_a_return_at_the_moment_of_forgetting_wins_or_starts_afresh(stage: Stage) -> None:
    chat = await a_reader(stage)
    await stage.chats.pause(chat.id, "The person blocked the bot.")
    _, (paused,) = await stage.paused.look(chat_shard(chat.id), 0)
    standing = await stage.subscriptions.of(chat.id)
    await stage.service.seen(seen(42))
    assert not await stage.paused.purge(paused, standing)
    assert len(await stage.subscriptions.of(chat.id)) == 3

    await stage.chats.pause(chat.id, "The person blocked the bot.")
    _, (paused,) = await stage.paused.look(chat_shard(chat.id), 0)
    await stage.subscriptions.add(a_subscription(42, value="culture"))
    assert not await stage.paused.purge(paused, standing)
    assert await stage.paused.purge(paused, await stage.subscriptions.of(chat.id))
    assert not await stage.paused.purge(paused, standing)
    # Whoever comes after that is a newcomer, and is kept.
    afresh = await stage.service.seen(seen(42))
    assert await stage.chats.get(ChatId(42)) == afresh
    assert afresh.created != chat.created


async def test_an_upgraded_group_is_forgotten_with_its_alias(stage: Stage) -> None:
    await stage.chats.save(a_chat(GROUP))
    await stage.chats.move(GROUP, SUPERGROUP)
    await stage.chats.pause(GROUP, "The bot was removed.")
    stage.database.clock.offset += timedelta(weeks=9)
    assert await stage.everything() == 1
    assert await stage.database.command("KEYS", "*") == []


async def test_an_alias_that_leads_nowhere_is_no_obstacle(stage: Stage) -> None:
    """The forgetting was interrupted between the two shards."""
    await stage.chats.save(a_chat(GROUP))
    await stage.chats.move(GROUP, SUPERGROUP)
    await stage.database.command("HDEL", keys.chats(chat_shard(GROUP)), GROUP)
    sighting = replace(seen(-7), address=SUPERGROUP)
    first = await stage.service.seen(sighting)
    assert first.id == ChatId(SUPERGROUP)
    assert await stage.chats.by_address(SUPERGROUP) == first
    assert await stage.chats.resolve(SUPERGROUP) == ChatId(SUPERGROUP)


async def test_a_pause_without_a_time_gets_its_weeks_from_now(stage: Stage) -> None:
    await stage.chats.save(a_chat())
    await stage.chats.change(ChatId(42), lambda chat: replace(chat, paused="Long ago."))
    stage.database.clock.offset += timedelta(weeks=9)
    assert await stage.everything() == 0
    chat = await stage.chats.get(ChatId(42))
    assert chat is not None
    assert chat.paused_since is not None
    stage.database.clock.offset += timedelta(weeks=9)
    assert await stage.everything() == 1


async def test_a_feed_that_only_the_forgotten_followed_is_polled_no_more(stage: Stage) -> None:
    feed = a_feed("strangers", listed=False)
    shared = a_feed("shared", listed=False)
    for each in (feed, shared):
        await stage.feeds.add(each)
        await stage.subscriptions.add(a_subscription(42, kind="feed", value=each.id))
    await stage.subscriptions.add(a_subscription(43, kind="feed", value=shared.id))
    for number in (42, 43):
        await stage.chats.save(a_chat(number))
    await stage.chats.pause(ChatId(42), "The person blocked the bot.")
    stage.database.clock.offset += timedelta(weeks=9)
    assert await stage.everything() == 1
    assert [each.id for each in await stage.feeds.all()] == [FeedId(shared.id)]


async def test_thousands_of_paused_chats_are_looked_at_a_hundred_at_a_time(stage: Stage) -> None:
    for number in range(1, 2_001):
        await stage.chats.save(a_chat(number))
        await stage.chats.pause(ChatId(number), "The person blocked the bot.")
    stage.database.clock.offset += timedelta(weeks=9)
    assert await stage.everything() == 2_000
    assert await stage.chats.count() == 0
