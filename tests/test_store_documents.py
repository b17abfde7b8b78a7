"""Values survive their documents; documents of other releases are told apart."""

from dataclasses import fields, is_dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import StoreError
from bot.models.chats import Chat, Settings
from bot.models.deliveries import DeliveryClass, FanOutEvent, PendingItem, SentRecord
from bot.models.entries import Entry
from bot.models.feeds import Feed, PollState
from bot.models.identifiers import FeedId, MessageId, StoryId, ThreadId
from bot.models.stories import Breaking, Report, Story
from bot.models.subscriptions import Subscription
from bot.store.clock import EPOCH
from bot.store.documents import dump, load
from tests.store_values import (
    NOON,
    a_chat,
    a_feed,
    a_state,
    a_story,
    a_subscription,
    an_entry,
    an_event,
    breaking,
)

VALUES = [
    a_feed(),
    a_feed(topic=None, added_by=None, trusted=True),
    a_state(),
    a_state(last_success=None, last_poll=None, interval=timedelta(seconds=1.5)),
    an_entry(),
    an_entry(picture=None, related=()),
    a_story("abc", an_entry("one"), an_entry("two"), breaking=breaking(), aliases=("x", "y")),
    a_chat(),
    a_subscription(),
    an_event(a_story("abc")),
    PendingItem(StoryId("abc"), ThreadId(3), 2, DeliveryClass.NEWS, NOON, NOON, 1),
    SentRecord(MessageId(9), 2, NOON, "print", rang=True, edited_at=NOON),
]


@pytest.mark.parametrize("value", VALUES, ids=lambda value: type(value).__name__)
def test_a_value_survives(value: object) -> None:
    assert load(type(value), dump(value)) == value


def a_time() -> st.SearchStrategy[datetime]:
    return st.integers(0, 2**52).map(lambda value: EPOCH + timedelta(microseconds=value))


for kind, strategy in {
    datetime: a_time(),
    timedelta: st.integers(0, 10**9).map(lambda value: timedelta(milliseconds=value)),
    time: st.times(),
    str: st.text(st.characters(codec="utf-8")),
    int: st.integers(-(2**53), 2**53),
}.items():
    st.register_type_strategy(kind, strategy)


@pytest.mark.parametrize(
    "kind",
    [
        Feed,
        PollState,
        Entry,
        Report,
        Breaking,
        Chat,
        Settings,
        Subscription,
        FanOutEvent,
        PendingItem,
        SentRecord,
    ],
    ids=lambda kind: kind.__name__,
)
@given(data=st.data())
def test_any_value_survives(kind: type[Any], data: st.DataObject) -> None:
    value = data.draw(st.from_type(kind))
    assert load(kind, dump(value)) == value


def test_what_a_newer_release_added_is_ignored() -> None:
    document = orjson.loads(dump(a_story("abc", breaking=breaking())))
    document["mood"] = "calm"
    document["breaking"]["weight"] = 3
    document["reports"][0]["colour"] = "red"
    assert load(Story, orjson.dumps(document)) == a_story("abc", breaking=breaking())


def test_what_an_older_release_did_not_write_takes_its_default() -> None:
    document = orjson.loads(dump(a_chat(paused="The bot was blocked.")))
    del document["paused"], document["username"]
    assert load(Chat, orjson.dumps(document)) == a_chat()


@pytest.mark.parametrize("version", [0, 2, "1", None, 1.0])
def test_an_unknown_version_is_refused(version: object) -> None:
    document = orjson.loads(dump(a_feed())) | {"v": version}
    if version == 1.0:
        assert load(Feed, orjson.dumps(document)) == a_feed()
        return
    with pytest.raises(StoreError, match="A stored Feed has version"):
        load(Feed, orjson.dumps(document))


@pytest.mark.parametrize(
    "document", [b"", b"[]", b"null", b"{}", b'{"v":1}', b'{"v":1,"id":3}', b"\xff"]
)
def test_what_is_no_document_is_refused(document: bytes) -> None:
    with pytest.raises(StoreError, match="A stored Feed"):
        load(Feed, document)


def test_a_field_of_another_type_is_refused() -> None:
    document = orjson.loads(dump(a_feed()))
    for name, wrong in {"trusted": 1, "title": None, "topic": "gossip", "added_by": "7"}.items():
        with pytest.raises(StoreError, match="cannot be read"):
            load(Feed, orjson.dumps(document | {name: wrong}))


def test_every_field_is_written() -> None:
    for value in VALUES:
        assert is_dataclass(value)
        written = orjson.loads(dump(value))
        assert set(written) == {field.name for field in fields(value)} | {"v"}


def test_a_document_is_plain_json() -> None:
    assert dump(replace(a_feed(), id=FeedId("1"), title="Ж")).startswith(b'{"v":1,"id":"1",')
