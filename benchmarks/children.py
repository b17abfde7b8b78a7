"""Servers of benchmarks as processes of their own: their work is not counted as the bot's."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def child(module: str, *options: str) -> AsyncIterator[str]:
    """The first line that `python -m module` prints: its address. It ends with its standard input.

    Raises RuntimeError when it does not start.
    """
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module, *options),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        line = await process.stdout.readline()
        if not line:
            raise RuntimeError(f"{module} did not start.")
        yield line.decode().strip()
    finally:
        process.stdin.close()
        await process.wait()
