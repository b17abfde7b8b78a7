"""A Redis Cluster: which node serves which keys, and following a request to where they went.

Observation: redis-py's own cluster client repeats what a dropped connection left in doubt, and
with its retries off it never learns of a failover, sends ASKING on another connection than the
command, and closes connections that others use (docs/decisions/0012).
Rule: a request is repeated only where the refusal says that it was not executed: MOVED and ASK are
followed, TRYAGAIN is waited for. Whatever else goes wrong is the caller's, and the next request
asks for the map first.
Known exceptions: none. Rejected: reading from replicas, which may be behind.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from redis import exceptions

from bot.errors import StoreError
from bot.store.connections import Server, checked
from bot.store.key_registry import PACE
from bot.store.requests import SLOTS, Argument, Request, slot_of

SCHEMES = {"redis+cluster": "redis", "rediss+cluster": "rediss"}
DEFAULT_PORT = 6379
CLOCK_SLOT = slot_of(PACE)
"""Of the one node whose TIME counts. The pace is the only thing measured in milliseconds; and
every process finds the same node without agreeing on one.
"""
MAP_TIMEOUT = timedelta(seconds=1)
"""For one node; the next is asked then."""
MAP_INTERVAL = timedelta(seconds=1)
"""While something is wrong the map is read no oftener."""
TURNS = 60
QUICK_TURNS = 4
"""A slot may move on while its request follows it; further turns are paused for."""
PAUSE = timedelta(milliseconds=50)
_INCOMPLETE = exceptions.ClusterDownError("not every slot is served")


class Address(NamedTuple):
    """Of a node."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Errand(NamedTuple):
    """One request on its way to one node."""

    at: int
    """Among the requests."""
    node: Address
    asking: bool = False


def is_cluster(url: str) -> bool:
    """Whether an address is of a cluster."""
    return urlsplit(url).scheme in SCHEMES


