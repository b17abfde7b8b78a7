"""The delivery queue against a real server: versions, classes, claims, windows, pace."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.config import Rate
from bot.models.chats import ChatKind
from bot.models.deliveries import (
    DeliveryClass,
    EventKind,
    FanOutEvent,
    PendingItem,
    SentRecord,
    Target,
)
from bot.models.identifiers import NO_THREAD, ChatId, MessageId, StoryId
from bot.store.chats import ChatStore
from bot.store.client import Database
from bot.store.deliveries import DeliveryQueue, Fate, Holder, Settlement
from bot.store.fanout import Chunk, FanOutStreams
from bot.store.key_registry import chat_shard
from bot.store.pace import Pace
from tests.store_values import a_chat

CHAT = ChatId(42)
SHARD = chat_shard(CHAT)
STORY = StoryId("aaaaaaaaaaaa")
LEASE = timedelta(seconds=30)
GROUP_RATE = Rate(20, timedelta(minutes=1))
ME = Holder("me", "1")


@pytest.fixture
def queue(database: Database) -> DeliveryQueue:
    return DeliveryQueue(database, GROUP_RATE)


@pytest.fixture
def streams(database: Database) -> FanOutStreams:
    return FanOutStreams(database)


def event(
    version: int = 1, kind: EventKind = EventKind.NEW, *, urgent: bool = False
) -> FanOutEvent:
    rules = ("all", "breaking:all") if urgent else ("all",)
    at = a_chat().created
    return FanOutEvent(kind, (STORY,), version, rules, at)


async def raised(streams: FanOutStreams, one: FanOutEvent, chat: ChatId = CHAT) -> int:
    return await streams.raise_in(Chunk(chat_shard(chat), (Target(chat, NO_THREAD),)), one)


async def claimed(
    queue: DeliveryQueue, kind: DeliveryClass = DeliveryClass.NEWS, holder: Holder = ME
) -> tuple[ChatId, ...]:
    return await queue.claim(SHARD, kind, holder=holder, most=8, lease=LEASE)


def record(database: Database, version: int, *, alerted: bool = False) -> SentRecord:
    return SentRecord(MessageId(5), version, database.clock.now(), "print", alerted=alerted)


async def shown(queue: DeliveryQueue, database: Database, item: PendingItem, version: int) -> None:
    done = Settlement(item, Fate.DONE, version, record(database, version))
    await queue.settle(CHAT, ME, (done,), release=True)


async def test_raising_twice_is_raising_once(queue: DeliveryQueue, streams: FanOutStreams) -> None:
    assert await raised(streams, event()) == 1
    assert await raised(streams, event()) == 0
    (item,) = (await queue.read(CHAT)).items
    assert (item.version, item.delivery_class) == (1, DeliveryClass.NEWS)


async def test_pending_holds_the_highest_version_and_priority(
    queue: DeliveryQueue, streams: FanOutStreams
) -> None:
    await raised(streams, event(3, EventKind.BREAKING, urgent=True))
    await raised(streams, event(2))
    (item,) = (await queue.read(CHAT)).items
    assert (item.version, item.delivery_class) == (3, DeliveryClass.BREAKING)


async def test_a_version_that_arrives_while_its_story_is_in_flight_stays_as_an_edit(
    database: Database, queue: DeliveryQueue, streams: FanOutStreams
) -> None:
    await raised(streams, event(1))
    await claimed(queue)
    (item,) = (await queue.read(CHAT)).items
    await raised(streams, event(2, EventKind.WIDER))
    await shown(queue, database, item, 1)
    (left,) = (await queue.read(CHAT)).items
    assert (left.version, left.delivery_class) == (2, DeliveryClass.EDIT)
    due = await queue.peek()
    assert set(due[SHARD]) == {DeliveryClass.EDIT}


async def test_breaking_in_flight_stays_breaking(
    database: Database, queue: DeliveryQueue, streams: FanOutStreams
) -> None:
    await raised(streams, event(1))
    await claimed(queue)
    (item,) = (await queue.read(CHAT)).items
    await raised(streams, event(2, EventKind.BREAKING, urgent=True))
    await shown(queue, database, item, 1)
    (left,) = (await queue.read(CHAT)).items
    assert left.delivery_class is DeliveryClass.BREAKING


async def test_done_removes_what_it_rendered_and_seen_versions_are_not_raised_again(
    database: Database, queue: DeliveryQueue, streams: FanOutStreams
) -> None:
    await raised(streams, event(1))
    await claimed(queue)
    (item,) = (await queue.read(CHAT)).items
    await shown(queue, database, item, 2)
    assert (await queue.read(CHAT)).items == ()
    assert await queue.peek() == {}
    assert await raised(streams, event(2)) == 0
    sent = await queue.sent(CHAT, [(NO_THREAD, STORY)])
    assert sent[NO_THREAD, STORY].version == 2


async def test_a_claim_is_exclusive_and_repeats_for_its_own_request(
    queue: DeliveryQueue, streams: FanOutStreams
) -> None:
    await raised(streams, event())
    assert await claimed(queue) == (CHAT,)
    assert await claimed(queue) == (CHAT,)
    assert await claimed(queue, holder=Holder("other", "9")) == ()
    assert await queue.holders() == {CHAT: ME}


async def test_a_lease_that_ran_out_is_taken_by_others(
    database: Database, queue: DeliveryQueue, streams: FanOutStreams
) -> None:
    await raised(streams, event())
    await claimed(queue)
    database.clock.offset += LEASE + timedelta(seconds=1)
    assert await claimed(queue, holder=Holder("other", "9")) == (CHAT,)


async def test_releasing_a_dead_holder_makes_the_chat_due_at_once(
    queue: DeliveryQueue, streams: FanOutStreams
) -> None:
    await raised(streams, event())
    await claimed(queue)
    await queue.settle(CHAT, ME, (), release=True)
    assert await claimed(queue, holder=Holder("other", "9")) == (CHAT,)


async def test_a_lost_lease_still_records_what_was_sent_and_frees_nobody_elses(
    database: Database, queue: DeliveryQueue, streams: FanOutStreams
) -> None:
    await raised(streams, event())
    await claimed(queue)
    (item,) = (await queue.read(CHAT)).items
    database.clock.offset += LEASE + timedelta(seconds=1)
    other = Holder("other", "9")
    await claimed(queue, holder=other)
    done = Settlement(item, Fate.DONE, 1, record(database, 1))
    assert not await queue.settle(CHAT, ME, (done,), release=True)
    assert (await queue.read(CHAT)).items == ()
    assert await queue.holders() == {CHAT: other}


async def test_waiting_and_retrying_keep_the_item_until_its_time(
    database: Database, queue: DeliveryQueue, streams: FanOutStreams
) -> None:
    await raised(streams, event())
    await claimed(queue)
    (item,) = (await queue.read(CHAT)).items
    later = database.clock.now() + timedelta(minutes=2)
    again = Settlement(item, Fate.RETRY, not_before=later)
    await queue.settle(CHAT, ME, (again,), release=True)
    assert await claimed(queue) == ()
    (kept,) = (await queue.read(CHAT)).items
    assert (kept.attempts, kept.not_before) == (
        1,
        later.replace(microsecond=later.microsecond // 1000 * 1000),
    )
    database.clock.offset += timedelta(minutes=3)
    assert await claimed(queue) == (CHAT,)


async def test_a_paused_chat_gets_nothing_pending(
    database: Database, queue: DeliveryQueue, streams: FanOutStreams
) -> None:
    chats = ChatStore(database)
    await chats.save(a_chat(CHAT))
    await chats.pause(CHAT, "The person blocked the bot.")
    assert await raised(streams, event()) == 0
    await chats.resume(CHAT)
    assert await raised(streams, event()) == 1


async def test_a_private_chat_has_a_bucket_of_three_then_one_a_second(
    queue: DeliveryQueue,
) -> None:
    chat = a_chat(CHAT)
    waits = [await queue.slot(chat) for _ in range(4)]
    assert waits[:3] == [timedelta()] * 3
    assert timedelta(milliseconds=800) < waits[3] <= timedelta(seconds=1)


async def test_a_group_gets_twenty_in_any_minute_and_edits_are_counted_apart(
    database: Database, queue: DeliveryQueue
) -> None:
    group = replace(a_chat(CHAT), kind=ChatKind.SUPERGROUP)
    assert [await queue.slot(group) for _ in range(20)] == [timedelta()] * 20
    assert await queue.slot(group) > timedelta(seconds=50)
    assert await queue.slot(group, edit=True) == timedelta()
    database.clock.offset += timedelta(seconds=61)
    assert await queue.slot(group) == timedelta()


async def test_the_pace_gives_spaced_slots_and_its_room_is_a_quarter_of_a_second(
    database: Database,
) -> None:
    pace = Pace(database, Rate(10, timedelta(hours=1)))
    assert (await pace.room(8)).count == 1
    await pace.take()
    room = await pace.room(8)
    assert room.count == 0
    assert timedelta(seconds=300) < room.delay <= timedelta(seconds=360)


async def test_two_chats_refused_at_once_pause_everyone_and_one_probe_ends_it(
    database: Database,
) -> None:
    pace = Pace(database, Rate(30, timedelta(seconds=1)))
    pause = timedelta(seconds=20)
    assert not await pace.flooded(ChatId(1), pause)
    assert (await pace.room(8)).count > 0
    assert await pace.flooded(ChatId(2), pause)
    assert (await pace.room(8)).count == 0
    database.clock.offset += pause + timedelta(seconds=1)
    await pace.take()
    await pace.went_through()
    assert (await pace.room(8)).count > 1


async def test_two_chats_that_wait_for_hours_hold_up_the_others_for_a_minute(
    database: Database,
) -> None:
    pace = Pace(database, Rate(30, timedelta(seconds=1)))
    for chat in (1, 2):
        await pace.flooded(ChatId(chat), timedelta(hours=12))
    assert (await pace.room(8)).count == 0
    database.clock.offset += timedelta(seconds=61)
    assert (await pace.room(8)).count > 0


async def test_heartbeats_tell_the_living_from_the_dead(database: Database) -> None:
    senders = Pace(database, Rate(30, timedelta(seconds=1))).senders
    await senders.beat("a")
    database.clock.offset += timedelta(seconds=10)
    await senders.beat("b")
    assert await senders.living(timedelta(seconds=4)) == {"b"}
    assert await senders.dead(timedelta(seconds=4)) == {"a"}
    await senders.leave("a", "b")
    assert await senders.dead(timedelta(seconds=4)) == frozenset()
    assert await senders.living(timedelta(seconds=4)) == frozenset()


STEPS = st.lists(
    st.tuples(st.sampled_from(["raise", "breaking", "claim", "done"]), st.integers(1, 6)),
    max_size=25,
)


@given(steps=STEPS)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
async def test_no_version_is_lost_and_none_is_due_without_being_pending(
    database: Database, steps: list[tuple[str, int]]
) -> None:
    """Whatever the order of raising, claiming and settling: what was wanted is pending or shown."""
    await database.command("FLUSHALL")
    queue, streams = DeliveryQueue(database, GROUP_RATE), FanOutStreams(database)
    wanted = rendered = 0
    for name, version in steps:
        if name == "raise":
            await raised(streams, event(version))
        elif name == "breaking":
            await raised(streams, event(version, EventKind.BREAKING, urgent=True))
        elif name == "claim":
            for kind in DeliveryClass:
                await claimed(queue, kind)
        elif name == "done":
            for item in (await queue.read(CHAT)).items:
                await shown(queue, database, item, item.version)
                rendered = max(rendered, item.version)
        if name in ("raise", "breaking"):
            wanted = max(wanted, version)
        pending = (await queue.read(CHAT)).items
        assert max([rendered, *(item.version for item in pending)]) >= wanted
        due = (await queue.peek()).get(SHARD, {})
        assert bool(due) == bool(pending)
