"""Fan-out against a real server: each target once, on from where it was, urgent events first."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.config import Rate
from bot.errors import LeaseLostError
from bot.models.deliveries import DeliveryClass, EventKind, FanOutEvent, SentRecord, Target
from bot.models.identifiers import NO_THREAD, ChatId, MessageId, StoryId, ThreadId
from bot.services.fanout import FanOut
from bot.services.seat import Seat
from bot.services.stopping import Stopping
from bot.store import keys, keys_deliveries, keys_desk
from bot.store.client import Database
from bot.store.deliveries import DeliveryQueue, Fate, Holder, Settlement
from bot.store.desk import DeskLease
from bot.store.documents import dump
from bot.store.fanout import (
    CHUNK,
    PENDING_MOST,
    Chunk,
    FanOutStreams,
    Lane,
    Progress,
    QueuedEvent,
    Reading,
)
from bot.store.key_registry import CHAT_SHARDS, chat_shard
from tests.store_values import NOON
from tests.waiting import eventually

STORY = StoryId("aaaaaaaaaaaa")
OTHER = StoryId("bbbbbbbbbbbb")
TOKEN = "the desk"
CHAT = ChatId(42)
CROWDED = chat_shard(CHAT)


def event(
    story: StoryId = STORY, version: int = 1, rules: tuple[str, ...] = ("all",)
) -> FanOutEvent:
    urgent = any(rule.startswith("breaking:") for rule in rules)
    kind = EventKind.BREAKING if urgent else EventKind.NEW
    return FanOutEvent(kind, (story,), version, rules, NOON)


async def queued(database: Database, one: FanOutEvent, lane: Lane = Lane.ORDINARY) -> QueuedEvent:
    entry_id = await database.command("XADD", keys_desk.fanout(lane), "*", "e", dump(one))
    return QueuedEvent(lane, entry_id.decode(), one)


async def follow(database: Database, rule: str, chats: Iterable[int], thread: int = 0) -> None:
    """As subscriptions leave it in the index, many at once."""
    by_shard: dict[int, list[str | int]] = {}
    for chat in chats:
        by_shard.setdefault(chat_shard(ChatId(chat)), []).extend((chat, f"{chat}:{thread}"))
    batch = database.batch()
    for shard, members in by_shard.items():
        batch.command("ZADD", keys.wants(shard, rule), *members)
    await batch.run()


def crowd(count: int, shard: int = CROWDED) -> list[ChatId]:
    """Chats of one shard."""
    found: list[ChatId] = []
    number = 0
    while len(found) < count:
        number += 1
        if chat_shard(ChatId(number)) == shard:
            found.append(ChatId(number))
    return found


async def read_through(
    streams: FanOutStreams, one: FanOutEvent, progress: Progress
) -> list[Reading]:
    """Every reading from there to the end, raising on the way."""
    readings = [await streams.step(one, Reading((), progress))]
    while readings[-1].chunks or not readings[-1].then.finished:
        readings.append(await streams.step(one, readings[-1]))
    return readings


def targets(readings: Iterable[Reading]) -> Counter[Target]:
    return Counter(
        target for reading in readings for chunk in reading.chunks for target in chunk.targets
    )


async def pending_chats(database: Database, delivery_class: DeliveryClass) -> int:
    batch = database.batch()
    for shard in range(CHAT_SHARDS):
        batch.command("ZCARD", keys_deliveries.queue(shard, delivery_class))
    return sum(await batch.run())


@asynccontextmanager
async def fan_out(
    database: Database, length: timedelta = timedelta(minutes=1)
) -> AsyncIterator[Seat]:
    """Fan-out as a process of its own has it, with the seat."""
    seat, stopping = Seat(DeskLease(database), length=length), Stopping()
    await eventually(seat.take)
    running = asyncio.create_task(
        FanOut(FanOutStreams(database), seat, database.clock, stopping).run()
    )
    try:
        yield seat
    finally:
        stopping.request()
        await running
        await seat.leave()


async def nothing_waits(database: Database) -> bool:
    return await FanOutStreams(database).first() is None


@pytest.fixture
def streams(database: Database) -> FanOutStreams:
    return FanOutStreams(database)


async def test_every_target_of_every_rule_is_read_once(
    database: Database, streams: FanOutStreams
) -> None:
    await follow(database, "all", range(1, 2_500))
    await follow(database, "topic:world", range(5_000, 5_400))
    await follow(database, "topic:world", [-1001234567890], thread=7)
    one = event(rules=("all", "topic:sport", "topic:world"))
    found = targets(await read_through(streams, one, Progress("1-0")))
    chats = [*range(1, 2_500), *range(5_000, 5_400)]
    wanted = {Target(ChatId(chat), NO_THREAD) for chat in chats}
    assert set(found) == wanted | {Target(ChatId(-1001234567890), ThreadId(7))}
    assert set(found.values()) == {1}


async def test_a_chunk_ends_with_a_whole_chat(database: Database, streams: FanOutStreams) -> None:
    """A forum may follow a rule in more topics than a chunk has targets."""
    first, forum, last = crowd(CHUNK + 2)[0], crowd(CHUNK + 2)[1], crowd(CHUNK + 2)[2]
    await follow(database, "all", [first, last])
    for topic in range(1, CHUNK + 50):
        await follow(database, "all", [forum], thread=topic)
    found = targets(await read_through(streams, event(), Progress("1-0")))
    assert set(found.values()) == {1}
    assert sum(found.values()) == CHUNK + 49 + 2


async def test_an_event_that_nobody_wants_ends_at_once(streams: FanOutStreams) -> None:
    for rules in ((), ("all",)):
        readings = await read_through(streams, event(rules=rules), Progress("1-0"))
        assert not targets(readings)


SIZES = st.lists(st.integers(0, 230), min_size=1, max_size=3)


@given(sizes=SIZES, taken_up=st.integers(0, 8))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_from_whatever_progress_the_rest_is_read(
    database: Database, sizes: list[int], taken_up: int
) -> None:
    """What one worker kept as done, and what the next one reads, is everything, once."""
    await database.command("FLUSHALL")
    rules, start = tuple(f"topic:{number}" for number in range(len(sizes))), 0
    for rule, size in zip(rules, sizes, strict=True):
        await follow(database, rule, crowd(start + size)[start:])
        await follow(database, rule, range(start, start + size // 4))
        start += size // 2
    streams, one = FanOutStreams(database), event(rules=rules)
    everything = await read_through(streams, one, Progress("1-0"))
    at = min(taken_up, len(everything) - 1)
    rest = await read_through(streams, one, everything[at].then)
    assert targets([*everything[: at + 1], *rest]) == targets(everything)


async def test_an_event_is_pending_for_everyone_and_done(database: Database) -> None:
    await follow(database, "all", range(1, 3_000))
    await queued(database, event())
    async with fan_out(database):
        await eventually(lambda: nothing_waits(database))
    assert await pending_chats(database, DeliveryClass.NEWS) == 2_999
    assert not await database.command("EXISTS", keys_desk.spread(Lane.ORDINARY))


async def test_a_successor_goes_on_where_progress_was_kept(
    database: Database, streams: FanOutStreams
) -> None:
    await follow(database, "all", range(1, 3_000))
    one = await queued(database, event())
    first = await streams.step(one.event, Reading((), Progress(one.id)))
    second = await streams.step(one.event, first)
    await DeskLease(database).acquire(TOKEN, timedelta(minutes=1))
    await streams.advance(TOKEN, one.lane, first.then)
    assert await streams.progress(one) == first.then
    raised_by_first = {target.chat for target in targets([first])}
    # Whoever got it from the first worker is told apart by having nothing pending any more.
    batch = database.batch()
    for chat in raised_by_first:
        batch.command("DEL", keys_deliveries.pending(chat))
    await batch.run()
    await DeskLease(database).release(TOKEN)
    async with fan_out(database):
        await eventually(lambda: nothing_waits(database))
    batch = database.batch()
    for number in range(1, 3_000):
        batch.command("EXISTS", keys_deliveries.pending(ChatId(number)))
    again = {ChatId(at + 1) for at, there in enumerate(await batch.run()) if there}
    assert not again & raised_by_first
    assert len(again) == 2_999 - len(raised_by_first)
    assert targets([second]).keys().isdisjoint(targets([first]))


async def test_a_worker_that_is_killed_is_replaced_near_where_it_was(database: Database) -> None:
    await follow(database, "all", range(1, 12_000))
    one = await queued(database, event())
    streams, stopping = FanOutStreams(database), Stopping()
    seat = Seat(DeskLease(database), length=timedelta(seconds=1))
    await seat.take()
    killed = asyncio.create_task(FanOut(streams, seat, database.clock, stopping).run())
    spread = keys_desk.spread(Lane.ORDINARY)
    await eventually(lambda: database.command("EXISTS", spread))
    killed.cancel()
    await asyncio.gather(killed, return_exceptions=True)
    kept = await streams.progress(one)
    assert not kept.finished
    async with fan_out(database):
        await eventually(lambda: nothing_waits(database))
    assert await pending_chats(database, DeliveryClass.NEWS) == 11_999


async def test_progress_that_nobody_can_read_or_of_another_event_is_no_progress(
    database: Database, streams: FanOutStreams
) -> None:
    one = await queued(database, event())
    assert await streams.progress(one) == Progress(one.id)
    for kept in (b"{}", b"nonsense", dump(Progress("1-1", (), 9))):
        await database.command("SET", keys_desk.spread(one.lane), kept)
        assert await streams.progress(one) == Progress(one.id)


async def test_who_lost_the_lease_neither_keeps_progress_nor_ends_an_event(
    database: Database, streams: FanOutStreams
) -> None:
    one = await queued(database, event())
    await DeskLease(database).acquire("another desk", timedelta(minutes=1))
    with pytest.raises(LeaseLostError):
        await streams.advance(TOKEN, one.lane, Progress(one.id))
    with pytest.raises(LeaseLostError):
        await streams.done(TOKEN, one)
    assert await streams.first() == one


async def test_a_standby_leaves_events_alone_until_the_seat_is_free(database: Database) -> None:
    await follow(database, "all", [1])
    lease, stopping = DeskLease(database), Stopping()
    await lease.acquire("another desk", timedelta(minutes=1))
    seat = Seat(DeskLease(database))
    standby = FanOut(FanOutStreams(database), seat, database.clock, stopping)
    running = asyncio.create_task(standby.run())
    await queued(database, event())
    assert not await seat.take()
    await eventually(lambda: standby.last_round is not None)
    assert await pending_chats(database, DeliveryClass.NEWS) == 0
    await lease.release("another desk")
    assert await seat.take()
    await eventually(lambda: nothing_waits(database))
    assert await pending_chats(database, DeliveryClass.NEWS) == 1
    stopping.request()
    await running


async def test_an_urgent_event_passes_one_that_is_being_spread(database: Database) -> None:
    await follow(database, "all", range(1, 20_000))
    await follow(database, "breaking:all", range(30_000, 30_030))
    await queued(database, event())
    async with fan_out(database):
        await eventually(lambda: pending_chats(database, DeliveryClass.NEWS))
        await queued(database, event(OTHER, rules=("all", "breaking:all")), Lane.URGENT)
        await eventually(lambda: pending_chats(database, DeliveryClass.BREAKING))
        # The ordinary one is still there.
        assert await pending_chats(database, DeliveryClass.NEWS) < 19_999
        await eventually(lambda: nothing_waits(database))
    assert await pending_chats(database, DeliveryClass.NEWS) == 19_999
    assert await pending_chats(database, DeliveryClass.BREAKING) == 19_999 + 30


async def test_a_full_server_is_waited_for(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await follow(database, "all", range(1, 500))
    async with fan_out(database):
        # Together, so that the event does not get through before.
        batch = database.batch().command(
            "XADD", keys_desk.fanout("ordinary"), "*", "e", dump(event())
        )
        await batch.command("CONFIG SET", "maxmemory", "1").run()
        await eventually(lambda: "Redis is full" in caplog.text)
        await database.command("CONFIG SET", "maxmemory", "0")
        await eventually(lambda: nothing_waits(database))
    assert await pending_chats(database, DeliveryClass.NEWS) == 499


# The bound of what is pending for a chat.


async def filled(database: Database, streams: FanOutStreams) -> None:
    batch = database.batch()
    for number in range(PENDING_MOST):
        batch.command("HSET", keys_deliveries.pending(CHAT), f"{number:012d}", f"1|2|{number + 1}")
    await batch.run()


async def raise_for_chat(streams: FanOutStreams, one: FanOutEvent) -> int:
    return await streams.raise_in(Chunk(CROWDED, (Target(CHAT, NO_THREAD),)), one)


async def missed(database: Database) -> bytes | None:
    since: bytes | None = await database.command("HGET", keys_deliveries.missed(CROWDED), CHAT)
    return since


async def test_what_overflows_is_missed_since_then(
    database: Database, streams: FanOutStreams
) -> None:
    await filled(database, streams)
    assert await raise_for_chat(streams, event()) == 0
    since = await missed(database)
    assert since is not None
    database.clock.offset += timedelta(hours=1)
    assert await raise_for_chat(streams, event(OTHER)) == 0
    assert await missed(database) == since
    # A story that is pending already is raised all the same, and breaking news always fit.
    assert await raise_for_chat(streams, event(StoryId(f"{0:012d}"), version=2)) == 1
    assert await raise_for_chat(streams, event(OTHER, rules=("all", "breaking:all"))) == 1
    assert await database.command("HLEN", keys_deliveries.pending(CHAT)) == PENDING_MOST + 1


async def test_a_story_that_overflowed_comes_by_its_next_version_once_there_is_room(
    database: Database, streams: FanOutStreams
) -> None:
    await filled(database, streams)
    assert await raise_for_chat(streams, event()) == 0
    await database.command("HDEL", keys_deliveries.pending(CHAT), f"{1:012d}")
    assert await raise_for_chat(streams, event(version=2)) == 1
    assert await raise_for_chat(streams, event(version=2)) == 0


async def test_edits_keep_the_bound_too_and_corrections_are_exempt(
    database: Database, streams: FanOutStreams
) -> None:
    queue = DeliveryQueue(database, Rate(20, timedelta(minutes=1)))
    await raise_for_chat(streams, event())
    (item,) = (await queue.read(CHAT)).items
    record = SentRecord(MessageId(5), 1, database.clock.now(), "print")
    done = Settlement(item, Fate.DONE, 1, record)
    await queue.settle(CHAT, Holder("me", "1"), (done,), release=True)
    await filled(database, streams)
    assert await raise_for_chat(streams, event(version=2)) == 0
    corrected = FanOutEvent(EventKind.CORRECTED, (STORY,), 3, ("all",), NOON)
    assert await raise_for_chat(streams, corrected) == 1
    # The correction shows the newest version: nothing of what was left out is lost.
    (item,) = (item for item in (await queue.read(CHAT)).items if item.story == STORY)
    assert item.version == 3


async def test_a_broken_sent_record_holds_nobody_up(
    database: Database, streams: FanOutStreams
) -> None:
    await database.command("SET", keys_deliveries.sent(CHAT, NO_THREAD, STORY), "no document")
    both = (Target(CHAT, NO_THREAD), Target(crowd(2)[1], NO_THREAD))
    assert await streams.raise_in(Chunk(CROWDED, both), event()) == 1


async def test_a_full_hash_stays_packed(database: Database, streams: FanOutStreams) -> None:
    """Five hundred items and some breaking ones take as little as they may."""
    await filled(database, streams)
    for number in range(12):
        breaking = event(StoryId(f"b{number:011d}"), rules=("all", "breaking:all"))
        assert await raise_for_chat(streams, breaking) == 1
    encoding = await database.command("OBJECT ENCODING", keys_deliveries.pending(CHAT))
    assert encoding in (b"ziplist", b"listpack")
