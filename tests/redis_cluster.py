"""A real Redis Cluster for tests: three servers on loopback that append every write to a file.

Nothing here knows the bot's client: a test moves slots and stops nodes behind its back.
"""

import os
import signal
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from redis import Redis
from redis.backoff import ConstantBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from bot.store.requests import SLOTS, slot_of
from bot.store.server_binary import find_binary

NODES = 3
NODE_TIMEOUT = 3000
"""ms without an answer until the others take a node for dead."""
STORE_TESTS = (
    "tests.test_fanout",
    "tests.test_paused_chats",
    "tests.test_pending_items",
    "tests.test_store_chats",
    "tests.test_store_dead_letters",
    "tests.test_store_deliveries",
    "tests.test_store_desk",
    "tests.test_store_entries",
    "tests.test_store_feeds",
    "tests.test_store_stories",
    "tests.test_store_updates",
)
BUS = 10_000
"""The nodes talk among themselves on the port so much higher."""
PATIENCE = Retry(ConstantBackoff(0.02), 2000, (RedisError, AssertionError))


class Node:
    """One server of the cluster."""

    def __init__(self, home: Path, timeout: int = NODE_TIMEOUT) -> None:
        self.port = _free_port()
        self.id = ""
        self._home = home
        self._timeout = timeout
        self._process: subprocess.Popen[bytes] | None = None
        self._client: Any = Redis(port=self.port, socket_timeout=5)

    def command(self, *arguments: str | int) -> Any:
        """Ask this node, whatever the cluster thinks of it; the answer as it came."""
        # redis-py shapes the answers of names that it knows whole, such as CLUSTER INFO.
        words = str(arguments[0]).split()
        return self._client.execute_command(*words, *arguments[1:])

    def start(self, *, announced: int = 0) -> None:
        """Return when it answers. `announced`: the port under which clients reach it."""
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self._home),
            "save": "",
            "appendonly": "yes",
            "cluster-enabled": "yes",
            "cluster-announce-port": str(announced),
            "cluster-node-timeout": str(self._timeout),
            # A replica may be promoted however long it heard nothing.
            "cluster-replica-validity-factor": "0",
        }
        arguments = [word for name, value in options.items() for word in (f"--{name}", value)]
        with (self._home / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(find_binary().path), *arguments], stdout=log, stderr=subprocess.STDOUT
            )
        _until(lambda: bool(self.command("PING")))
        self.id = self.command("CLUSTER MYID").decode()

    def sees_all(self) -> bool:
        """It takes the cluster for whole."""
        return b"cluster_state:ok" in self.command("CLUSTER INFO")

    def knows(self) -> str:
        """The ids of the nodes that are up for it, in one text."""
        lines: str = self.command("CLUSTER NODES").decode()
        return "\n".join(line for line in lines.splitlines() if "handshake" not in line)

    def stop(self) -> None:
        """End it; what it was told is in its file."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            self._process.wait(timeout=10)
        self._process = None
        self._client.close()

    def stall(self) -> None:
        """It takes connections and bytes, and does nothing."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """It does what it was told meanwhile."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)


