"""Redis as the stores see it: commands, batches and Lua scripts, their errors as StoreError.

One server or a cluster, by the address. Knows no key and no document; redis-py is in
connections.py and cluster.py.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from bot.errors import StoreError
from bot.store import requests
from bot.store.clock import Clock
from bot.store.cluster import Cluster, is_cluster
from bot.store.connections import SCRIPTS, LoadingError, Server, checked, script_source, shown
from bot.store.requests import Argument, Request

__all__ = ["SCRIPTS", "Argument", "Batch", "Database", "LoadingError", "Script", "ServerFacts"]

Answer = TypeVar("Answer")

OLDEST_SERVER = (6, 2)
REQUEST_TIMEOUT = timedelta(seconds=10)


class Transport(Protocol):
    """One server, or all of a cluster."""

    async def send(self, requests: Sequence[Request]) -> list[Any]:
        """An answer or an error for each, in order."""

    async def everywhere(self, *arguments: Argument) -> dict[str, Any]:
        """Place → answer to a command that is of a whole server. Raises StoreError."""

    async def disconnect(self) -> None:
        """Drop the connections that nobody uses."""

    async def close(self) -> None:
        """Drop every connection."""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What decides whether a server is fit to keep the news; of a cluster the worst node counts."""

    version: str
    """The oldest."""
    persistent: bool
    """An append-only file or snapshots are on, everywhere."""
    evicts: bool
    """A policy may drop keys when memory is full."""
    memory_limit: int
    """Bytes, the lowest; 0 is none."""
    nodes: int = 1
    """Servers that hold keys."""


@dataclass(frozen=True, slots=True)
class Script:
    """A Lua script of this package, run by its digest and loaded where it is missing."""

    database: "Database"
    name: str

    async def __call__(self, keys: Sequence[str], args: Sequence[Argument] = ()) -> Any:
        """The script's answer, bytes undecoded. Raises StoreError."""
        (answer,) = await self.database.batch().script(self.name, keys, args).run()
        return answer


class Batch:
    """Commands and scripts sent in one round trip, not as a transaction.

    Their order holds only among those that one server could run at once: the nodes of a cluster
    work side by side, and scripts that a server did not know yet are sent again after the rest.
    """

    def __init__(self, database: "Database") -> None:
        self._database = database
        self._requests: list[Request] = []

    def command(self, *arguments: Argument) -> Self:
        """Add one command, e.g. ("HGET", key, field); ValueError when its keys are of two hash
        tags.

        One without keys is for the whole database: every node of a cluster does it, but TIME is
        asked of the one that has the clock, whose answer counts.
        """
        self._requests.append(requests.command(*arguments))
        return self

    def script(self, name: str, keys: Sequence[str], args: Sequence[Argument] = ()) -> Self:
        """Add one run of scripts/<name>.lua; ValueError when its keys are of two hash tags."""
        line = ("EVALSHA", script_source(name)[0], len(keys), *keys, *args)
        self._requests.append(Request(line, requests.of_one_tag(name, keys), name))
        return self

    def __len__(self) -> int:
        return len(self._requests)

    async def run(self) -> list[Any]:
        """Answers in order of adding. Raises StoreError for the first request that failed."""
        return await self._database.send(self._requests) if self._requests else []


