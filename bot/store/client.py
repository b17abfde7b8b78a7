"""The connection to Redis: commands, batches and Lua scripts, their errors as StoreError.

The only module that sees redis-py. Knows no key and no document.

Measured choices: RESP2 is read faster than RESP3 by hiredis (5.0 against 7.2 µs a delivery);
answers stay bytes. redis-py retries by default, and a stalled server then executes one XADD
twice or hides a won claim from its caller: retries are off, every caller's step may run twice.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from redis import exceptions
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bot.errors import FullError, StoreError
from bot.store.clock import Clock

Argument = str | bytes | int | float

SCRIPTS = Path(__file__).parent / "scripts"
OLDEST_SERVER = (6, 2)
REQUEST_TIMEOUT = timedelta(seconds=10)
CONNECT_TIMEOUT = timedelta(seconds=5)


class LoadingError(StoreError):
    """The server is there, but still reads its data."""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What decides whether a server is fit to keep the news."""

    version: str
    persistent: bool
    """An append-only file or snapshots are on."""
    evicts: bool
    """Its policy may drop keys when memory is full."""
    memory_limit: int
    """Bytes; 0 is none."""


@cache
def _source(name: str) -> tuple[str, str]:
    """(SHA-1, text) of bot/store/scripts/<name>.lua."""
    text = (SCRIPTS / f"{name}.lua").read_text(encoding="utf-8")
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(), text


def _explained(error: exceptions.RedisError) -> StoreError:
    if isinstance(error, exceptions.BusyLoadingError):
        return LoadingError("Redis is still loading its data.")
    if isinstance(error, exceptions.ConnectionError | exceptions.TimeoutError):
        return StoreError(f"Redis does not answer: {str(error).rstrip('.')}.")
    # Inside of a script the refusal comes wrapped into the script's own error.
    if isinstance(error, exceptions.OutOfMemoryError) or "OOM command not allowed" in str(error):
        return FullError("Redis is full: raise its maxmemory or shorten RETENTION.")
    return StoreError(f"Redis refused a command: {error}")


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

    Their order holds only among those that the server could run at once: scripts that it did
    not know yet are sent again after the rest.
    """

    def __init__(self, client: Redis) -> None:
        # Half of redis-py's asyncio surface is untyped.
        self._client: Any = client
        self._requests: list[tuple[Argument, ...]] = []
        self._scripts: dict[int, str] = {}

    def command(self, *arguments: Argument) -> Self:
        """Add one command, e.g. ("HGET", key, field)."""
        self._requests.append(arguments)
        return self

    def script(self, name: str, keys: Sequence[str], args: Sequence[Argument] = ()) -> Self:
        """Add one run of scripts/<name>.lua; ValueError when its keys are of two hash tags."""
        if len({key[: key.find("}") + 1] for key in keys}) > 1:
            raise ValueError(f"{name} would touch two hash tags: {', '.join(keys)}")
        self._scripts[len(self._requests)] = name
        self._requests.append(("EVALSHA", _source(name)[0], len(keys), *keys, *args))
        return self

    def __len__(self) -> int:
        return len(self._requests)

    async def run(self) -> list[Any]:
        """Answers in order of adding. Raises StoreError for the first request that failed."""
        answers = await self._send(range(len(self._requests)))
        missing = [
            at for at, answer in answers.items() if isinstance(answer, exceptions.NoScriptError)
        ]
        if missing:
            await self._load({self._scripts[at] for at in missing})
            answers |= await self._send(missing)
        for answer in answers.values():
            if isinstance(answer, exceptions.RedisError):
                raise _explained(answer) from answer
        return list(answers.values())

    async def _send(self, which: Sequence[int]) -> dict[int, Any]:
        if not which:
            return {}
        try:
            if len(which) == 1:
                answers = [await self._client.execute_command(*self._requests[which[0]])]
            else:
                async with self._client.pipeline(transaction=False) as pipeline:
                    for at in which:
                        pipeline.execute_command(*self._requests[at])
                    answers = await pipeline.execute(raise_on_error=False)
        except (exceptions.ConnectionError, exceptions.TimeoutError) as error:
            raise _explained(error) from error
        except exceptions.RedisError as error:
            answers = [error]
        return dict(zip(which, answers, strict=True))

    async def _load(self, names: set[str]) -> None:
        try:
            for name in names:
                await self._client.execute_command("SCRIPT LOAD", _source(name)[1])
        except exceptions.RedisError as error:
            raise _explained(error) from error


class Database:
    """One server, its clock and its scripts."""

    def __init__(self, client: Redis) -> None:
        """Takes over the client. `Database.open` makes a checked one."""
        self.client = client
        self.clock = Clock(self._server_time)

    @classmethod
    async def open(cls, url: str, *, request_timeout: timedelta = REQUEST_TIMEOUT) -> Self:
        """Connect to redis://, rediss:// or unix://, check the version, read the time.

        A blocking command must wait for less than `request_timeout`. Raises StoreError with a
        sentence that names the server but not its password.
        """
        place = _shown(url)
        try:
            client = Redis.from_url(
                url,
                protocol=2,
                decode_responses=False,
                retry=Retry(NoBackoff(), 0),
                socket_timeout=request_timeout.total_seconds(),
                socket_connect_timeout=CONNECT_TIMEOUT.total_seconds(),
            )
        except ValueError as error:
            raise StoreError(f"{place} is no address of a Redis server: {error}") from error
        database = cls(client)
        try:
            await database._check(place)
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

    async def close(self) -> None:
        """Close every connection."""
        await self.client.aclose()

    def script(self, name: str) -> Script:
        """scripts/<name>.lua as `await script(keys=[...], args=[...])`; all keys are named."""
        return Script(self, name)

    def batch(self) -> Batch:
        """An empty batch."""
        return Batch(self.client)

    async def command(self, *arguments: Argument) -> Any:
        """One command's answer as redis-py shapes it, bytes undecoded. Raises StoreError."""
        (answer,) = await self.batch().command(*arguments).run()
        return answer

    async def facts(self) -> ServerFacts:
        """The server's version, persistence and memory policy. Raises StoreError."""
        facts = await self.command("INFO")
        return ServerFacts(
            version=str(facts.get("redis_version", "")),
            persistent=bool(facts.get("aof_enabled")) or await self._snapshots(),
            evicts=str(facts.get("maxmemory_policy", "noeviction")) != "noeviction",
            memory_limit=int(facts.get("maxmemory", 0)),
        )

    async def _snapshots(self) -> bool:
        try:
            answer = await self.command("CONFIG GET", "save")
        except StoreError:
            # Managed servers refuse CONFIG; they persist by their own means.
            return True
        return bool(next(iter(answer.values()), b""))

    async def _check(self, place: str) -> None:
        try:
            facts = await self.command("INFO")
        except StoreError as error:
            raise StoreError(f"The Redis server at {place} cannot be used. {error}") from error
        if facts.get("loading"):
            raise LoadingError(f"The Redis server at {place} is still loading its data.")
        version = str(facts.get("redis_version", "0"))
        numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
        if numbers < OLDEST_SERVER:
            raise StoreError(
                f"The Redis server at {place} is version {version}; 6.2 or newer is needed."
            )

    async def _server_time(self) -> tuple[int, int]:
        seconds, microseconds = await self.command("TIME")
        return int(seconds), int(microseconds)


def _shown(url: str) -> str:
    """The address without user and password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