class RedisCluster:
    """Three primaries, each with a third of the slots."""

    def __init__(self, home: Path, timeout: int = NODE_TIMEOUT) -> None:
        self._home = home
        self._timeout = timeout
        self.nodes = [self._new_node(number) for number in range(NODES)]

    def _new_node(self, number: int) -> Node:
        folder = self._home / str(number)
        folder.mkdir()
        return Node(folder, self._timeout)

    @property
    def url(self) -> str:
        """REDIS_URL; one node is enough to find the others."""
        return f"redis+cluster://127.0.0.1:{self.nodes[0].port}"

    def start(self) -> None:
        """Three servers become a cluster."""
        share = -(-SLOTS // NODES)
        for number, node in enumerate(self.nodes):
            node.start()
            node.command("CLUSTER SET-CONFIG-EPOCH", number + 1)
            first = number * share
            node.command("CLUSTER ADDSLOTS", *range(first, min(first + share, SLOTS)))
        for node in self.nodes[1:]:
            self.nodes[0].command("CLUSTER MEET", "127.0.0.1", node.port)
        self.wait()

    def stop(self) -> None:
        """End every server."""
        for node in self.nodes:
            node.stop()

    def wait(self) -> None:
        """Until every node takes the cluster for whole."""
        for node in self.nodes:
            _until(node.sees_all)

    def empty(self) -> None:
        """Without what an earlier test left or set."""
        for node in self.nodes:
            node.command("FLUSHALL")
            node.command("SCRIPT FLUSH")
            node.command("CONFIG SET", "maxmemory", "0")

    def add_replica(self, primary: Node) -> Node:
        """One more node, that takes over when the primary dies."""
        replica = self._new_node(len(self.nodes))
        self.nodes.append(replica)
        replica.start()
        replica.command("CLUSTER MEET", "127.0.0.1", primary.port)
        _until(lambda: bool(replica.command("CLUSTER REPLICATE", primary.id)))
        _until(lambda: replica.command("INFO", "replication")["master_link_status"] == "up")
        _until(lambda: all(replica.id in node.knows() for node in self.nodes))
        return replica

    def owner(self, key: str) -> Node:
        """Who serves a key, as the nodes themselves say."""
        slot = slot_of(key)
        for first, last, (_host, port, *_id), *_replicas in self.nodes[0].command("CLUSTER SLOTS"):
            if first <= slot <= last:
                return next(node for node in self.nodes if node.port == port)
        raise AssertionError(f"nobody serves slot {slot}")

    def begin_move(self, key: str) -> "Move":
        """The slot of a key is on its way to another node."""
        source = self.owner(key)
        target = next(node for node in self.nodes if node is not source)
        slot = slot_of(key)
        target.command("CLUSTER SETSLOT", slot, "IMPORTING", source.id)
        source.command("CLUSTER SETSLOT", slot, "MIGRATING", target.id)
        return Move(self, slot, source, target)


class Move:
    """A slot between two nodes."""

    def __init__(self, cluster: RedisCluster, slot: int, source: Node, target: Node) -> None:
        self._cluster = cluster
        self._slot = slot
        self.source = source
        self.target = target

    def carry(self, *keys: str) -> None:
        """Some of its keys arrive."""
        self.source.command("MIGRATE", "127.0.0.1", self.target.port, "", 0, 5000, "KEYS", *keys)

    def finish(self) -> None:
        """The rest arrives, and everybody learns who serves the slot."""
        while keys := self.source.command("CLUSTER GETKEYSINSLOT", self._slot, 1000):
            self.carry(*(key.decode() for key in keys))
        for node in (self.target, self.source, *self._cluster.nodes):
            node.command("CLUSTER SETSLOT", self._slot, "NODE", self.target.id)


def _free_port() -> int:
    """A port whose neighbour for the nodes' own talk is free as well."""
    dice = Random()
    while True:
        port = dice.randrange(20_000, 65_000 - BUS)
        with socket.socket() as first, socket.socket() as second:
            try:
                first.bind(("127.0.0.1", port))
                second.bind(("127.0.0.1", port + BUS))
            except OSError:
                continue
            return port


def _until(condition: Callable[[], bool]) -> None:
    def check() -> None:
        assert condition()

    PATIENCE.call_with_retry(check, lambda _error: None)


@pytest.fixture(scope="session")
def running_cluster() -> Iterator[RedisCluster]:
    """A cluster for all tests of this process."""
    with tempfile.TemporaryDirectory(prefix="newsflash-") as home:
        cluster = RedisCluster(Path(home))
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


@pytest.fixture
def cluster(running_cluster: RedisCluster) -> RedisCluster:
    """A whole, empty cluster."""
    running_cluster.wait()
    running_cluster.empty()
    return running_cluster


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test of a store runs on one server and on a cluster."""
    if metafunc.module.__name__ in STORE_TESTS and "database_url" in metafunc.fixturenames:
        metafunc.parametrize("database_url", ["redis_url", "cluster_url"], indirect=True)


@pytest.fixture
def cluster_url(cluster: RedisCluster) -> str:
    """REDIS_URL of an empty cluster."""
    return cluster.url
