"""How often and how many at once a host is asked. Counts and clocks only; no connection is made.

Rule: at most two requests to a host at a time, starts at least a second apart, and none until a 429
of that host has passed; every host waits for itself alone. The table is bounded: hosts that nobody
waits for are forgotten, the longest idle first.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Host:
    """What is remembered of one host. Times are of the loop's clock, in seconds."""

    slots: asyncio.Semaphore
    next_start: float = 0.0
    closed_until: float = 0.0
    exempt: bool = False
    """Lies in a network that the operator allows: no gap, no closing."""
    users: int = field(default=0)

    def reserve(self, now: float, gap: float) -> float:
        """Take the next free start; the time of it."""
        if self.exempt:
            return now
        start = max(now, self.next_start)
        self.next_start = start + gap
        return start


class Hosts:
    """The table of hosts."""

    def __init__(self, *, concurrency: int, gap: float, most: int = 10_000) -> None:
        self._concurrency = concurrency
        self._gap = gap
        self._most = most
        self._hosts: OrderedDict[str, Host] = OrderedDict()

    def __len__(self) -> int:
        return len(self._hosts)

    @asynccontextmanager
    async def turn(self, name: str, *, exempt: bool = False) -> AsyncIterator[Host]:
        """Wait for a turn at the host and hold it."""
        host = self._host(name)
        host.exempt = host.exempt or exempt
        host.users += 1
        try:
            async with host.slots:
                loop = asyncio.get_running_loop()
                wait = host.reserve(loop.time(), self._gap) - loop.time()
                if wait > 0:
                    await asyncio.sleep(wait)
                yield host
        finally:
            host.users -= 1

    def _host(self, name: str) -> Host:
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = Host(asyncio.Semaphore(self._concurrency))
            self._forget()
        self._hosts.move_to_end(name)
        return host

    def _forget(self) -> None:
        if len(self._hosts) <= self._most:
            return
        idle = (name for name, host in self._hosts.items() if not host.users)
        for name in [name for _, name in zip(range(self._most // 10 + 1), idle, strict=False)]:
            del self._hosts[name]
