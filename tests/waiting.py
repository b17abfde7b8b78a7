"""Waiting for a condition in tests, instead of sleeping for a guess."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

Value = TypeVar("Value")


async def eventually(
    condition: Callable[[], Awaitable[Value] | Value], *, seconds: float = 20.0
) -> Value:
    """Return the condition's first true value; fail with its last value after the deadline."""
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