class Cluster:
    """All nodes that serve keys; replicas are not asked."""

    def __init__(self, url: str, connect: Callable[[str], Server]) -> None:
        """`url`: redis+cluster://[user:password@]host[:port][,host[:port]…][?options]; user,
        password and options are for every node. `connect` makes a Server of a redis:// address.

        Raises StoreError when the address cannot be read.
        """
        parts = urlsplit(url)
        access, _, hosts = parts.netloc.rpartition("@")
        self._access = f"{access}@" if access else ""
        self._scheme, self._options = SCHEMES[parts.scheme], parts.query and f"?{parts.query}"
        if not hosts or parts.path not in ("", "/", "/0"):
            raise StoreError(
                f"{parts.scheme}://{hosts}{parts.path} is no address of a Redis Cluster: expected "
                "host:port, several separated by commas, and no database but 0."
            )
        self._connect = connect
        self._nodes: dict[Address, Server] = {}
        self._given = [_address(host) for host in hosts.split(",")]
        self._owners: list[Address | None] = [None] * SLOTS
        self._primaries: list[Address] = []
        self._whole = False
        self._failed: set[Address] = set()
        self._stale, self._next_map = True, 0.0
        self._reading = asyncio.Lock()

    async def send(self, requests: Sequence[Request]) -> list[Any]:
        """An answer or redis-py's error for each, in order; the nodes work side by side.

        A request without keys goes to every node: one error is the answer, else that of the
        clock's node. TIME goes to that node only.
        """
        try:
            await self._know_owners()
        except exceptions.RedisError as error:
            return [error] * len(requests)
        answers: list[Any] = [None] * len(requests)
        errands = list(self._planned(requests, answers))
        for turn in range(TURNS):
            waits, errands = errands, []
            for errand, answer in await self._carry_out(requests, waits):
                request = requests[errand.at]
                if request.keys and not isinstance(answer, exceptions.RedisError):
                    answers[errand.at] = answer
                    continue
                _note(answers, errand, request, answer, self._owners[CLOCK_SLOT])
                further = self._further(errand, request, answer)
                if further is not None:
                    errands.append(further)
            if not errands:
                break
            unsettled = any(
                isinstance(answers[errand.at], exceptions.TryAgainError) for errand in errands
            )
            if unsettled or turn >= QUICK_TURNS:
                await asyncio.sleep(PAUSE.total_seconds())
        return answers

    async def everywhere(self, *arguments: Argument) -> dict[str, Any]:
        """Address → answer to a command that is of a whole server. Raises StoreError."""
        requests = [Request(arguments, ())]
        try:
            await self._know_owners()
        except exceptions.RedisError as error:
            checked([error])
        if not self._whole:
            checked([_INCOMPLETE])
        errands = [Errand(0, node) for node in self._primaries]
        found = await self._carry_out(requests, errands)
        checked([answer for _errand, answer in found])
        return {str(errand.node): answer for errand, answer in found}

    async def disconnect(self) -> None:
        """Drop the connections that nobody uses; the next request makes new ones."""
        await asyncio.gather(*(node.disconnect() for node in self._nodes.values()))

    async def close(self) -> None:
        """Drop every connection."""
        await asyncio.gather(*(node.close() for node in self._nodes.values()))

    def _planned(self, requests: Sequence[Request], answers: list[Any]) -> Iterator[Errand]:
        for at, request in enumerate(requests):
            if not _of_one_node(request):
                answers[at] = None if self._whole else _INCOMPLETE
                yield from (Errand(at, node) for node in self._primaries)
                continue
            slot = slot_of(request.keys[0]) if request.keys else CLOCK_SLOT
            node = self._owners[slot]
            if node is None:
                answers[at] = exceptions.ClusterDownError(f"no node serves slot {slot}")
                self._stale = True
            else:
                yield Errand(at, node)

    async def _carry_out(
        self, requests: Sequence[Request], errands: Sequence[Errand]
    ) -> list[tuple[Errand, Any]]:
        groups: dict[tuple[Address, bool], list[Errand]] = {}
        for errand in errands:
            groups.setdefault((errand.node, errand.asking), []).append(errand)
        sendings = [
            self._node(address).send([requests[errand.at] for errand in group], asking=asking)
            for (address, asking), group in groups.items()
        ]
        # A task for each costs more than the sending where there is only one.
        answers = [await sendings[0]] if len(sendings) == 1 else await asyncio.gather(*sendings)
        return [
            pair
            for group, found in zip(groups.values(), answers, strict=True)
            for pair in zip(group, found, strict=True)
        ]

    def _further(self, errand: Errand, request: Request, answer: Any) -> Errand | None:
        """Where to send it next; None when the answer stands."""
        if not isinstance(answer, exceptions.RedisError):
            return None
        if isinstance(answer, exceptions.AskError):
            # An empty host is that of the node which answers.
            node = Address(answer.host or errand.node.host, answer.port)
            if not isinstance(answer, exceptions.MovedError):
                return Errand(errand.at, node, asking=True)
            self._owners[answer.slot_id] = node
            self._stale = True
            return Errand(errand.at, node)
        if isinstance(answer, exceptions.TryAgainError) and request.keys:
            node = self._owners[slot_of(request.keys[0])] or errand.node
            return Errand(errand.at, node)
        if isinstance(answer, exceptions.ConnectionError | exceptions.TimeoutError):
            self._failed.add(errand.node)
            self._stale = True
        elif isinstance(answer, exceptions.ClusterDownError):
            self._stale = True
        return None

    def _node(self, address: Address) -> Server:
        node = self._nodes.get(address)
        if node is None:
            url = f"{self._scheme}://{self._access}{address}{self._options}"
            node = self._nodes[address] = self._connect(url)
        return node

    async def _know_owners(self) -> None:
        """Read the map when it may be wrong. Raises RedisError when there is none."""
        if not self._stale or (self._primaries and time.monotonic() < self._next_map):
            return
        async with self._reading:
            if self._stale and not (self._primaries and time.monotonic() < self._next_map):
                await self._read_map()

    async def _read_map(self) -> None:
        known = dict.fromkeys((*self._primaries, *self._given))
        problem: Exception | None = None
        for address in sorted(known, key=self._failed.__contains__):
            answer = await self._map_of(address)
            if isinstance(answer, exceptions.RedisError):
                self._failed.add(address)
                problem = answer
                continue
            self._failed.discard(address)
            await self._apply(address, answer)
            return
        self._next_map = time.monotonic() + MAP_INTERVAL.total_seconds()
        if not self._primaries:
            raise problem or exceptions.ConnectionError("no node is known")

    async def _map_of(self, address: Address) -> Any:
        try:
            async with asyncio.timeout(MAP_TIMEOUT.total_seconds()):
                (answer,) = await self._node(address).send([Request(("CLUSTER", "SLOTS"), ())])
        except TimeoutError:
            return exceptions.TimeoutError(f"{address} is silent")
        return answer

    async def _apply(self, asked: Address, answer: Sequence[Any]) -> None:
        """`answer`: (first slot, last slot, primary, replicas…) of each range; a node is
        (host, port, id…), its host nothing where it is the one that was asked.
        """
        owners: list[Address | None] = [None] * SLOTS
        for first, last, (host, port, *_id), *_replicas in answer:
            node = Address(host.decode() if host else asked.host, int(port))
            owners[first : last + 1] = [node] * (last + 1 - first)
        gone = set(self._primaries)
        self._owners = owners
        self._primaries = list(dict.fromkeys(node for node in owners if node))
        self._whole = None not in owners
        self._stale = not self._whole
        self._next_map = time.monotonic() + MAP_INTERVAL.total_seconds()
        for address in gone.difference(self._primaries):
            await self._node(address).disconnect()


def _note(
    answers: list[Any], errand: Errand, request: Request, answer: Any, clock: Address | None
) -> None:
    """Of several nodes' answers to one request an error counts first, then that of the clock's."""
    before = answers[errand.at]
    if not (_of_one_node(request) or isinstance(answer, exceptions.RedisError)) and (
        isinstance(before, exceptions.RedisError) or not (before is None or errand.node == clock)
    ):
        return
    answers[errand.at] = answer


def _of_one_node(request: Request) -> bool:
    return bool(request.keys) or request.arguments[0] == "TIME"


def _address(text: str) -> Address:
    """host, host:port or [IPv6]:port; 6379 is the usual port."""
    parts = urlsplit(f"//{text}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise StoreError(f"{text} is no address of a Redis server: {error}") from error
    if not host:
        raise StoreError(f"{text!r} is no address of a Redis server: the host is missing.")
    return Address(host, port or DEFAULT_PORT)
