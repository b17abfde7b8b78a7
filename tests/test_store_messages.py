"""Records of messages: kept for a while, changed by several processes without losing anything."""

import asyncio
from dataclasses import replace

import pytest

from bot.models.identifiers import NO_THREAD, ChatId, MessageId, StoryId
from bot.store import keys_deliveries as keys
from bot.store.client import Database
from bot.store.messages import MessageStore, MessageStories

CHAT, MESSAGE = ChatId(42), MessageId(9)
LISTED = MessageStories(NO_THREAD, (StoryId("a" * 12), StoryId("b" * 12)))


@pytest.fixture
def messages(database: Database) -> MessageStore:
    return MessageStore(database)


async def test_a_message_remembers_its_stories(messages: MessageStore) -> None:
    await messages.save(CHAT, MESSAGE, LISTED)
    assert await messages.get(CHAT, MESSAGE) == LISTED
    assert await messages.get(CHAT, MessageId(10)) is None
    assert await messages.change(CHAT, MessageId(10), lambda each: each) is None


async def test_who_turns_a_page_and_who_edits_do_not_undo_each_other(
    messages: MessageStore,
) -> None:
    await messages.save(CHAT, MESSAGE, LISTED)
    edits = [
        messages.change(CHAT, MESSAGE, lambda each: replace(each, edits=each.edits + 1))
        for _ in range(6)
    ]
    turn = messages.change(CHAT, MESSAGE, lambda each: replace(each, page=3))
    await asyncio.gather(*edits, turn)
    assert await messages.get(CHAT, MESSAGE) == replace(LISTED, edits=6, page=3)


async def test_a_change_does_not_lengthen_its_life(
    messages: MessageStore, database: Database
) -> None:
    await messages.save(CHAT, MESSAGE, LISTED)
    await database.command("EXPIRE", keys.message(CHAT, MESSAGE), 60)
    await messages.change(CHAT, MESSAGE, lambda each: replace(each, page=1))
    assert 0 < await database.command("TTL", keys.message(CHAT, MESSAGE)) <= 60


async def test_records_of_earlier_releases_are_read(
    messages: MessageStore, database: Database
) -> None:
    old = b'{"v":1,"thread":0,"stories":["aaaaaaaaaaaa","bbbbbbbbbbbb"]}'
    await database.command("SET", keys.message(CHAT, MESSAGE), old)
    assert await messages.get(CHAT, MESSAGE) == LISTED
