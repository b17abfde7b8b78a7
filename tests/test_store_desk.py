"""Operators' orders to the desk."""

import pytest

from bot.errors import BacklogError
from bot.models.identifiers import StoryId, UserId
from bot.store.client import Database
from bot.store.desk import OrderKind, OrderStore


async def test_orders_wait_until_they_are_done(database: Database) -> None:
    orders = OrderStore(database)
    for story in ("a", "b"):
        await orders.order(OrderKind.FLASH, StoryId(story), UserId(7))
    first, second = await orders.orders()
    assert (first.kind, first.story, first.by) == (OrderKind.FLASH, "a", 7)
    assert first.at <= database.clock.now()
    await orders.done(first.id)
    await orders.done(first.id)
    assert await orders.orders() == [second]


async def test_too_many_orders_are_refused(database: Database) -> None:
    orders = OrderStore(database, cap=1)
    await orders.order(OrderKind.FLASH, StoryId("a"), UserId(7))
    with pytest.raises(BacklogError, match="wait for the desk"):
        await orders.order(OrderKind.FLASH, StoryId("b"), UserId(7))
    (waiting,) = await orders.orders()
    await orders.done(waiting.id)
    await orders.order(OrderKind.FLASH, StoryId("b"), UserId(7))


async def test_an_order_can_be_done_when_memory_is_full(database: Database) -> None:
    orders = OrderStore(database)
    await orders.order(OrderKind.FLASH, StoryId("a"), UserId(7))
    (waiting,) = await orders.orders()
    await database.command("CONFIG SET", "maxmemory", "1")
    await orders.done(waiting.id)
    assert await orders.orders() == []
