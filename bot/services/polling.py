"""Polling: claim due feeds, fetch, parse, recognise, commit.

Parsing runs in a worker process, so that no document can hold up the loop. What is new or changed
is decided here from what the store knows; one transaction per feed commits entries, marks,
validators and the time of the next poll together.
"""

import asyncio
import logging
import random
import secrets
from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot.errors import (
    BacklogError,
    FeedError,
    FeedTrouble,
    FullError,
    NewsflashError,
    StoreError,
)
from bot.fetch.fetcher import FeedFetcher, Fetched
from bot.models.entries import EntryEvent, ParsedFeed
from bot.models.feeds import Feed, PollState, Validators
from bot.models.identifiers import FeedId
from bot.news.entries import classify, print_of
from bot.news.identity import document_print
from bot.news.schedule import after_failure, next_poll
from bot.services.parsing import ParsingProcess
from bot.services.stopping import Stopping
from bot.store.clock import Clock
from bot.store.feeds import FeedStore
from bot.store.heartbeats import Heartbeats

log = logging.getLogger(__name__)

IDLE = timedelta(milliseconds=250)
SOON = timedelta(milliseconds=10)
LEASE = timedelta(seconds=45)
"""Longer than a fetch and a parse may take together."""
MOST_AT_ONCE = 64
HOST_SHARE = 8
"""Of these for one host: a host with many feeds, or one that hangs, must not keep back the others.
Its further polls wait for their turn beside them.
"""
WAITING_MOST = 1000
DRAIN = timedelta(seconds=5)
HEARTBEAT = timedelta(seconds=1)
DEAD_AFTER = timedelta(seconds=4)
TAKE_UP_EACH = timedelta(seconds=10)
"""A Redis that refuses again and again must not let sites be asked again and again."""
CLOCK_STEP = timedelta(seconds=30)
"""Less is a correction of the clock as it happens every day."""
_UNREAD = frozenset(FeedTrouble) - {FeedTrouble.NOT_A_FEED, FeedTrouble.BROKEN}
"""Troubles before any of the document was parsed."""


@dataclass(frozen=True, slots=True)
class PollBounds:
    """POLL_MIN and POLL_MAX."""

    minimum: timedelta
    maximum: timedelta


