"""Dead letters and the bot's standing with Telegram, as Redis keeps them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.models.deliveries import DeadLetter, DeliveryClass
from bot.models.identifiers import NO_THREAD, ChatId, StoryId, ThreadId
from bot.store import keys_deliveries
from bot.store.client import Database
from bot.store.dead_letters import DeadLetterStore, LetterCounts
from bot.store.standing import Standing
from tests.store_values import NOON


@pytest.fixture
def letters(database: Database) -> DeadLetterStore:
    return DeadLetterStore(database)


def a_letter(number: int = 0, **changes: object) -> DeadLetter:
    letter = DeadLetter(
        chat=ChatId(-1001234567890 - number),
        thread=NO_THREAD,
        story=StoryId(f"{number:012d}"),
        version=3,
        delivery_class=DeliveryClass.NEWS,
        reason="The message is too long. (Telegram: Bad Request: message is too long)",
        at=NOON + timedelta(seconds=number),
        text="<b>A headline</b>",
    )
    return replace(letter, **changes)  # type: ignore[arg-type]


async def test_letters_of_all_shards_are_read_in_pages_newest_first(
    letters: DeadLetterStore,
) -> None:
    for number in range(30):
        await letters.bury(a_letter(number))
    pages = [await letters.newest(first, 8) for first in (0, 8, 16, 24, 32)]
    assert [each for page in pages for each in page] == [a_letter(n) for n in range(29, -1, -1)]
    assert await letters.counts() == LetterCounts(30, 0)


async def test_buried_twice_is_one_letter_with_the_last_reason(letters: DeadLetterStore) -> None:
    await letters.bury(a_letter())
    again = a_letter(reason="Too many tries.", at=NOON + timedelta(hours=1))
    await letters.bury(again)
    assert await letters.newest(0, 8) == (again,)
    assert await letters.get(again.chat, again.thread, again.story) == again
    topic = a_letter(thread=ThreadId(5))
    await letters.bury(topic)
    assert len(await letters.newest(0, 8)) == 2


async def test_only_the_letter_that_was_read_is_removed(letters: DeadLetterStore) -> None:
    await letters.bury(a_letter())
    again = a_letter(at=NOON + timedelta(milliseconds=1))
    await letters.bury(again)
    assert not await letters.remove(a_letter())
    assert await letters.newest(0, 8) == (again,)
    assert await letters.remove(again)
    assert not await letters.remove(again)
    assert await letters.counts() == LetterCounts(0, 0)
    assert await letters.get(again.chat, again.thread, again.story) is None


async def test_the_oldest_go_and_are_counted(database: Database) -> None:
    letters = DeadLetterStore(database, most=3)
    same = [
        a_letter(chat=ChatId(42), story=StoryId(f"{n}"), at=NOON + n * timedelta(seconds=1))
        for n in range(5)
    ]
    for letter in same:
        await letters.bury(letter)
    assert await letters.newest(0, 8) == tuple(reversed(same[2:]))
    assert await letters.counts() == LetterCounts(3, 2)
    assert await letters.get(ChatId(42), NO_THREAD, StoryId("0")) is None


async def test_a_full_memory_does_not_stop_what_makes_room(database: Database) -> None:
    letters = DeadLetterStore(database)
    await letters.bury(a_letter())
    await database.command("CONFIG SET", "maxmemory", "1")
    again = a_letter(at=NOON + timedelta(hours=1))
    await letters.bury(again)
    assert await letters.remove(again)


async def test_all_until_a_moment(letters: DeadLetterStore) -> None:
    for number in range(230):
        await letters.bury(a_letter(number))
    moment = NOON + timedelta(seconds=199)
    found = [each async for each in letters.until(moment)]
    assert sorted(each.at for each in found) == [
        NOON + timedelta(seconds=number) for number in range(200)
    ]


async def test_doubts_are_counted_for_a_week(database: Database) -> None:
    standing = Standing(database)
    assert await standing.doubts() == 0
    await standing.doubt()
    database.clock.offset += timedelta(days=3)
    await standing.doubt()
    assert await standing.doubts() == 2
    database.clock.offset += timedelta(days=4)
    assert await standing.doubts() == 1


async def test_a_refused_token_is_told_once_and_pauses_everyone(database: Database) -> None:
    standing = Standing(database)
    assert await standing.token_trouble() == ""
    assert await standing.refuse_token("Check BOT_TOKEN.")
    assert not await Standing(database).refuse_token("Check BOT_TOKEN.")
    assert await standing.token_trouble() == "Check BOT_TOKEN."
    assert await database.command("EXISTS", keys_deliveries.pause()) == 1
    await standing.accept_token()
    assert await standing.token_trouble() == ""
    assert await database.command("EXISTS", keys_deliveries.pause()) == 0
