"""What holds of the queue whatever the order of events: windows, claims, merged stories, rings."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.config import Rate
from bot.models.chats import ChatKind
from bot.models.deliveries import DeliveryClass, EventKind, FanOutEvent, SentRecord, Target
from bot.models.identifiers import NO_THREAD, ChatId, MessageId, StoryId
from bot.store.client import Database
from bot.store.deliveries import DeliveryQueue, Fate, Holder, Settlement
from bot.store.fanout import Chunk, FanOutStreams
from bot.store.key_registry import chat_shard
from tests.store_values import NOON, a_chat

CHAT = ChatId(42)
SHARD = chat_shard(CHAT)
LEASE = timedelta(seconds=30)
RATE = Rate(4, timedelta(seconds=60))
AHEAD = timedelta(minutes=3)

real = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


async def queue_of(database: Database) -> DeliveryQueue:
    await database.command("FLUSHALL")
    database.clock.offset = timedelta()
    return DeliveryQueue(database, RATE)


REQUESTS = st.lists(
    st.tuples(st.sampled_from(["push", "answer", "hold"]), st.integers(0, 40)), max_size=40
)


@given(requests=REQUESTS, kind=st.sampled_from(ChatKind))
@real
async def test_no_window_is_ever_overfull(
    database: Database, requests: list[tuple[str, int]], kind: ChatKind
) -> None:
    """Pushes take a slot or none, answers reserve the next one, a 429 holds both off."""
    queue = await queue_of(database)
    chat = replace(a_chat(CHAT), kind=kind)
    used, held_until = [], database.clock.now()
    for name, seconds in requests:
        database.clock.offset += timedelta(seconds=seconds / 4)
        now = database.clock.now()
        if name == "hold":
            await queue.hold(CHAT, timedelta(seconds=seconds + 1))
            held_until = now + timedelta(seconds=seconds + 1)
            continue
        ahead = AHEAD if name == "answer" else timedelta()
        wait = await queue.slot(chat, ahead=ahead)
        if wait <= ahead:
            used.append(now + wait)
            assert now + wait >= held_until - timedelta(milliseconds=50)
    used.sort()
    most, period = (3, timedelta(seconds=1)) if kind is ChatKind.PRIVATE else (4, RATE.period)
    early = timedelta(milliseconds=100)
    for first, beyond in zip(used, used[most:], strict=False):
        assert beyond - first >= period - early


CLAIMS = st.lists(
    st.tuples(st.sampled_from(["claim", "release", "wait"]), st.integers(0, 2), st.integers(0, 45)),
    max_size=30,
)


@given(steps=CLAIMS)
@real
async def test_a_chat_is_held_by_one_at_most_and_never_forgotten(
    database: Database, steps: list[tuple[str, int, int]]
) -> None:
    queue = await queue_of(database)
    event = FanOutEvent(EventKind.NEW, (StoryId("a" * 12),), 1, ("all",), NOON)
    await FanOutStreams(database).raise_in(Chunk(SHARD, (Target(CHAT, NO_THREAD),)), event)
    ends: dict[Holder, float] = {}
    for number, (name, owner, seconds) in enumerate(steps):
        now = database.clock.now_milliseconds()
        if name == "wait":
            database.clock.offset += timedelta(seconds=seconds)
        elif name == "claim":
            holder = Holder(str(owner), str(number))
            won = await queue.claim(SHARD, DeliveryClass.NEWS, holder=holder, most=8, lease=LEASE)
            if won:
                assert all(end <= now + 50 for end in ends.values())
                ends = {holder: now + 30_000}
        elif ends:
            (holder,) = ends
            await queue.settle(CHAT, holder, (), release=True)
            ends = {}
    database.clock.offset += LEASE + timedelta(seconds=1)
    last = Holder("last", "1")
    assert await queue.claim(SHARD, DeliveryClass.NEWS, holder=last, most=8, lease=LEASE)


IDS = ("a" * 12, "b" * 12, "c" * 12)
MERGES = st.lists(
    st.tuples(st.sampled_from(["raise", "merge", "breaking", "send"]), st.integers(0, 2)),
    max_size=25,
)


@given(steps=MERGES)
@real
async def test_whatever_merges_when_no_version_is_lost(
    database: Database, steps: list[tuple[str, int]]
) -> None:
    """Three stories become one at any moment; what was wanted last is pending or was shown."""
    queue, streams = await queue_of(database), FanOutStreams(database)
    merged, version, shown = 1, 0, 0
    for name, number in steps:
        if name == "merge":
            merged = max(merged, number + 1)
        if name == "send":
            for item in (await queue.read(CHAT)).items:
                urgent = item.delivery_class is DeliveryClass.BREAKING
                record = SentRecord(MessageId(1), version, NOON, "print", alerted=urgent)
                done = Settlement(item, Fate.DONE, version, record)
                await queue.settle(CHAT, Holder("me", "1"), (done,), release=True)
            shown = version
            continue
        version += 1
        ids = tuple(StoryId(each) for each in IDS[:merged])
        if name == "raise" and number >= merged:
            ids = (StoryId(IDS[number]),)
        urgent = name == "breaking"
        kind = EventKind.BREAKING if urgent else EventKind.WIDER
        rules = ("all", "breaking:all") if urgent else ("all",)
        event = FanOutEvent(kind, ids, version, rules, NOON)
        await streams.raise_in(Chunk(SHARD, (Target(CHAT, NO_THREAD),)), event)
        pending = (await queue.read(CHAT)).items
        assert max([shown, *(item.version for item in pending)]) >= version
        assert {item.story for item in pending} & set(ids)
        assert await queue.peek()


RINGS = st.lists(st.integers(0, 5), max_size=12)


@given(moments=RINGS)
@real
async def test_a_ring_that_is_recorded_twice_counts_once(
    database: Database, moments: list[int]
) -> None:
    queue = await queue_of(database)
    times = sorted({NOON + timedelta(minutes=moment) for moment in moments})
    for time in times:
        for _ in range(2):
            await queue.settle(CHAT, Holder("me", "1"), (), release=False, rang=time)
    assert sorted((await queue.read(CHAT)).rings) == times