class Poller:
    """Polls what is due until stopped; then lets the polls in flight end."""

    def __init__(
        self,
        feeds: FeedStore,
        fetcher: FeedFetcher,
        parsing: ParsingProcess,
        bounds: PollBounds,
        heartbeats: Heartbeats,
        clock: Clock,
        stopping: Stopping,
    ) -> None:
        self._feeds = feeds
        self._heartbeats = heartbeats
        self._owner = secrets.token_hex(6)
        self._beaten: datetime | None = None
        self._fetcher = fetcher
        self._parsing = parsing
        self._bounds = bounds
        self._clock = clock
        self._stopping = stopping
        self._flying: dict[FeedId, tuple[str, asyncio.Task[None]]] = {}
        self._cut_short = False
        """Redis was away: polls were not committed, or a claim got no answer."""
        self._taken_up = clock.now() - TAKE_UP_EACH
        self.last_round: datetime | None = None

    async def run(self) -> None:
        """Poll until stopped."""
        while not self._stopping.requested:
            try:
                await self._mind_the_clock()
                await self._mind_the_others()
                await self._take_up_again()
                room = self._room()
                claimed = await self._feeds.claim_due(room, lease=LEASE) if room else []
                self.last_round = self._clock.now()
                pause = await self._until_due() if room and not claimed else IDLE
            except Exception as error:
                self._cut_short = True
                await self._stopping.recover("polling", error)
                continue
            for feed in claimed:
                self._begin(feed)
            if not claimed:
                await self._stopping.rest(pause)
        if self._flying:
            tasks = [task for _, task in self._flying.values()]
            await asyncio.wait(tasks, timeout=DRAIN.total_seconds())
            await self._give_back()
        await self._leave()

    async def _until_due(self) -> timedelta:
        """How long nothing is due; no longer than a feed that is added may wait."""
        earliest = await self._feeds.earliest_due()
        if earliest is None:
            return IDLE
        return min(max(earliest - self._clock.now(), SOON), IDLE)

    def _room(self) -> int:
        hosts = Counter(host for host, _ in self._flying.values())
        room = MOST_AT_ONCE - sum(min(count, HOST_SHARE) for count in hosts.values())
        return min(room, WAITING_MOST - len(self._flying))

    def _begin(self, feed: Feed) -> None:
        if feed.id in self._flying:
            # Its turn did not come within the claim's lease; it is claimed again by that.
            return
        task = asyncio.create_task(self._guarded(feed))
        self._flying[feed.id] = (urlsplit(feed.url).hostname or "", task)
        task.add_done_callback(lambda _: self._flying.pop(feed.id))

    async def _mind_the_clock(self) -> None:
        """A clock that was put back would leave every feed due as far in the future."""
        now = self._clock.now()
        if self.last_round is not None and now < self.last_round - CLOCK_STEP:
            log.warning("the clock was put back by %s: every feed is due", self.last_round - now)
            await self._feeds.hasten([feed.id for feed in await self._feeds.all()])

    async def _mind_the_others(self) -> None:
        """Beat; and take back what pollers that fell silent had claimed."""
        now = self._clock.now()
        if self._beaten is not None and timedelta() <= now - self._beaten < HEARTBEAT:
            return
        await self._heartbeats.beat(self._owner)
        self._beaten = now
        dead = await self._heartbeats.dead(DEAD_AFTER)
        if dead:
            count = await self._feeds.take_back()
            if count:
                log.info("%d feeds taken back from pollers that died", count)
            await self._heartbeats.leave(*dead)

    async def _take_up_again(self) -> None:
        """After a Redis that was away, what was claimed would else wait for its lease to end."""
        now = self._clock.now()
        if self._cut_short and not timedelta() <= now - self._taken_up < TAKE_UP_EACH:
            await self._feeds.take_back()
            self._cut_short, self._taken_up = False, now

    async def _leave(self) -> None:
        try:
            await self._heartbeats.leave(self._owner)
        except StoreError as error:
            log.warning("a stopped poller counts as dead: %s", error)

    async def _give_back(self) -> None:
        """What is not polled yet is due for the next process at once, not when its lease ends."""
        unfinished = dict(self._flying)
        for _, task in unfinished.values():
            task.cancel()
        try:
            await self._feeds.hasten(unfinished)
        except StoreError as error:
            log.warning("the leases of polls run out by themselves: %s", error)

    async def _guarded(self, feed: Feed) -> None:
        try:
            await self.poll(feed)
        except NewsflashError as error:
            # The claim's lease is the next poll; nothing was committed, so nothing is lost.
            self._cut_short |= not isinstance(error, FullError | BacklogError)
            log.warning("%s", error)
        except Exception:
            log.exception("the poll of %s was cut short", feed.url)

    async def poll(self, feed: Feed) -> None:
        """One poll of one feed, committed whole."""
        now = self._clock.now()
        state = await self._feeds.state(feed.id) or _first_state(now, self._bounds)
        try:
            fetched = await self._fetcher.fetch(feed.url, state.validators)
            if fetched.status == "unchanged":
                await self._commit_unchanged(feed, state, fetched)
                return
            print_now = document_print(fetched.body)
            if print_now == state.document_print and state.baseline_done:
                await self._commit_unchanged(feed, state, fetched)
                return
            parsed = await self._parsing.parse(
                fetched.body, url=fetched.url, content_type=fetched.content_type
            )
        except FeedError as error:
            await self._commit_failure(feed, state, error)
            return
        await self._commit_changed(feed, state, fetched, parsed, print_now)

    async def _commit_changed(
        self, feed: Feed, state: PollState, fetched: Fetched, parsed: ParsedFeed, print_now: str
    ) -> None:
        now = self._clock.now()
        known = await self._feeds.known(feed.id, [entry.identity for entry in parsed.entries])
        seen = {entry.identity: print_of(entry) for entry in parsed.entries}
        seen.update(parsed.further)
        entries = classify(feed, state, parsed, known, arrived=now)
        published = [entry.published for entry in parsed.entries if entry.published]
        after = replace(
            self._succeeded(state, fetched, published, now),
            baseline_done=True,
            document_print=print_now,
            entries=len(seen),
        )
        await self._feeds.commit(feed, entries, seen, after)
        fresh = sum(entry.event is not EntryEvent.BASELINE for entry in entries)
        if fresh:
            log.info("%s: %d new or changed", feed.title, fresh)

    async def _commit_unchanged(self, feed: Feed, state: PollState, fetched: Fetched) -> None:
        after = self._succeeded(state, fetched, None, self._clock.now())
        await self._feeds.commit(feed, (), {}, after)

    def _succeeded(
        self,
        state: PollState,
        fetched: Fetched,
        published: list[datetime] | None,
        now: datetime,
    ) -> PollState:
        """The state after an answer; `published` as next_poll takes it."""
        interval, due = next_poll(
            now,
            state,
            entries_published=published,
            minimum=self._bounds.minimum,
            maximum=self._bounds.maximum,
            jitter=random.random(),
            hint=fetched.hint,
        )
        return replace(
            state,
            validators=fetched.validators,
            next_poll=due,
            interval=interval,
            failures=0,
            last_error="",
            last_success=now,
            last_poll=now,
        )

    async def _commit_failure(self, feed: Feed, state: PollState, error: FeedError) -> None:
        now = self._clock.now()
        interval, due = after_failure(
            now,
            state,
            minimum=self._bounds.minimum,
            jitter=random.random(),
            retry_after=timedelta(seconds=error.retry_after or 0),
        )
        after = replace(
            state,
            # Dropped after a failure to parse, so that nothing can hide behind a 304.
            validators=state.validators if error.trouble in _UNREAD else Validators(),
            next_poll=due,
            interval=interval,
            failures=state.failures + 1,
            last_error=str(error),
            last_poll=now,
            document_print=state.document_print if error.trouble in _UNREAD else "",
        )
        log.info("%s cannot be read (%d in a row): %s", feed.url, after.failures, error)
        await self._feeds.commit(feed, (), {}, after)


def _first_state(now: datetime, bounds: PollBounds) -> PollState:
    return PollState(validators=Validators(), next_poll=now, interval=bounds.minimum)
