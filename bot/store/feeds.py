"""Feeds, their polling and the marks of what was seen: one tag for each feed shard.

When a feed is polled next, and what is new, is decided in bot.news; here it is kept, and one
poll's outcome is one transaction.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bot.errors import BacklogError, LeaseLostError
from bot.models.entries import Entry
from bot.models.feeds import Feed, PollState, Validators
from bot.models.identifiers import FeedId
from bot.store import keys
from bot.store.client import Argument, Database
from bot.store.clock import EPOCH, from_milliseconds, milliseconds
from bot.store.documents import dump, load

STREAM_CAP = 10_000


class FeedStore:
    """What the poller and the operators know of feeds."""

    def __init__(self, database: Database, *, stream_cap: int = STREAM_CAP) -> None:
        """`stream_cap`: unplaced entries in a shard at which commits are refused."""
        self._database = database
        self._stream_cap = stream_cap
        self._first_shard = 0

    async def add(self, feed: Feed) -> bool:
        """Keep a new feed, due at once; False (and nothing changed) when it is known."""
        return await self.add_all([feed]) == 1

    async def add_all(self, feeds: Iterable[Feed]) -> int:
        """Add each feed that is not known; answers how many were new."""
        now = self._database.clock.now()
        state = dump(PollState(Validators(), next_poll=now, interval=timedelta()))
        batch = self._database.batch()
        for feed in feeds:
            shard = keys.feed_shard(feed.id)
            batch.script(
                "feed_add",
                [keys.feeds(shard), keys.polls(shard), keys.due(shard)],
                [feed.id, dump(feed), state, milliseconds(now)],
            )
        return sum(await batch.run())

    async def update(self, feed: Feed) -> bool:
        """Replace a feed's description; its polling goes on. False when it is unknown."""
        script = self._database.script("feed_update")
        return bool(await script([keys.feeds(keys.feed_shard(feed.id))], [feed.id, dump(feed)]))

    async def remove(self, feed_id: FeedId) -> bool:
        """Forget a feed and its marks; its stories stay. False when it is unknown."""
        shard = keys.feed_shard(feed_id)
        names = [keys.feeds(shard), keys.polls(shard), keys.polled(shard), keys.due(shard)]
        script = self._database.script("feed_remove")
        return bool(await script([*names, keys.seen(feed_id)], [feed_id]))

    async def get(self, feed_id: FeedId) -> Feed | None:
        """One feed."""
        name = keys.feeds(keys.feed_shard(feed_id))
        document = await self._database.command("HGET", name, feed_id)
        return None if document is None else load(Feed, document)

    async def all(self) -> list[Feed]:
        """Every feed, by title and address."""
        batch = self._database.batch()
        for shard in range(keys.FEED_SHARDS):
            batch.command("HVALS", keys.feeds(shard))
        found = [load(Feed, each) for answer in await batch.run() for each in answer]
        return sorted(found, key=lambda feed: (feed.title.casefold(), feed.url))

    async def state(self, feed_id: FeedId) -> PollState | None:
        """What the feed's last polls left behind; None when it is unknown."""
        name = keys.polls(keys.feed_shard(feed_id))
        document = await self._database.command("HGET", name, feed_id)
        return None if document is None else load(PollState, document)

    async def states(self) -> dict[FeedId, PollState]:
        """Every feed's state."""
        batch = self._database.batch()
        for shard in range(keys.FEED_SHARDS):
            batch.command("HGETALL", keys.polls(shard))
        return {
            FeedId(feed_id.decode()): load(PollState, document)
            for answer in await batch.run()
            for feed_id, document in answer.items()
        }

    async def claim_due(self, limit: int, *, lease: timedelta) -> list[Feed]:
        """Take at most `limit` feeds whose poll is due; none of them is due again for `lease`.

        An unfinished poll is taken up again when its lease ends. Shards take turns.
        """
        now = self._database.clock.now()
        shards = await self._due_shards(now)
        batch = self._database.batch()
        left = limit
        for at, (shard, waiting) in enumerate(shards):
            share = min(waiting, -(-left // (len(shards) - at)))
            if share:
                batch.script(
                    "feed_claim",
                    [keys.feeds(shard), keys.due(shard)],
                    [milliseconds(now), milliseconds(now + lease), share],
                )
            left -= share
        self._first_shard = (self._first_shard + 1) % keys.FEED_SHARDS
        return [load(Feed, each) for answer in await batch.run() for each in answer]

    async def _due_shards(self, now: datetime) -> list[tuple[int, int]]:
        """(shard, due feeds) where some are due, another shard first each time."""
        order = [(self._first_shard + step) % keys.FEED_SHARDS for step in range(keys.FEED_SHARDS)]
        batch = self._database.batch()
        for shard in order:
            batch.command("ZCOUNT", keys.due(shard), "-inf", milliseconds(now))
        counts = zip(order, await batch.run(), strict=True)
        return [(shard, count) for shard, count in counts if count]

    async def earliest_due(self) -> datetime | None:
        """When the next poll or lease end is; None without feeds."""
        batch = self._database.batch()
        for shard in range(keys.FEED_SHARDS):
            batch.command("ZRANGE", keys.due(shard), 0, 0, "WITHSCORES")
        scores = [float(answer[1]) for answer in await batch.run() if answer]
        return from_milliseconds(min(scores)) if scores else None

    async def hasten(self, feed_ids: Iterable[FeedId]) -> None:
        """Make feeds due now: on request, or claimed ones that a stopping poller gives back."""
        batch = self._database.batch()
        for feed_id in feed_ids:
            shard = keys.feed_shard(feed_id)
            now = self._database.clock.now_milliseconds()
            batch.script("feed_hasten", [keys.feeds(shard), keys.due(shard)], [feed_id, now])
        await batch.run()

    async def take_back(self) -> int:
        """Make claimed feeds due now, whoever claimed them; how many there were.

        A claim moves the due time past the next poll that was decided. A feed whose poller lives
        is polled twice then, and committed once.
        """
        decided = await self.states()
        batch = self._database.batch()
        for shard in range(keys.FEED_SHARDS):
            batch.command("ZRANGE", keys.due(shard), 0, -1, "WITHSCORES")
        claimed = [
            FeedId(answer[at].decode())
            for answer in await batch.run()
            for at in range(0, len(answer), 2)
            if (state := decided.get(FeedId(answer[at].decode())))
            and float(answer[at + 1]) > milliseconds(state.next_poll)
        ]
        await self.hasten(claimed)
        return len(claimed)

    async def known(self, feed_id: FeedId, identities: Sequence[str]) -> dict[str, str]:
        """The content prints of those identities that were seen before."""
        if not identities:
            return {}
        fields = [bytes.fromhex(identity) for identity in identities]
        marks = await self._database.command("HMGET", keys.seen(feed_id), *fields)
        return {
            identity: mark[2:].hex()
            for identity, mark in zip(identities, marks, strict=True)
            if mark is not None
        }

    async def commit(
        self, feed: Feed, entries: Sequence[Entry], seen: Mapping[str, str], state: PollState
    ) -> bool:
        """Keep one poll's outcome as one transaction; the next poll is due at `state.next_poll`.

        `entries`: new, changed or baseline ones, for the desk. `seen`: identity (32 hexadecimal
        digits) → content print (16) of everything in the document, empty when it was unchanged
        or could not be read. `state.last_poll` tells the poll: repeated, nothing happens and
        the answer is False.

        Raises BacklogError while the desk is too far behind, LeaseLostError when a later poll
        was committed or the feed was removed; then nothing is kept.
        """
        polled = state.last_poll or self._database.clock.now()
        shard = keys.feed_shard(feed.id)
        outcome = await self._database.script("feed_commit")(
            [
                keys.feeds(shard),
                keys.polls(shard),
                keys.polled(shard),
                keys.due(shard),
                keys.seen(feed.id),
                keys.entries(shard),
            ],
            [
                feed.id,
                milliseconds(polled),
                milliseconds(state.next_poll),
                dump(state),
                self._stream_cap,
                (polled.astimezone(UTC) - EPOCH).days,
                int(state.failures == 0),
                len(seen),
                *_marks(seen),
                *(dump(entry) for entry in entries),
            ],
        )
        return _committed(feed, outcome)


def _marks(seen: Mapping[str, str]) -> Iterable[Argument]:
    for identity, content_print in seen.items():
        yield bytes.fromhex(identity)
        yield bytes.fromhex(content_print)


def _committed(feed: Feed, outcome: bytes) -> bool:
    if outcome == b"FULL":
        raise BacklogError(f"{feed.title}: too many entries wait for the desk; polled again later.")
    if outcome == b"STALE":
        raise LeaseLostError(f"{feed.title}: a later poll was committed first.")
    if outcome == b"REMOVED":
        raise LeaseLostError(f"{feed.title}: the feed was removed while it was polled.")
    return outcome == b"DONE"
