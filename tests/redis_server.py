"""A real redis-server for tests: one for each test process, emptied for each test."""

import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.retry import Retry

from bot.store.client import Database
from bot.store.server_binary import find_binary


@pytest.fixture(scope="session")
def redis_server() -> Iterator[Path]:
    """The unix socket of a server that keeps nothing."""
    # Under pytest's own directory the path may be too long for a socket.
    with tempfile.TemporaryDirectory(prefix="newsflash-") as home:
        yield from _serve(Path(home))


def _serve(home: Path) -> Iterator[Path]:
    socket = home / "redis.sock"
    options = {"port": "0", "unixsocket": str(socket), "dir": str(home), "save": ""}
    arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
    with (home / "redis.log").open("wb") as log:
        process = subprocess.Popen(
            [str(find_binary().path), *arguments], stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait_for(socket)
        yield socket
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait_for(socket: Path) -> None:
    """The server binds its socket within milliseconds; there is no event to wait on."""
    patience = Retry(ConstantBackoff(0.01), 2000, (RedisConnectionError,))
    with Redis(unix_socket_path=str(socket), retry=patience) as client:
        client.ping()


@pytest.fixture
def redis_url(redis_server: Path) -> str:
    """REDIS_URL of an empty server; for programs started by a test as well."""
    return emptied(redis_server)


def emptied(socket: Path) -> str:
    """REDIS_URL of the server, without what an earlier test left or set."""
    with Redis(unix_socket_path=str(socket)) as client:
        client.flushall()
        client.config_set("maxmemory", "0")
        client.script_flush()
    return f"unix://{socket}"


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """REDIS_URL of the `database` fixture: of one server, or what a parameter names."""
    return str(request.getfixturevalue(getattr(request, "param", "redis_url")))


@pytest_asyncio.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """An open, empty database whose clock a test may move: `database.clock.offset`."""
    async with await Database.open(database_url) as opened:
        yield opened
