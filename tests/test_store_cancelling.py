"""Calls to Redis that are cancelled: at whatever moment, the caller ends."""

import asyncio

import pytest

from bot.store.client import Database

TURNS = 25
"""Of the event loop; a call takes about ten."""


async def a_turn() -> None:
    """Let everybody else go on once."""
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    loop.call_soon(over.set_result, None)
    await over


@pytest.mark.parametrize("most", ["one", "many"])
async def test_a_cancellation_is_never_lost(database: Database, most: str) -> None:
    async def ask_for_ever() -> None:
        while True:
            batch = database.batch()
            for _ in range(3 if most == "many" else 1):
                batch.command("GET", "{pace}:nothing")
            await batch.run()

    for turns in range(TURNS):
        for _ in range(8):
            asking = asyncio.create_task(ask_for_ever())
            for _ in range(turns):
                await a_turn()
            asking.cancel()
            done, _ = await asyncio.wait([asking], timeout=5)
            assert done, f"still asking when cancelled after {turns} turns"
            assert asking.cancelled()


async def test_a_cancellation_is_never_lost_while_a_server_is_looked_at(redis_url: str) -> None:
    async def open_for_ever() -> None:
        while True:
            async with await Database.open(redis_url) as database:
                await database.facts()

    for turns in range(0, 4 * TURNS, 2):
        asking = asyncio.create_task(open_for_ever())
        for _ in range(turns):
            await a_turn()
        asking.cancel()
        done, _ = await asyncio.wait([asking], timeout=5)
        assert done, f"still looking when cancelled after {turns} turns"
        assert asking.cancelled()
