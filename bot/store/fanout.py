"""Fan-out streams of the desk, how far their first events have come, and raising an event in the
pending items of chunks of chats.

Observation: an event of a large audience is hundreds of chunks in 64 shards; a worker may die
between any two, and a chunk's result stands under another tag than the event.
Rule: a step is one round trip. It raises the chunks that the last step read, in several shards at
a time, and reads the next ones. How far the event has come is kept beside it, behind what was
raised, never ahead of it: whoever goes on repeats a few chunks, and raising recognises by version
what it did. Taking an event off and keeping its progress needs the desk's lease.
Known exception: raising itself cannot check the lease, which has another tag. A worker that lost
it can only raise what its event wanted all along, which is pending or was sent already.
Rejected: a claim with an owner for each event or shard, so that several processes spread: Redis
itself is what is busy, and events of a lane would pass each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import LeaseLostError, StoreError
from bot.models.deliveries import DeliveryClass, FanOutEvent, Target
from bot.models.identifiers import ChatId, ThreadId
from bot.store import documents, keys, keys_deliveries, keys_desk
from bot.store.client import Argument, Database
from bot.store.key_registry import CHAT_SHARDS

CHUNK = 100
"""Targets raised by one script call: less than a millisecond, so that others get a turn."""
WIDTH = 16
"""Shards at work in one step: some 20 ms, after which an urgent event may pass."""
PENDING_MOST = 500


class Lane(StrEnum):
    """The two fan-out streams: urgent events pass the others."""

    URGENT = "urgent"
    ORDINARY = "ordinary"


@dataclass(frozen=True, slots=True)
class QueuedEvent:
    """An event in its stream."""

    lane: Lane
    id: str
    event: FanOutEvent


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some targets of one shard."""

    shard: int
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """How far an event has come in a shard."""

    shard: int
    rule: int = 0
    """Number of the rule at work."""
    after: str = ""
    """Its targets up to this chat id are done."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an event has come: shards at work, and the first that was not begun."""

    event: str
    """Its id in the stream."""
    places: tuple[Place, ...] = ()
    next_shard: int = 0

    @property
    def finished(self) -> bool:
        """No shard is left."""
        return not self.places and self.next_shard >= CHAT_SHARDS

    def widened(self) -> "Progress":
        """The same with as many shards at work as there may be."""
        end = min(self.next_shard + max(WIDTH - len(self.places), 0), CHAT_SHARDS)
        begun = tuple(Place(shard) for shard in range(self.next_shard, end))
        return Progress(self.event, self.places + begun, end)

    def ended(self) -> "Progress":
        """With nothing left."""
        return Progress(self.event, (), CHAT_SHARDS)


@dataclass(frozen=True, slots=True)
class Reading:
    """Chunks that were read, and the progress once they are raised."""

    chunks: tuple[Chunk, ...]
    then: Progress


class FanOutStreams:
    """All methods raise StoreError when Redis does not answer; those that take a token of the
    desk raise LeaseLostError when it does not hold the lease.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def first(self) -> QueuedEvent | None:
        """The oldest urgent event that is not done, or else the oldest ordinary one."""
        batch = self._database.batch()
        for lane in Lane:
            batch.command("XRANGE", keys_desk.fanout(lane), "-", "+", "COUNT", 1)
        for lane, found in zip(Lane, await batch.run(), strict=True):
            if found:
                entry_id, fields = found[0]
                event = documents.load(FanOutEvent, fields[b"e"])
                return QueuedEvent(lane, entry_id.decode(), event)
        return None

    async def progress(self, queued: QueuedEvent) -> Progress:
        """How far the event had come when that was last kept; from the start if nobody knows."""
        kept = await self._database.command("GET", keys_desk.spread(queued.lane))
        try:
            progress = documents.load(Progress, kept or b"")
        except StoreError:
            return Progress(queued.id)
        return progress if progress.event == queued.id else Progress(queued.id)

    async def advance(self, token: str, lane: Lane, progress: Progress) -> None:
        """Keep how far the lane's first event has come."""
        names = [keys_desk.desk_lease(), keys_desk.spread(lane)]
        script = self._database.script("fanout_advance")
        _check(await script(names, [token, documents.dump(progress)]))

    async def done(self, token: str, queued: QueuedEvent) -> None:
        """Every chat that wants the event has it pending: take it off its stream."""
        lane = queued.lane
        names = [keys_desk.desk_lease(), keys_desk.fanout(lane), keys_desk.spread(lane)]
        _check(await self._database.script("fanout_done")(names, [token, queued.id]))

    async def step(self, event: FanOutEvent, reading: Reading) -> Reading:
        """Raise the chunks that were read, and read on from there, in one round trip."""
        progress = reading.then.widened() if event.rules else reading.then.ended()
        now = self._database.clock.now_milliseconds()
        batch = self._database.batch()
        for chunk in reading.chunks:
            batch.script("queue_raise", *_raising(chunk, event, now))
        for place in progress.places:
            names = [keys.wants(place.shard, rule) for rule in event.rules[place.rule :]]
            batch.script("fanout_wanting", names, [place.after, CHUNK])
        answers = await batch.run()
        return _read(progress, answers[len(reading.chunks) :])

    async def raise_in(self, chunk: Chunk, event: FanOutEvent) -> int:
        """Raise the event for the chunk's targets; how many items changed. Twice is once."""
        names, arguments = _raising(chunk, event, self._database.clock.now_milliseconds())
        return int(await self._database.script("queue_raise")(names, arguments))


def _raising(chunk: Chunk, event: FanOutEvent, now: int) -> tuple[list[str], list[Argument]]:
    names = [keys_deliveries.queue(chunk.shard, each) for each in DeliveryClass]
    names += [keys_deliveries.paused(chunk.shard), keys_deliveries.missed(chunk.shard)]
    urgent = any(rule.startswith("breaking:") for rule in event.rules)
    arguments: list[Argument] = [
        now,
        event.version,
        event.kind.value,
        int(urgent),
        PENDING_MOST,
        len(event.stories),
        *event.stories,
    ]
    for target in chunk.targets:
        names.append(keys_deliveries.pending(target.chat))
        names += [
            keys_deliveries.sent(target.chat, target.thread, story) for story in event.stories
        ]
        arguments += [target.chat, target.thread]
    return names, arguments


def _read(progress: Progress, answers: Sequence[tuple[Sequence[bytes], int, bytes]]) -> Reading:
    chunks: list[Chunk] = []
    places: list[Place] = []
    for place, (members, rule, after) in zip(progress.places, answers, strict=True):
        if members:
            targets = dict.fromkeys(_target(member) for member in members)
            chunks.append(Chunk(place.shard, tuple(targets)))
        if rule >= 0:
            places.append(Place(place.shard, place.rule + rule, after.decode()))
    return Reading(tuple(chunks), Progress(progress.event, tuple(places), progress.next_shard))


def _target(member: bytes) -> Target:
    chat, _, thread = member.partition(b":")
    return Target(ChatId(int(chat)), ThreadId(int(thread)))


def _check(kept: int) -> None:
    if not kept:
        raise LeaseLostError("Another process is the desk now.")
