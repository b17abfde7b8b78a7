"""The sandbox's Bot API in a process of its own, so that its work is not counted as the bot's.

Run by `serving()`; prints its address and ends with its standard input.
"""

import asyncio
import sys
from argparse import ArgumentParser
from contextlib import AbstractAsyncContextManager

import uvloop

from benchmarks.children import child
from sandbox import Sandbox

FIRST_PERSON = 100_000
"""Ids of the people who pressed Start: so many from here on."""


def serving(people: int, *, limits: bool = False) -> AbstractAsyncContextManager[str]:
    """The address of a Bot API at which so many people have started the bot."""
    options = ["--people", str(people), *(["--limits"] if limits else [])]
    return child("benchmarks.telegram_server", *options)


async def _serve(people: int, limits: bool) -> None:
    sandbox = Sandbox(enforce_limits=limits)
    for person in range(FIRST_PERSON, FIRST_PERSON + people):
        sandbox.world.add_person(person, f"Person {person}", f"person_{person}", "en", started=True)
    print(await sandbox.start(), flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await sandbox.stop()


def _main() -> None:
    parser = ArgumentParser()
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--limits", action="store_true")
    options = parser.parse_args()
    uvloop.run(_serve(options.people, options.limits))


if __name__ == "__main__":
    _main()
