"""The connections to one Redis server, and redis-py's errors as StoreError.

Together with cluster.py the only module that sees redis-py. Knows no key and no document.

Measured choices: RESP2 is read faster than RESP3 by hiredis (5.0 against 7.2 µs a delivery);
answers stay bytes. redis-py retries by default, and a stalled server then executes one XADD
twice or hides a won claim from its caller: retries are off, every caller's step may run twice.
"""

import asyncio
import contextlib
import hashlib
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from redis import exceptions
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from bot.errors import FullError, StoreError
from bot.store.packing import pack_by_hiredis
from bot.store.requests import Argument, Request

SCRIPTS = Path(__file__).parent / "scripts"
CONNECT_TIMEOUT = timedelta(seconds=5)
CLOSE_TIMEOUT = timedelta(seconds=1)
CONNECTIONS_MOST = 1000


class LoadingError(StoreError):
    """The server is there, but still reads its data."""


@cache
def script_source(name: str) -> tuple[str, str]:
    """(SHA-1, text) of bot/store/scripts/<name>.lua."""
    text = (SCRIPTS / f"{name}.lua").read_text(encoding="utf-8")
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest(), text


def checked(answers: list[Any]) -> list[Any]:
    """The answers; raises StoreError for the first that is an error."""
    for answer in answers:
        if isinstance(answer, exceptions.RedisError):
            raise _explained(answer) from answer
    return answers


def _explained(error: exceptions.RedisError) -> StoreError:
    if isinstance(error, exceptions.BusyLoadingError):
        return LoadingError("Redis is still loading its data.")
    if isinstance(error, exceptions.ConnectionError | exceptions.TimeoutError):
        return StoreError(f"Redis does not answer: {str(error).rstrip('.')}.")
    # Inside of a script the refusal comes wrapped into the script's own error.
    if isinstance(error, exceptions.OutOfMemoryError) or "OOM command not allowed" in str(error):
        return FullError("Redis is full: raise its maxmemory or shorten RETENTION.")
    if isinstance(error, exceptions.ClusterDownError):
        return StoreError(f"The Redis Cluster is incomplete: {error}.")
    if isinstance(error, exceptions.TryAgainError):
        return StoreError("The Redis Cluster is moving these keys to another node; tried later.")
    if "cluster support disabled" in str(error):
        return StoreError("It is no part of a cluster: write redis:// for a single server.")
    return StoreError(f"Redis refused a command: {error}")


class Server:
    """One server."""

    def __init__(self, url: str, request_timeout: timedelta) -> None:
        """Connects when something is sent. `url`: redis://, rediss:// or unix://.

        Raises StoreError with a sentence that names the server but not its password.
        """
        self.place = shown(url)
        try:
            client = Redis.from_url(
                url,
                protocol=2,
                decode_responses=False,
                retry=Retry(NoBackoff(), 0),
                socket_timeout=request_timeout.total_seconds(),
                socket_connect_timeout=CONNECT_TIMEOUT.total_seconds(),
                max_connections=CONNECTIONS_MOST,
            )
        except ValueError as error:
            raise StoreError(f"{self.place} is no address of a Redis server: {error}") from error
        pack_by_hiredis(client.connection_pool)
        # Half of redis-py's asyncio surface is untyped.
        self._client: Any = client

    async def send(self, requests: Sequence[Request], *, asking: bool = False) -> list[Any]:
        """An answer or redis-py's error for each, in order; one round trip.

        Scripts that the server does not know are loaded and sent again, after the rest. With
        `asking` they are answered although the keys' slot is still on its way to this server.
        """
        answers = await self._exchange([request.arguments for request in requests], asking)
        missing = [
            at for at, answer in enumerate(answers) if isinstance(answer, exceptions.NoScriptError)
        ]
        if missing:
            again = await self._load_and_send([requests[at] for at in missing], asking)
            for at, answer in zip(missing, again, strict=True):
                answers[at] = answer
        return answers

    async def everywhere(self, *arguments: Argument) -> dict[str, Any]:
        """Place → answer to a command that is of a whole server. Raises StoreError."""
        (answer,) = checked(await self._exchange([arguments], False))
        return {self.place: answer}

    async def disconnect(self) -> None:
        """Drop the connections that nobody uses; the next request makes a new one."""
        with contextlib.suppress(exceptions.RedisError):
            await self._client.connection_pool.disconnect(inuse_connections=False)

    async def close(self) -> None:
        """Drop every connection; does not wait for a server that hangs."""
        with contextlib.suppress(exceptions.RedisError, TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT.total_seconds()):
                await self._client.aclose()

    async def _load_and_send(self, requests: Sequence[Request], asking: bool) -> list[Any]:
        names = list(dict.fromkeys(request.script for request in requests))
        loads = [Request(("SCRIPT LOAD", script_source(name)[1]), ()) for name in names]
        answers = await self._exchange(
            [request.arguments for request in (*loads, *requests)], asking
        )
        for answer in answers[: len(loads)]:
            if isinstance(answer, exceptions.RedisError):
                return [answer] * len(requests)
        return answers[len(loads) :]

    async def _exchange(self, lines: list[tuple[Argument, ...]], asking: bool) -> list[Any]:
        if asking:
            # Valid for the next command of the same connection only.
            lines = [line for each in lines for line in (("ASKING",), each)]
        try:
            if len(lines) == 1:
                return [await self._client.execute_command(*lines[0])]
            async with self._client.pipeline(transaction=False) as pipeline:
                for line in lines:
                    pipeline.execute_command(*line)
                answers: list[Any] = await pipeline.execute(raise_on_error=False)
        except exceptions.RedisError as error:
            answers = [error] * len(lines)
        return answers[1::2] if asking else answers


def shown(url: str) -> str:
    """The address without user, password and options."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
