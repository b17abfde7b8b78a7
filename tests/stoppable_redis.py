"""A redis-server of one test's own, which it may stop, start again, or make stand still."""

import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from bot.store.server_binary import find_binary

PATIENCE = Retry(ConstantBackoff(0.02), 1000, (RedisError,))


class StoppableRedis:
    """Appends every write to its file, so that a start finds everything."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._socket = home / "redis.sock"
        self._process: subprocess.Popen[bytes] | None = None
        self.url = f"unix://{self._socket}"

    def start(self) -> None:
        """Return when it answers."""
        options = {
            "port": "0",
            "unixsocket": str(self._socket),
            "dir": str(self._home),
            "save": "",
            "appendonly": "yes",
        }
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        with (self._home / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(find_binary().path), *arguments], stdout=log, stderr=subprocess.STDOUT
            )
        with Redis(unix_socket_path=str(self._socket), retry=PATIENCE) as client:
            client.ping()

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.terminate()
            self._process.wait(timeout=20)
            self._process = None

    def stand_still(self) -> None:
        """Keep connections open and answer nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Do what was asked meanwhile."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def limit_memory(self, size: str) -> None:
        """Set maxmemory; "0" for none."""
        with Redis(unix_socket_path=str(self._socket)) as client:
            client.config_set("maxmemory", size)


@pytest.fixture
def stoppable_redis() -> Iterator[StoppableRedis]:
    """Started, empty."""
    with TemporaryDirectory(prefix="newsflash-") as home:
        server = StoppableRedis(Path(home))
        server.start()
        yield server
        server.stop()
