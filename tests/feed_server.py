"""An HTTP server on loopback that answers as a test tells it to, below HTTP's rules if need be."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

Answer = Callable[["Exchange"], Awaitable[None]]


@dataclass(slots=True)
class Exchange:
    """One request and the way to answer it."""

    target: str
    lines: list[bytes]
    writer: asyncio.StreamWriter
    close: bool = False

    def header(self, name: str) -> bytes | None:
        """The value of a request's header, byte for byte."""
        prefix = name.lower().encode() + b":"
        found = [line for line in self.lines if line.lower().startswith(prefix)]
        return found[0].partition(b":")[2].strip() if found else None

    async def raw(self, data: bytes) -> None:
        """Write bytes as they are."""
        self.writer.write(data)
        await self.writer.drain()

    async def reply(
        self, body: bytes = b"", *, status: str = "200 OK", headers: bytes = b""
    ) -> None:
        """A whole answer; `headers` are lines that end in CRLF."""
        length = f"Content-Length: {len(body)}\r\n".encode()
        await self.raw(f"HTTP/1.1 {status}\r\n".encode() + headers + length + b"\r\n" + body)


@dataclass(slots=True)
class FeedServer:
    """Answers by the request's target; remembers every request."""

    answers: dict[str, Answer] = field(default_factory=dict)
    requests: list[Exchange] = field(default_factory=list)
    connections: int = 0
    host: str = "127.0.0.1"
    _server: asyncio.Server | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def url(self, target: str = "/") -> str:
        """The address of a target."""
        return f"http://{self.host}:{self.port}{target}"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, self.host, 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while not reader.at_eof():
                head = await reader.readuntil(b"\r\n\r\n")
                first, *lines = head.strip().split(b"\r\n")
                exchange = Exchange(first.split()[1].decode(), lines, writer)
                self.requests.append(exchange)
                await self.answers[exchange.target](exchange)
                if exchange.close:
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # The client or the test is done with this connection.
        finally:
            self._tasks.discard(task)
            writer.close()
