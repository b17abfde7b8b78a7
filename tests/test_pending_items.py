"""The form of pending items: Python and the scripts agree, and what nobody can read goes away."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.config import Rate
from bot.models.deliveries import DeliveryClass, EventKind, FanOutEvent, PendingItem, Target
from bot.models.identifiers import NO_THREAD, ChatId, StoryId, ThreadId
from bot.store import keys_deliveries as keys
from bot.store.client import Database
from bot.store.clock import from_milliseconds
from bot.store.deliveries import DeliveryQueue, Fate, Holder, Settlement
from bot.store.fanout import Chunk, FanOutStreams
from bot.store.key_registry import chat_shard
from bot.store.pending_items import field_of, item_of, items_of, value_of
from tests.store_values import NOON

CHAT = ChatId(42)
STORY = StoryId("abcdefghijkl")
TOPIC = ThreadId(7)
HOLDER = Holder("me", "1")

TIMES = st.integers(1, 4_000_000_000_000).map(from_milliseconds)
ITEMS = st.builds(
    PendingItem,
    story=st.from_regex(r"\A[0-9a-z]{12}\Z").map(StoryId),
    thread=st.integers(0, 2**31).map(ThreadId),
    version=st.integers(1, 10_000),
    delivery_class=st.sampled_from(DeliveryClass),
    raised=TIMES,
    not_before=st.one_of(st.just(from_milliseconds(0)), TIMES),
    attempts=st.integers(0, 50),
)


@given(item=ITEMS)
def test_every_item_is_read_as_it_was_written(item: PendingItem) -> None:
    assert item_of(field_of(item).encode(), value_of(item).encode()) == item


@given(item=ITEMS)
def test_every_item_fits_a_packed_hash(item: PendingItem) -> None:
    assert max(len(field_of(item)), len(value_of(item))) <= 64


@pytest.mark.parametrize("value", [b"", b"1|2", b"1|9|5", b"one|2|5", b"1|2|5|0|0|0"])
def test_what_cannot_be_read_is_left_out(value: bytes) -> None:
    assert items_of({STORY.encode(): value, b"b" * 12: b"1|2|5"})[0].story == "b" * 12


async def raised(database: Database, thread: ThreadId, version: int = 1) -> None:
    event = FanOutEvent(EventKind.WIDER, (STORY,), version, ("all",), NOON)
    chunk = Chunk(chat_shard(CHAT), (Target(CHAT, thread),))
    await FanOutStreams(database).raise_in(chunk, event)


async def test_scripts_write_what_python_writes(database: Database) -> None:
    queue = DeliveryQueue(database, Rate(20, timedelta(minutes=1)))
    for thread in (NO_THREAD, TOPIC):
        await raised(database, thread)
    for fate, wait in ((Fate.WAIT, timedelta(minutes=3)), (Fate.RETRY, timedelta(seconds=0))):
        stored = await database.command("HGETALL", keys.pending(CHAT))
        items = (await queue.read(CHAT)).items
        assert {item.thread for item in items} == {NO_THREAD, TOPIC}
        assert stored == {field_of(item).encode(): value_of(item).encode() for item in items}
        until = database.clock.now() + wait
        settlements = [Settlement(item, fate, not_before=until) for item in items]
        await queue.settle(CHAT, HOLDER, settlements, release=True)
        await raised(database, TOPIC, version=2)
    first, second = sorted((await queue.read(CHAT)).items, key=lambda item: item.thread)
    assert (first.version, first.attempts) == (1, 1)
    assert (second.version, second.attempts) == (2, 1)


async def test_what_cannot_be_read_is_dropped_and_the_chat_goes_on(database: Database) -> None:
    """As a hash of an earlier form, or one of chance."""
    queue = DeliveryQueue(database, Rate(20, timedelta(minutes=1)))
    await raised(database, NO_THREAD)
    earlier = {f"{STORY}:0": "1|2|5|0|0", "other": "nonsense"}
    for field, value in earlier.items():
        await database.command("HSET", keys.pending(CHAT), field, value)
    (item,) = (await queue.read(CHAT)).items
    done = Settlement(item, Fate.DONE, item.version)
    await queue.settle(CHAT, HOLDER, (done,), release=True)
    assert not await database.command("EXISTS", keys.pending(CHAT))
    assert await queue.peek() == {}
