"""The inbox of updates: each once, in order within a chat, side by side otherwise, none kept."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import orjson
import pytest

from bot.errors import StoreError
from bot.services.updates import UpdateIntake
from bot.store import keys_updates
from bot.store.client import Database
from bot.store.updates import WAITING_MOST, UpdateInbox
from tests.update_stage import (
    Handler,
    Handling,
    Json,
    emptied,
    inline_query,
    membership,
    message,
    new_update,
    nobody,
    waiting,
)
from tests.waiting import eventually


async def claimed(inbox: UpdateInbox, owner: str, request: str = "1", **changes: Any) -> list[int]:
    found = await inbox.claim(owner, request, **{"most": 16, "known": False, **changes})
    assert found is not None
    return [update.number for update in found]


async def test_a_slow_chat_keeps_its_order_and_holds_up_nobody(database: Database) -> None:
    async with Handling(database) as process:
        for number in range(5):
            await process.intake.take(message(number))
        await process.intake.take(message(99, chat=43))
        await eventually(lambda: process.handler.handled == [99])
        process.handler.go.set()
        await eventually(lambda: process.handler.handled == [99, 0, 1, 2, 3, 4])
        await eventually(lambda: emptied(database))


async def test_an_update_is_taken_once(database: Database) -> None:
    async with Handling(database) as process:
        batch = [message(number, chat=50 + number % 3) for number in (65_534, 65_535, 65_536)]
        assert await process.intake.take_all(batch + batch) == [True] * 6
        assert await process.intake.take_all(batch) == [True] * 3
        await eventually(lambda: len(process.handler.handled) == 3)
        await eventually(lambda: emptied(database))
        assert await process.intake.take(batch[0])
        await process.intake.take(message(1, chat=43))
        await eventually(lambda: process.handler.handled[-1] == 1)
        assert sorted(process.handler.handled) == [1, 65_534, 65_535, 65_536]


async def test_a_chat_that_asks_too_much_fills_nobody_elses_inbox(database: Database) -> None:
    async with Handling(database) as process:
        await process.intake.take_all([message(number) for number in range(WAITING_MOST + 20)])
        assert await waiting(database) == WAITING_MOST
        await process.intake.take(membership(500))
        assert await waiting(database) == WAITING_MOST + 1
        process.handler.go.set()
        await eventually(lambda: process.handler.handled[-1:] == [500])
        await process.intake.take(message(501))
        await eventually(lambda: process.handler.handled[-1] == 501)


async def test_more_chats_than_fit_at_once_are_all_handled(database: Database) -> None:
    async with Handling(database) as process:
        batch = [message(number, chat=1_000 + number) for number in range(300)]
        await asyncio.gather(*(process.intake.take(raw) for raw in batch))
        await eventually(lambda: len(process.handler.handled) == 300)
        await eventually(lambda: emptied(database))


async def test_what_was_handled_leaves_the_inbox_even_if_redis_was_away(
    database: Database, redis_url: str
) -> None:
    async with Handling(database) as process:
        await process.intake.take(message(1))
        await eventually(lambda: process.handler.begun == [1])
        async with refusing(redis_url):
            process.handler.go.set()
            await eventually(lambda: process.handler.handled == [1])
        await eventually(lambda: emptied(database))
        assert process.handler.handled == [1]


@asynccontextmanager
async def refusing(redis_url: str) -> AsyncIterator[None]:
    """Redis refuses everybody's commands meanwhile."""
    async with await Database.open(redis_url) as other:
        await other.command("CONFIG SET", "requirepass", "away")
        await other.command("CLIENT KILL", "TYPE", "normal")
        try:
            yield
        finally:
            await other.command("CONFIG SET", "requirepass", "")


async def test_a_handler_during_which_redis_went_away_runs_again(database: Database) -> None:
    class Failing(Handler):
        async def handle(self, raw: Json) -> None:
            await super().handle(raw)
            if len(self.handled) == 1:
                raise StoreError("Redis does not answer.")

    async with Handling(database, Failing()) as process:
        await process.intake.take(message(1, chat=43))
        await eventually(lambda: process.handler.handled == [1, 1])
        await eventually(lambda: emptied(database))


