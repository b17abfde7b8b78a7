"""The composition root's parts: what a process shares, and the services made of it.

Running them by role is bot.running. No rules, and no I/O beyond opening and closing what is shared.
"""

import asyncio
import logging
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta

import orjson

from bot.config import Config, Rate
from bot.errors import ConfigurationError, FeedError, StoreError
from bot.fetch.fetcher import FeedFetcher
from bot.fetch.headers import default_user_agent
from bot.messenger.bots import create_bot
from bot.messenger.refusals import Action, RefusedError
from bot.messenger.telegram import Messenger
from bot.news.opml import parse_opml
from bot.search.folders import own_folder
from bot.search.index import SearchIndex
from bot.services.access import AccessService
from bot.services.bundle_pages import BundlePages
from bot.services.channel_lists import ChannelLists
from bot.services.chats import ChatService
from bot.services.dead_letters import DeadLetterService
from bot.services.feeds import FeedService
from bot.services.inline import InlineService
from bot.services.outages import OutageReplies
from bot.services.parsing import ParsingProcess
from bot.services.paused_chats import PausedChatSweep
from bot.services.replies import Replies
from bot.services.services import Services
from bot.services.stopping import Stopping
from bot.services.stories import StoryService
from bot.services.subscriptions import SubscriptionService
from bot.services.update_handling import UpdateHandling
from bot.services.updates import RawUpdate, UpdateIntake
from bot.store.chats import ChatStore
from bot.store.client import Database
from bot.store.dead_letters import DeadLetterStore
from bot.store.deliveries import DeliveryQueue
from bot.store.desk import OrderStore
from bot.store.entries import EntryStreams
from bot.store.fanout import FanOutStreams
from bot.store.feeds import FeedStore
from bot.store.pace import Pace
from bot.store.paused_chats import PausedChatStore
from bot.store.searches import SearchStore
from bot.store.server import open_database
from bot.store.stories import StoryStore
from bot.store.subscriptions import SubscriptionStore
from bot.store.updates import UpdateInbox
from handlers.dispatch import handle
from handlers.outages import answer_without_store

log = logging.getLogger(__name__)

INTRODUCE_EACH = timedelta(seconds=3)
FREE = Rate(30, timedelta(seconds=1))
"""What costs nothing (Bot FAQ)."""


@dataclass(frozen=True, slots=True)
class Stores:
    """What the services share of Redis."""

    database: Database
    feeds: FeedStore
    entries: EntryStreams
    stories: StoryStore
    orders: OrderStore
    fanout: FanOutStreams
    chats: ChatStore
    subscriptions: SubscriptionStore
    paused_chats: PausedChatStore
    queue: DeliveryQueue
    letters: DeadLetterStore
    pace: Pace
    inbox: UpdateInbox
    searches: SearchStore

    @classmethod
    def of(cls, database: Database, config: Config) -> "Stores":
        """Every store on one connection."""
        return cls(
            database=database,
            feeds=FeedStore(database),
            entries=EntryStreams(database),
            stories=StoryStore(database, retention=config.retention),
            orders=OrderStore(database),
            fanout=FanOutStreams(database),
            chats=ChatStore(database),
            subscriptions=SubscriptionStore(database),
            paused_chats=PausedChatStore(database),
            queue=DeliveryQueue(database, config.send_rate_group),
            letters=DeadLetterStore(database),
            pace=Pace(database, config.send_rate, edits=FREE if config.paid_broadcast else None),
            inbox=UpdateInbox(database),
            searches=SearchStore(database),
        )


@dataclass(frozen=True, slots=True)
class Shared:
    """What every part of one process may use."""

    config: Config
    stores: Stores
    messenger: Messenger
    fetcher: FeedFetcher
    parsing: ParsingProcess


def make_services(shared: Shared, index: SearchIndex) -> Services:
    """What the handlers call."""
    config, stores, messenger = shared.config, shared.stores, shared.messenger
    clock = stores.database.clock
    feeds = FeedService(stores.feeds, shared.fetcher, shared.parsing)
    stories = StoryService(
        stores.stories, stores.orders, index, stores.searches, feeds, stores.subscriptions
    )
    access = AccessService(
        messenger, clock, operators=config.admin_ids, private=config.access == "private"
    )
    replies = Replies(messenger, stores.queue, stores.pace, stores.chats)
    pages = _pages(stores, messenger)
    return Services(
        chats=ChatService(
            stores.chats, feeds, clock, language=config.language, timezone=config.timezone
        ),
        subscriptions=SubscriptionService(stores.subscriptions, feeds, clock),
        feeds=feeds,
        stories=stories,
        access=access,
        bundles=pages,
        lists=ChannelLists(stores.queue.messages, stores.chats, pages, access, replies),
        letters=_letters(stores),
        replies=replies,
        inline=InlineService(stories, messenger, clock, bot_username=messenger.username),
        clock=clock,
        bot_username=messenger.username,
    )


