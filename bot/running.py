"""Running the roles of one process until it is asked to stop. Part of the composition root."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from typing import Any

from bot.composition import (
    Shared,
    make_handling,
    make_intake,
    make_services,
    make_sweep,
    open_index,
    seed_feeds,
    share,
)
from bot.config import Config
from bot.errors import ConfigurationError
from bot.news.deliveries import EditRule
from bot.roles import ALL_ROLES, Role
from bot.search.index import SearchIndex
from bot.services.chat_deliveries import ChatDeliveries
from bot.services.couriers import Courier
from bot.services.deliveries import Sender
from bot.services.desk import Desk
from bot.services.fanout import FanOut
from bot.services.fresh_stories import FreshStories
from bot.services.health import HealthService
from bot.services.missed_stories import MissedStories
from bot.services.polling import PollBounds, Poller
from bot.services.search import SearchProjection
from bot.services.seat import Seat
from bot.services.stopping import Stopping
from bot.services.update_handling import UpdateHandling
from bot.services.update_polling import UpdatePoller
from bot.services.webhook import WebhookRegistration
from bot.store.heartbeats import Heartbeats
from bot.store.keys_deliveries import pollers
from bot.store.missed import MissedMarks
from bot.web.server import WebServer
from bot.web.webhook import PATH, WebhookRoute
from handlers.menus import publish_menus

log = logging.getLogger(__name__)

STOP_AT_MOST = timedelta(seconds=8.5)
"""More than any part's drain; a part that waits longer, as for a Redis that does not answer, is cut
off, so that with closing everything the process ends within 10 s."""
DEFAULT_EDITS = EditRule()

Run = Callable[[], Coroutine[Any, Any, None]]


class Process:
    """The running parts of one process: each a coroutine function that ends after `stopping`."""

    def __init__(self, shared: Shared, stopping: Stopping) -> None:
        self._shared = shared
        self._stopping = stopping
        self._runs: dict[str, Run] = {}
        self._handling: UpdateHandling | None = None
        self.webhook: WebhookRoute | None = None
        self.last_rounds: dict[str, Callable[[], datetime | None]] = {}
        """For health: when each part last went round."""
        self.troubles: list[Callable[[], str]] = []
        """For health: what a part complains of, "" for nothing."""

    def add_poll(self) -> None:
        """The role `poll`."""
        shared, config = self._shared, self._shared.config
        bounds = PollBounds(config.poll_min, config.poll_max)
        clock = shared.stores.database.clock
        poller = Poller(
            shared.stores.feeds,
            shared.fetcher,
            shared.parsing,
            bounds,
            Heartbeats(shared.stores.database, pollers()),
            clock,
            self._stopping,
        )
        self._runs["poll"] = poller.run
        self.last_rounds["poll"] = lambda: poller.last_round

    def add_desk(self) -> None:
        """The role `desk`: placing, and fanning out."""
        stores = self._shared.stores
        clock = stores.database.clock
        seat = Seat(stores.stories)
        desk = Desk(stores.entries, stores.stories, stores.orders, seat, clock, self._stopping)
        self._runs["desk"] = desk.run
        self.last_rounds["desk"] = lambda: desk.last_round
        fan_out = FanOut(stores.fanout, seat, clock, self._stopping)
        self._runs["fan out"] = fan_out.run
        self.last_rounds["fan out"] = lambda: fan_out.last_round

    def add_deliver(self, edit_rule: EditRule) -> None:
        """The role `deliver`."""
        stores, messenger = self._shared.stores, self._shared.messenger
        clock = stores.database.clock
        courier = Courier(
            stores.queue,
            stores.pace,
            stores.chats,
            stores.subscriptions,
            stores.stories,
            stores.letters,
            messenger,
            clock,
            bot_username=messenger.username,
        )
        chats = ChatDeliveries(
            stores.queue,
            FreshStories(stores.stories, clock),
            courier,
            clock,
            edit_rule,
            self._stopping,
        )
        marks = MissedMarks(stores.database)
        missed = MissedStories(marks, stores.queue, stores.stories, clock, self._stopping)
        self._runs["what chats missed"] = missed.run
        sender = Sender(stores.queue, stores.pace, chats, clock, self._stopping)
        self._runs["deliver"] = sender.run
        self.last_rounds["deliver"] = lambda: sender.last_round

    def add_commands(self, index: SearchIndex) -> None:
        """The role `commands`: what Telegram's updates ask for, and the search that answers some
        of them.
        """
        shared, stores = self._shared, self._shared.stores
        clock = stores.database.clock
        services = make_services(shared, index)
        handling = make_handling(shared, services, self._stopping)
        self._handling = handling
        retention = shared.config.retention
        search = SearchProjection(stores.stories, index, retention, clock, self._stopping)
        self._runs["commands"] = handling.run
        self.last_rounds["commands"] = lambda: handling.last_round
        self._runs["search"] = search.run
        self._runs["sweep"] = make_sweep(shared, services, self._stopping).run

    def add_polling(self) -> None:
        """Updates, asked for by the role `commands`."""
        shared, inbox = self._shared, self._shared.stores.inbox
        clock = shared.stores.database.clock
        intake = make_intake(shared, self._handling)
        poller = UpdatePoller(shared.messenger, inbox, intake, clock, self._stopping)
        self._runs["updates"] = poller.run
        self.last_rounds["updates"] = lambda: poller.last_round
        self.troubles += [lambda: intake.trouble, lambda: poller.trouble]

    def add_webhook(self) -> None:
        """Updates, sent to the role `web`."""
        config, messenger = self._shared.config, self._shared.messenger
        intake = make_intake(self._shared, self._handling)
        self.webhook = WebhookRoute(intake, config.webhook_secret)
        address = f"{config.webhook_url}{PATH}"
        registration = WebhookRegistration(
            messenger, address, config.webhook_secret, self._stopping
        )
        self._runs["webhook"] = registration.run
        self.troubles += [lambda: intake.trouble, lambda: registration.trouble]

    async def run(self) -> None:
        """Run every part until stopping is requested, or one of them fails."""
        give_up = self._shared.stores.database.give_up
        await run_together(self._runs, self._stopping, cut_off=give_up)


async def run_together(
    parts: Mapping[str, Run],
    stopping: Stopping,
    *,
    patience: timedelta = STOP_AT_MOST,
    cut_off: Callable[[], None] = lambda: None,
) -> None:
    """Run the parts; when one fails, the others stop in order and its error is raised.

    A part that has not ended `patience` after stopping was requested is cut off, after `cut_off`
    was called to end what it waits for.
    """
    tasks = [asyncio.create_task(part(), name=name) for name, part in parts.items()]
    stopped = asyncio.create_task(stopping.wait())
    try:
        while not stopping.requested:
            await asyncio.wait([*tasks, stopped], return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done() and not stopping.requested:
                    log.error("%s ended; the other parts stop", task.get_name())
                    stopping.request()
        # With `stopped`, because a process with the role web alone has no part to wait for.
        _, late = await asyncio.wait([*tasks, stopped], timeout=patience.total_seconds())
        for task in late:
            log.warning("%s does not stop and is cut off", task.get_name())
        if late:
            cut_off()
        for task in tasks:
            if task.done():
                task.result()
    finally:
        for task in (*tasks, stopped):
            task.cancel()
        await asyncio.gather(*tasks, stopped, return_exceptions=True)


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
        shared = await share(config, stack, stopping)
        if shared is None:
            return
        await seed_feeds(config, shared.stores.feeds)
        process = Process(shared, stopping)
        if Role.POLL in roles:
            process.add_poll()
        if Role.DESK in roles:
            process.add_desk()
        if Role.DELIVER in roles:
            process.add_deliver(edit_rule)
        if Role.COMMANDS in roles:
            process.add_commands(await open_index(config, stack))
            await publish_menus(shared.messenger, config.admin_ids)
        await _open_to_updates(process, shared, roles)
        if Role.WEB in roles:
            await _listen(process, shared, stack)
        log.info("@%s runs: %s", shared.messenger.username, ", ".join(sorted(roles)))
        await process.run()


async def _open_to_updates(process: Process, shared: Shared, roles: frozenset[Role]) -> None:
    """By polling, or with WEBHOOK_URL by the webhook."""
    if not shared.config.webhook_url:
        if Role.COMMANDS in roles:
            await shared.messenger.delete_webhook()
            process.add_polling()
    elif Role.WEB in roles:
        process.add_webhook()
    elif Role.COMMANDS in roles:
        log.info("updates come by the webhook, from a process with the role web")


async def _listen(process: Process, shared: Shared, stack: AsyncExitStack) -> None:
    health = HealthService(shared.stores.database, process.last_rounds, process.troubles)
    config = shared.config
    server = WebServer(health, config.host, config.port, process.webhook)
    stack.push_async_callback(server.stop)
    try:
        await server.start()
    except OSError as error:
        address = f"{config.host}:{config.port} cannot be used: {error.strerror}"
        raise ConfigurationError([f"HOST, PORT: {address}"]) from error
