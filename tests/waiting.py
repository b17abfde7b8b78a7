"""Waiting for a condition in tests, instead of sleeping for a guess."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar, overload

Value = TypeVar("Value")


@overload
async def eventually(
    condition: Callable[[], Coroutine[Any, Any, Value | None]], *, seconds: float = 20.0
) -> Value: ...


@overload
async def eventually(condition: Callable[[], Value | None], *, seconds: float = 20.0) -> Value: ...


async def eventually(condition: Callable[[], Any], *, seconds: float = 20.0) -> Any:
    """Return the condition's first true value; fail with TimeoutError after the deadline."""
    pause = asyncio.Event()
    async with asyncio.timeout(seconds):
        while True:
            value = condition()
            if isinstance(value, Awaitable):
                value = await value
            if value:
                return value
            try:
                await asyncio.wait_for(pause.wait(), 0.02)
            except TimeoutError:
                continue