def _pages(stores: Stores, messenger: Messenger) -> BundlePages:
    return BundlePages(
        stores.queue.messages,
        stores.stories,
        stores.subscriptions,
        stores.chats,
        stores.database.clock,
        bot_username=messenger.username,
    )


def _letters(stores: Stores) -> DeadLetterService:
    return DeadLetterService(
        stores.letters,
        stores.pace.standing,
        stores.chats,
        stores.stories,
        stores.queue,
        stores.fanout,
        stores.database.clock,
    )


def make_sweep(shared: Shared, services: Services, stopping: Stopping) -> PausedChatSweep:
    """What forgets chats that stay paused."""
    stores = shared.stores
    return PausedChatSweep(
        stores.paused_chats,
        stores.chats,
        stores.subscriptions,
        services.subscriptions,
        stores.database.clock,
        stopping,
    )


def make_handling(shared: Shared, services: Services, stopping: Stopping) -> UpdateHandling:
    """What handles the updates of the inbox."""

    async def handle_raw(raw: RawUpdate) -> None:
        await handle(shared.messenger.decode(raw), services)

    clock = shared.stores.database.clock
    return UpdateHandling(shared.stores.inbox, handle_raw, clock, stopping)


def make_intake(shared: Shared, handling: UpdateHandling | None) -> UpdateIntake:
    """What takes updates in. `handling`: this process's own, for inline queries; None: they go
    to another process.
    """
    messenger, inbox = shared.messenger, shared.stores.inbox
    replies = OutageReplies(messenger)

    async def pass_on(raw: RawUpdate) -> None:
        await inbox.put_inline(orjson.dumps(raw))

    async def answer(raw: RawUpdate, error: StoreError) -> bool:
        update = messenger.decode(raw)
        return await answer_without_store(update, error, replies, messenger.username)

    return UpdateIntake(inbox, handling.answer_inline if handling else pass_on, answer)


async def share(config: Config, stack: AsyncExitStack, stopping: Stopping) -> Shared | None:
    """What all parts share; None when stopping was requested before Telegram answered."""
    database = await stack.enter_async_context(open_database(config.redis_url, config.data_dir))
    bot = create_bot(config.token, config.telegram_api_url)
    messenger = Messenger(bot, paid_broadcast=config.paid_broadcast)
    if not config.paid_broadcast and config.send_rate.interval < FREE.interval:
        log.warning(
            "SEND_RATE is above the 30/s that are free and PAID_BROADCAST is off: "
            "Telegram itself will answer with floods"
        )
    if not await _introduced(messenger, stack, stopping):
        return None
    stores = Stores.of(database, config)
    await stores.pace.standing.accept_token()
    fetcher = FeedFetcher(
        allow_networks=config.fetch_allow_networks,
        user_agent=default_user_agent(f"https://t.me/{messenger.username}"),
    )
    await stack.enter_async_context(fetcher)
    parsing = ParsingProcess()
    stack.push_async_callback(parsing.close)
    return Shared(config, stores, messenger, fetcher, parsing)


async def _introduced(messenger: Messenger, stack: AsyncExitStack, stopping: Stopping) -> bool:
    """Enter the messenger; waits for a Bot API server that is away. Raises for a bad token."""
    while not stopping.requested:
        try:
            await stack.enter_async_context(messenger)
        except RefusedError as error:
            if error.outcome.action in (Action.STOP, Action.BURY):
                raise
            log.warning("Telegram is asked again in a moment: %s", error)
            await stopping.rest(INTRODUCE_EACH)
        else:
            return True
    return False


async def open_index(config: Config, stack: AsyncExitStack) -> SearchIndex:
    """This process's own search index, open as long as the stack."""
    index = SearchIndex(stack.enter_context(own_folder(config.data_dir)))
    await asyncio.to_thread(index.open)
    stack.callback(index.close)
    return index


async def seed_feeds(config: Config, feeds: FeedStore) -> int:
    """Fill an empty database from FEEDS_FILE; how many feeds were added.

    Raises NewsflashError naming the file when it cannot be used.
    """
    if await feeds.all():
        return 0
    try:
        body = await asyncio.to_thread(config.feeds_file.read_bytes)
        added = await feeds.add_all(parse_opml(body))
    except OSError as error:
        raise ConfigurationError(
            [f"FEEDS_FILE: {config.feeds_file} cannot be read: {error.strerror}"]
        ) from error
    except FeedError as error:
        raise ConfigurationError([f"FEEDS_FILE: {config.feeds_file}: {error}"]) from error
    log.info("%d feeds from %s", added, config.feeds_file)
    return added
