"""The composition root: every part made once and put together, by role. Imported by __main__ only.

No rules and no I/O of its own beyond opening and closing what the parts share.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.config import Config
from bot.errors import ConfigurationError, FeedError, NewsflashError
from bot.fetch.fetcher import FeedFetcher
from bot.messenger.bots import create_bot
from bot.messenger.telegram import Messenger
from bot.news.deliveries import EditRule
from bot.news.opml import parse_opml
from bot.roles import ALL_ROLES, Role
from bot.search.index import SearchIndex
from bot.services.access import AccessService
from bot.services.chat_deliveries import ChatDeliveries
from bot.services.chats import ChatService
from bot.services.couriers import Courier
from bot.services.deliveries import Sender
from bot.services.desk import Desk
from bot.services.fanout import FanOut
from bot.services.feeds import FeedService
from bot.services.health import HealthService
from bot.services.inline import InlineService
from bot.services.parsing import ParsingProcess
from bot.services.polling import PollBounds, Poller
from bot.services.replies import Replies
from bot.services.search import SearchProjection
from bot.services.services import Services
from bot.services.stopping import Stopping
from bot.services.stories import StoryService
from bot.services.subscriptions import SubscriptionService
from bot.services.updates import RawUpdate, UpdateIntake
from bot.store.chats import ChatStore
from bot.store.client import Database
from bot.store.deliveries import DeliveryQueue
from bot.store.desk import OrderStore
from bot.store.entries import EntryStreams
from bot.store.fanout import FanOutStreams
from bot.store.feeds import FeedStore
from bot.store.pace import Pace
from bot.store.searches import SearchStore
from bot.store.server import EmbeddedServer
from bot.store.stories import StoryStore
from bot.store.subscriptions import SubscriptionStore
from bot.store.updates import UpdateInbox
from bot.web.server import WebServer
from handlers.dispatch import handle
from handlers.menus import publish_menus

log = logging.getLogger(__name__)

SYNCHRONISE_EACH = timedelta(seconds=30)
DEFAULT_EDITS = EditRule()


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
    queue: DeliveryQueue
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
            queue=DeliveryQueue(database, config.send_rate_group),
            pace=Pace(database, config.send_rate),
            inbox=UpdateInbox(database),
            searches=SearchStore(database),
        )


Run = Callable[[], Coroutine[Any, Any, None]]


class Parts:
    """The running parts of one process: each a coroutine function that ends after `stopping`."""

    def __init__(self) -> None:
        self.runs: dict[str, Run] = {}
        self.last_rounds: dict[str, Callable[[], datetime | None]] = {}

    def add(self, name: str, run: Run) -> None:
        """One more part."""
        self.runs[name] = run

    def watch(self, name: str, last_round: Callable[[], datetime | None]) -> None:
        """Health asks when it last went round."""
        self.last_rounds[name] = last_round


@asynccontextmanager
async def opened_database(config: Config) -> AsyncIterator[Database]:
    """The server that REDIS_URL names, or an own one for as long as this is entered."""
    if config.redis_url:
        async with await Database.open(config.redis_url) as database:
            yield database
        return
    server = EmbeddedServer(config.data_dir)
    await server.start()
    watching = asyncio.create_task(server.watch())
    try:
        async with await Database.open(server.url) as database:
            yield database
    finally:
        watching.cancel()
        await server.stop()


async def run(
    config: Config,
    stopping: Stopping,
    *,
    roles: frozenset[Role] = ALL_ROLES,
    edit_rule: EditRule = DEFAULT_EDITS,
) -> None:
    """Run the roles until stopping is requested, or a part ends by an error, which is raised.

    Raises NewsflashError with a sentence when something cannot start.
    """
    if roles != ALL_ROLES and not config.redis_url:
        raise ConfigurationError(["REDIS_URL: must be set to start only some roles"])
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(opened_database(config))
        stores = Stores.of(database, config)
        messenger = await stack.enter_async_context(
            Messenger(create_bot(config.token, config.telegram_api_url))
        )
        fetcher = await stack.enter_async_context(
            FeedFetcher(allow_networks=config.fetch_allow_networks)
        )
        parsing = ParsingProcess()
        stack.callback(parsing.close)
        parts = Parts()
        parts.add("clock", lambda: _keep_clock(database, stopping))
        _add_pipeline(
            parts, config, roles, stores, messenger, fetcher, parsing, edit_rule, stopping
        )
        if Role.COMMANDS in roles:
            index = SearchIndex(config.data_dir / "search")
            await asyncio.to_thread(index.open)
            stack.callback(index.close)
            services = make_services(config, stores, messenger, fetcher, parsing, index)
            _add_commands(parts, config, stores, messenger, index, services, stopping)
            await messenger.delete_webhook()
            await publish_menus(messenger, config.admin_ids)
        await seed_feeds(config, stores.feeds)
        if Role.WEB in roles:
            web = WebServer(HealthService(database, parts.last_rounds), config.host, config.port)
            await web.start()
            stack.push_async_callback(web.stop)
        log.info("@%s runs: %s", messenger.username, ", ".join(sorted(roles)))
        await _run_all(parts.runs, stopping)


def _add_pipeline(
    parts: Parts,
    config: Config,
    roles: frozenset[Role],
    stores: Stores,
    messenger: Messenger,
    fetcher: FeedFetcher,
    parsing: ParsingProcess,
    edit_rule: EditRule,
    stopping: Stopping,
) -> None:
    clock = stores.database.clock
    if Role.POLL in roles:
        bounds = PollBounds(config.poll_min, config.poll_max)
        poller = Poller(stores.feeds, fetcher, parsing, bounds, clock, stopping)
        parts.add("poll", poller.run)
        parts.watch("poll", lambda: poller.last_round)
    if Role.DESK in roles:
        desk = Desk(stores.entries, stores.stories, stores.orders, clock, stopping)
        parts.add("desk", desk.run)
        parts.watch("desk", lambda: desk.last_round)
        parts.add("fan out", FanOut(stores.fanout, stopping).run)
    if Role.DELIVER in roles:
        courier = Courier(
            stores.queue,
            stores.pace,
            stores.chats,
            stores.subscriptions,
            stores.stories,
            messenger,
            clock,
            bot_username=messenger.username,
        )
        chats = ChatDeliveries(
            stores.queue,
            stores.chats,
            stores.subscriptions,
            stores.stories,
            courier,
            clock,
            edit_rule,
            stopping,
        )
        sender = Sender(stores.queue, stores.pace, chats, clock, stopping)
        parts.add("deliver", sender.run)
        parts.watch("deliver", lambda: sender.last_round)


def _add_commands(
    parts: Parts,
    config: Config,
    stores: Stores,
    messenger: Messenger,
    index: SearchIndex,
    services: Services,
    stopping: Stopping,
) -> None:
    clock = stores.database.clock

    async def handle_raw(raw: RawUpdate) -> None:
        await handle(messenger.decode(raw), services)

    intake = UpdateIntake(messenger, stores.inbox, handle_raw, clock, stopping)
    parts.add("commands", intake.run)
    projection = SearchProjection(stores.stories, index, config.retention, clock, stopping)
    parts.add("search", projection.run)


def make_services(
    config: Config,
    stores: Stores,
    messenger: Messenger,
    fetcher: FeedFetcher,
    parsing: ParsingProcess,
    index: SearchIndex,
) -> Services:
    """What the handlers call."""
    clock = stores.database.clock
    feeds = FeedService(stores.feeds, fetcher, parsing)
    stories = StoryService(stores.stories, stores.orders, index, stores.searches, feeds)
    return Services(
        chats=ChatService(
            stores.chats, feeds, clock, language=config.language, timezone=config.timezone
        ),
        subscriptions=SubscriptionService(stores.subscriptions, feeds, clock),
        feeds=feeds,
        stories=stories,
        access=AccessService(
            messenger, clock, operators=config.admin_ids, private=config.access == "private"
        ),
        replies=Replies(messenger, stores.queue, stores.pace, stores.chats),
        inline=InlineService(stories, messenger, clock, bot_username=messenger.username),
        clock=clock,
        bot_username=messenger.username,
    )


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


async def _keep_clock(database: Database, stopping: Stopping) -> None:
    while not stopping.requested:
        await stopping.rest(SYNCHRONISE_EACH)
        try:
            await database.clock.synchronise()
        except NewsflashError as error:
            log.warning("the clock was not set: %s", error)


async def _run_all(runs: dict[str, Run], stopping: Stopping) -> None:
    """Run every part; when one fails, the others stop in order and its error is raised."""
    tasks = [asyncio.create_task(part(), name=name) for name, part in runs.items()]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        stopping.request()
        await asyncio.wait(tasks)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