class Database:
    """One server or a cluster, its clock and its scripts."""

    def __init__(self, transport: Transport) -> None:
        """Takes over the transport. `Database.open` makes a checked one."""
        self._transport = transport
        self._waits: set[asyncio.Timeout] = set()
        self._given_up = False
        self.clock = Clock(self._server_time)

    @classmethod
    async def open(cls, url: str, *, request_timeout: timedelta = REQUEST_TIMEOUT) -> Self:
        """Connect to redis://, rediss://, unix://, redis+cluster:// or rediss+cluster://, check
        the version, read the time.

        A blocking command must wait for less than `request_timeout`. Raises StoreError with a
        sentence that names the server but not its password.
        """
        connect = partial(Server, request_timeout=request_timeout)
        database = cls(Cluster(url, connect) if is_cluster(url) else connect(url))
        try:
            await database._check(shown(url), cluster=is_cluster(url))
            await database.clock.synchronise()
        except BaseException:
            await database.close()
            raise
        return database

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def give_up(self) -> None:
        """Wait for Redis no longer: calls that wait, and all later ones, raise StoreError now.

        For a process that must end although Redis hangs. What was sent may still be done.
        """
        self._given_up = True
        while self._waits:
            self._waits.pop().reschedule(0)

    async def close(self) -> None:
        """Give up, and close every connection."""
        self.give_up()
        await _cancellable(self._transport.close())

    async def disconnect(self) -> None:
        """Drop the connections that nobody uses at the moment; new ones are made when needed."""
        await self._transport.disconnect()

    def script(self, name: str) -> Script:
        """scripts/<name>.lua as `await script(keys=[...], args=[...])`; all keys are named."""
        return Script(self, name)

    def batch(self) -> Batch:
        """An empty batch."""
        return Batch(self)

    async def command(self, *arguments: Argument) -> Any:
        """One command's answer as redis-py shapes it, bytes undecoded. Raises StoreError."""
        (answer,) = await self.send([requests.command(*arguments)])
        return answer

    async def send(self, requests: Sequence[Request]) -> list[Any]:
        """The answers, in order. Raises StoreError for the first request that failed."""
        return checked(await self._waited_for(self._transport.send(requests)))

    async def _waited_for(self, asking: Coroutine[Any, Any, Answer]) -> Answer:
        """What is asked, until nobody shall wait any longer."""
        if self._given_up:
            asking.close()
            raise StoreError("Redis is not asked any more.")
        wait = asyncio.timeout(None)
        try:
            async with wait:
                self._waits.add(wait)
                try:
                    return await _cancellable(asking)
                finally:
                    self._waits.discard(wait)
        except TimeoutError as error:
            raise StoreError("Redis does not answer, and is not waited for any longer.") from error

    async def _everywhere(self, *arguments: Argument) -> dict[str, Any]:
        return await self._waited_for(self._transport.everywhere(*arguments))

    async def facts(self) -> ServerFacts:
        """Versions, persistence and memory policies. Raises StoreError."""
        places = await self._everywhere("INFO")
        found = list(places.values())
        limits = [int(facts.get("maxmemory", 0)) for facts in found]
        volatile = [place for place, facts in places.items() if not facts.get("aof_enabled")]
        return ServerFacts(
            version=min((str(facts.get("redis_version", "")) for facts in found), key=_numbers),
            persistent=not volatile or await self._snapshots(volatile),
            evicts=any(
                str(facts.get("maxmemory_policy", "noeviction")) != "noeviction" for facts in found
            ),
            memory_limit=min((limit for limit in limits if limit), default=0),
            nodes=len(found),
        )

    async def _snapshots(self, places: Sequence[str]) -> bool:
        try:
            answers = await self._everywhere("CONFIG GET", "save")
        except StoreError:
            # Managed servers refuse CONFIG; they persist by their own means.
            return True
        return all(next(iter(answers[place].values()), b"") for place in places)

    async def _check(self, place: str, *, cluster: bool) -> None:
        try:
            found = await self._everywhere("INFO")
        except StoreError as error:
            raise StoreError(f"The Redis server at {place} cannot be used. {error}") from error
        for facts in found.values():
            if facts.get("loading"):
                raise LoadingError(f"The Redis server at {place} is still loading its data.")
            version = str(facts.get("redis_version", "0"))
            if _numbers(version) < OLDEST_SERVER:
                raise StoreError(
                    f"The Redis server at {place} is version {version}; 6.2 or newer is needed."
                )
            if facts.get("cluster_enabled") and not cluster:
                scheme, _, rest = place.partition("://")
                raise StoreError(
                    f"The Redis server at {place} is part of a cluster: set REDIS_URL to "
                    f"{scheme}+cluster://{rest.partition('/')[0]}."
                )

    async def _server_time(self) -> tuple[int, int]:
        seconds, microseconds = await self.command("TIME")
        return int(seconds), int(microseconds)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


async def _cancellable(asking: Coroutine[Any, Any, Answer]) -> Answer:
    """What redis-py is asked. It writes within asyncio.wait_for, which in Python 3.11 loses a
    cancellation that comes when the writing has just ended.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    answer = await asking
    if task and task.cancelling() > before:
        raise asyncio.CancelledError
    return answer