async def test_an_update_that_breaks_its_handler_is_not_repeated(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken(Handler):
        async def handle(self, raw: Json) -> None:
            await super().handle(raw)
            raise ValueError("broken")

    async with Handling(database, Broken()) as process:
        await process.intake.take_all([message(1, chat=43), message(2, chat=43)])
        await eventually(lambda: process.handler.handled == [1, 2])
        await eventually(lambda: emptied(database))
        assert "could not be handled" in caplog.text


async def test_two_processes_share_the_chats_and_handle_nothing_twice(database: Database) -> None:
    async with Handling(database) as first, Handling(database) as second:
        batch = [message(number, chat=1_000 + number % 100) for number in range(400)]
        await asyncio.gather(*(first.intake.take(raw) for raw in batch))
        both = (first.handler, second.handler)
        await eventually(lambda: sum(len(each.handled) for each in both) == 400)
        await eventually(lambda: emptied(database))
        assert sorted(first.handler.handled + second.handler.handled) == list(range(400))
        for handler in both:
            for chat in range(100):
                of_chat = [number for number in handler.handled if number % 100 == chat]
                assert of_chat == sorted(of_chat)


async def test_what_a_living_process_handles_is_left_to_it(database: Database) -> None:
    async with Handling(database) as old:
        await old.intake.take_all([message(1), message(2)])
        await eventually(lambda: old.handler.begun == [1])
        async with Handling(database) as new:
            await new.intake.take(message(3))
            await new.intake.take(message(4, chat=43))
            await eventually(lambda: 4 in old.handler.handled + new.handler.handled)
            assert new.handler.begun in ([], [4])
            old.handler.go.set()
            await eventually(lambda: old.handler.handled[-3:] == [1, 2, 3])


async def test_a_process_that_ends_gives_back_what_it_has_not_begun(database: Database) -> None:
    old = Handling(database)
    await old.intake.take_all([message(1), message(2)])
    await eventually(lambda: old.handler.begun == [1])
    stopping = asyncio.create_task(old.stop())
    await eventually(lambda: old.stopping.requested)
    old.handler.go.set()
    await stopping
    assert old.handler.handled == [1]
    async with Handling(database) as new:
        new.handler.go.set()
        await eventually(lambda: new.handler.handled == [2])


async def test_what_a_dead_process_had_is_taken_over(database: Database) -> None:
    inbox = UpdateInbox(database)
    await inbox.take(new_update(1, chat=43))
    assert await claimed(inbox, "dead") == [1]
    async with Handling(database) as living:
        await eventually(lambda: living.handler.handled == [1])
        await eventually(lambda: emptied(database))


async def test_a_process_that_was_taken_for_dead_lets_go(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with Handling(database) as process:
        await process.intake.take(message(1))
        await eventually(lambda: process.handler.begun == [1])
        # What another process does that did not hear of this one.
        await database.command("DEL", keys_updates.owners(), keys_updates.claims())
        await database.command("ZADD", keys_updates.ready(), 0, 42)
        await eventually(lambda: process.handler.begun == [1, 1])
        process.handler.go.set()
        await eventually(lambda: process.handler.handled == [1])
        await eventually(lambda: emptied(database))
        assert "silent for too long" in caplog.text


async def test_an_inline_query_of_another_process_is_handled_soon_or_never(
    database: Database,
) -> None:
    inbox = UpdateInbox(database)
    await inbox.put_inline(orjson.dumps(inline_query(1)))
    database.clock.offset = timedelta(seconds=31)
    await inbox.put_inline(orjson.dumps(inline_query(2)))
    async with Handling(database) as process:
        await eventually(lambda: process.handler.handled == [2])
        web = UpdateIntake(inbox, lambda raw: inbox.put_inline(orjson.dumps(raw)), nobody)
        assert await web.take(inline_query(3))
        assert await web.take(inline_query(3))
        await eventually(lambda: process.handler.handled == [2, 3])


async def test_an_update_of_an_unknown_form_keeps_back_nobody(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with Handling(database) as process:
        odd = {"update_id": 1, "message": {"chat": "nobody"}}
        assert await process.intake.take_all([odd, message(2, chat=43)]) == [True, True]
        await eventually(lambda: process.handler.handled == [2])
        assert "unknown form" in caplog.text
