"""The parsing process: `python -m bot.services.parsing_worker`, fed through its standard input.

Frames are a length of four bytes and a pickle, in both directions; both ends are this program.
It ends with its input: when the bot is killed, the pipe closes and the worker goes too. Imports
nothing but the parser, and may not take more memory than MEMORY.
"""

import os
import pickle
import resource
import sys
from contextlib import suppress
from typing import Any, BinaryIO

from bot.errors import FeedError, FeedTrouble
from bot.models.entries import ParsedFeed
from bot.news.parse import parse_document

LENGTH = 4
"""Bytes of a frame's length, big end first."""
MEMORY = 1024**3
"""Bytes of address space: ten times what the largest document of the fetcher's limit takes."""

Answer = ParsedFeed | FeedError


def frame(value: object) -> bytes:
    """A value as it is written."""
    body = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    return len(body).to_bytes(LENGTH, "big") + body


def answer(body: bytes, url: str, content_type: str) -> Answer:
    """What the parser says, its refusal included."""
    try:
        return parse_document(body, url=url, content_type=content_type)
    except FeedError as error:
        return error
    except (MemoryError, RecursionError):
        return FeedError(FeedTrouble.BROKEN, "This feed takes too much memory to read.")


def _read(source: BinaryIO) -> Any:
    """The next value; None at the end, also in the middle of a frame."""
    head = source.read(LENGTH)
    length = int.from_bytes(head, "big")
    body = source.read(length) if len(head) == LENGTH else b""
    return pickle.loads(body) if body and len(body) == length else None


def main() -> None:
    """Answer until the input ends."""
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    while (request := _read(sys.stdin.buffer)) is not None:
        try:
            sys.stdout.buffer.write(frame(answer(*request)))
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            # The bot was killed meanwhile. Python would try to write the rest once more at exit.
            os._exit(0)


if __name__ == "__main__":
    main()
