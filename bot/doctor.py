"""`newsflash doctor`: one line for each thing that must be right, exit status 1 on trouble.

Part of the composition root: asks every part, changes nothing.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.config import Config
from bot.errors import NewsflashError
from bot.fetch.fetcher import FeedFetcher
from bot.messenger.bots import create_bot
from bot.messenger.telegram import Messenger, WebhookFacts
from bot.models.feeds import Feed
from bot.news.opml import parse_opml
from bot.news.parse import parse_document
from bot.store.client import Database
from bot.store.feeds import FeedStore
from bot.store.server import open_database
from bot.web.webhook import PATH

CLOCK_TOLERANCE = timedelta(seconds=5)
FEEDS_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    subject: str
    trouble: bool
    sentence: str

    def __str__(self) -> str:
        return f"{'TROUBLE' if self.trouble else 'ok':<8}{self.subject}: {self.sentence}"


async def examine(config: Config) -> bool:
    """Print each finding as it comes; true when nothing is wrong."""
    well = True
    async for finding in _findings(config):
        print(finding, file=sys.stdout, flush=True)
        well = well and not finding.trouble
    return well


async def _findings(config: Config) -> AsyncIterator[Finding]:
    async for finding in _telegram(config):
        yield finding
    feeds: list[Feed] = []
    try:
        async with open_database(config.redis_url, config.data_dir) as database:
            yield await _redis(database)
            yield _clock(database)
            feeds = await FeedStore(database).all()
    except NewsflashError as error:
        yield Finding("Redis", True, str(error))
    try:
        feeds = feeds or list(parse_opml(config.feeds_file.read_bytes()))
    except (OSError, NewsflashError) as error:
        yield Finding("feeds", True, f"{config.feeds_file} cannot be read: {error}")
    async for finding in _feeds(config, feeds):
        yield finding


async def _telegram(config: Config) -> AsyncIterator[Finding]:
    if not config.token:
        yield Finding("token", False, "BOT_TOKEN is not set: the sandbox runs instead")
        yield _webhook(config, None)
        return
    try:
        async with Messenger(create_bot(config.token, config.telegram_api_url)) as messenger:
            yield Finding("token", False, f"the bot is @{messenger.username}")
            yield _webhook(config, await messenger.webhook())
    except NewsflashError as error:
        yield Finding("token", True, str(error))


async def _redis(database: Database) -> Finding:
    """Of a cluster the worst node counts."""
    facts = await database.facts()
    problems = []
    if not facts.persistent:
        problems.append("keeps nothing on disk: turn appendonly on")
    if facts.evicts:
        problems.append("drops keys when full: set maxmemory-policy noeviction")
    if problems:
        return Finding("Redis", True, "; ".join(problems))
    nodes = f", {facts.nodes} nodes" if facts.nodes > 1 else ""
    return Finding("Redis", False, f"version {facts.version}, persistent, evicts nothing{nodes}")


def _clock(database: Database) -> Finding:
    apart = abs(database.clock.now() - datetime.now(UTC))
    seconds = f"{apart.total_seconds():.1f} s apart from Redis"
    return Finding("clock", apart > CLOCK_TOLERANCE, seconds)


def _webhook(config: Config, standing: WebhookFacts | None) -> Finding:
    """`standing`: what Telegram knows; None in the sandbox."""
    url = f"{config.webhook_url}{PATH}"
    if standing is None or not (config.webhook_url or standing.url):
        return Finding("webhook", False, "not used; updates are polled")
    if not config.webhook_url:
        sentence = f"updates go to {standing.url}, not to this bot, until it is started"
    elif not standing.url:
        sentence = f"{url} is not set at Telegram; a process with the role web does that"
    elif standing.url != url:
        sentence = f"updates go to {standing.url}, not to {url}, until this bot is started"
    elif standing.last_error and standing.pending:
        waiting = f"{standing.pending} updates wait"
        sentence = f"Telegram cannot deliver to {url}, {waiting}: {standing.last_error}"
    else:
        return Finding("webhook", False, f"updates come to {url}")
    return Finding("webhook", True, sentence)


async def _feeds(config: Config, feeds: list[Feed]) -> AsyncIterator[Finding]:
    """Every feed that does not answer by name; then how many do."""
    room = asyncio.Semaphore(FEEDS_AT_ONCE)
    async with _fetcher(config) as fetcher:
        checks = [asyncio.create_task(_feed(fetcher, room, feed)) for feed in feeds]
        failures = 0
        for check in asyncio.as_completed(checks):
            finding = await check
            if finding is not None:
                failures += 1
                yield finding
    answered = f"{len(feeds) - failures} of {len(feeds)} answer"
    yield Finding("feeds", failures > 0 or not feeds, answered)


@asynccontextmanager
async def _fetcher(config: Config) -> AsyncIterator[FeedFetcher]:
    async with FeedFetcher(allow_networks=config.fetch_allow_networks) as fetcher:
        yield fetcher


async def _feed(fetcher: FeedFetcher, room: asyncio.Semaphore, feed: Feed) -> Finding | None:
    async with room:
        try:
            fetched = await fetcher.fetch(feed.url)
            await asyncio.to_thread(
                parse_document, fetched.body, url=fetched.url, content_type=fetched.content_type
            )
        except NewsflashError as error:
            return Finding(f"feed {feed.title}", True, f"{feed.url}: {error}")
    return None
