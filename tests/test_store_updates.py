"""The inbox of updates in Redis: taken once, claimed by one, judged by who lived through it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from bot.errors import FullError, StoreError
from bot.store import keys_updates
from bot.store.client import Database
from bot.store.updates import Taken, UpdateInbox
from tests.update_stage import emptied, new_update, waiting


async def claimed(inbox: UpdateInbox, owner: str, request: str = "1", **changes: Any) -> list[int]:
    found = await inbox.claim(owner, request, **{"most": 16, "known": False, **changes})
    assert found is not None
    return [update.number for update in found]


async def test_only_who_lived_through_it_judges_the_others(database: Database) -> None:
    inbox = UpdateInbox(database)
    await inbox.take(new_update(1))
    assert await claimed(inbox, "a") == [1]
    database.clock.offset = timedelta(seconds=10)
    assert await claimed(inbox, "b") == []
    assert await claimed(inbox, "b", "2", known=True, silent_for=timedelta(seconds=4)) == [1]
    assert await inbox.claim("a", "2", most=16, known=True) is None


async def test_a_claim_whose_answer_was_lost_is_answered_again(database: Database) -> None:
    inbox = UpdateInbox(database)
    for number in (1, 2):
        await inbox.take(new_update(number, chat=number))
    assert await claimed(inbox, "a") == [1, 2]
    await inbox.take(new_update(3, chat=3))
    assert await claimed(inbox, "a", again=True) == [1, 2]
    assert await claimed(inbox, "a", "2", known=True) == [3]


async def test_done_is_answered_the_same_twice_and_only_to_who_holds_the_claim(
    database: Database,
) -> None:
    inbox = UpdateInbox(database)
    for number in (1, 2):
        await inbox.take(new_update(number))
    (first,) = await inbox.claim("a", "1", most=1, known=False) or []
    again = [await inbox.done(first), await inbox.done(first)]
    assert [update and update.number for update in again] == [2, 2]
    assert again[0] is not None
    await inbox.leave("a")
    assert await inbox.done(again[0]) is None
    assert await claimed(inbox, "b") == [2]


async def test_a_server_that_stood_still_stores_nothing_afterwards(database: Database) -> None:
    inbox = UpdateInbox(database)
    with pytest.raises(StoreError, match="in time"):
        await inbox.take(new_update(1), within=timedelta(milliseconds=-10))
    assert await waiting(database) == 0
    assert await inbox.take(new_update(1)) is Taken.STORED


async def test_a_full_redis_takes_nothing_in_but_lets_out_what_it_has(database: Database) -> None:
    inbox = UpdateInbox(database)
    for number in (1, 2):
        await inbox.take(new_update(number))
    await database.command("CONFIG SET", "maxmemory", "1")
    with pytest.raises(FullError):
        await inbox.take(new_update(3))
    (first,) = await inbox.claim("a", "1", most=1, known=False) or []
    second = await inbox.done(first)
    assert second is not None
    assert second.number == 2
    assert await inbox.done(second) is None
    assert await emptied(database)
    assert await inbox.hold_polling("token", timedelta(seconds=4))
    await database.command("CONFIG SET", "maxmemory", "0")
    assert await inbox.take(new_update(3)) is Taken.STORED


async def test_what_comes_at_the_same_moment_is_stored_in_order(database: Database) -> None:
    inbox = UpdateInbox(database)
    numbers = list(range(65_530, 65_545))
    taken = await asyncio.gather(*(inbox.take(new_update(number)) for number in numbers))
    assert set(taken) == {Taken.STORED}
    (first,) = await inbox.claim("a", "1", most=1, known=False) or []
    handled, current = [first.number], await inbox.done(first)
    while current is not None:
        handled.append(current.number)
        current = await inbox.done(current)
    assert handled == numbers
    assert await inbox.take(new_update(65_536)) is Taken.SEEN


async def test_one_process_polls_at_a_time(database: Database) -> None:
    inbox, life = UpdateInbox(database), timedelta(seconds=30)
    assert await inbox.hold_polling("a", life)
    assert not await inbox.hold_polling("b", life)
    assert await inbox.hold_polling("a", life)
    await inbox.leave_polling("b")
    assert not await inbox.hold_polling("b", life)
    await inbox.leave_polling("a")
    assert await inbox.hold_polling("b", life)


async def test_waiting_ends_when_something_came(database: Database) -> None:
    inbox = UpdateInbox(database)
    await inbox.take(new_update(1))
    assert await inbox.wait(timedelta(seconds=5)) is None
    await inbox.put_inline(b'{"update_id": 2}')
    assert await inbox.wait(timedelta(seconds=5)) == b'{"update_id": 2}'
    assert await database.command("EXISTS", keys_updates.wake(), keys_updates.inline()) == 0
