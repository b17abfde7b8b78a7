"""A Bot API that accepts every message at once, in a process of its own.

The sandbox is strict and therefore slower than a sender; where two senders are to be told from
one, Telegram must not be what holds them up. Run by `instant_serving()`; prints its address and
ends with its standard input.
"""

import asyncio
import sys
from contextlib import AbstractAsyncContextManager
from itertools import count
from typing import cast

import uvloop

from benchmarks.children import child

ME = b'{"ok":true,"result":{"id":1,"is_bot":true,"first_name":"Bot","username":"bot"}}'
SENT = (
    b'{"ok":true,"result":{"message_id":%d,"date":1,"chat":{"id":%d,"type":"private"},'
    b'"from":{"id":1,"is_bot":true,"first_name":"Bot"},"text":"A story"}}'
)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
LENGTH = b"content-length: "


class Answering(asyncio.Protocol):
    """One connection: a request is read to its end and answered."""

    numbers = count(1)

    def __init__(self) -> None:
        self._read = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        # uvloop's transports are of no common class.
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        """Answer every whole request."""
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            head = self._read[:end].lower()
            at = head.find(LENGTH)
            length = int(head[at + len(LENGTH) :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(self._read) < end + 4 + length:
                return
            self._read = self._read[end + 4 + length :]
            asks_who = b"/getme" in head.split(b"\r\n", 1)[0]
            body = ME if asks_who else SENT % (next(self.numbers), 1)
            self._transport.write(HEAD % len(body) + body)


def instant_serving() -> AbstractAsyncContextManager[str]:
    """The address of such a Bot API."""
    return child("benchmarks.instant_telegram")


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{port}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    uvloop.run(_serve())
