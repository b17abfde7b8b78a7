"""The seat at the desk: whether this process is the one that places stories and fans them out.

Observation: a process that stood still (SIGSTOP, a machine that swaps) does not notice that its
lease ran out and another one leads.
Rule: every script under the desk's tag checks the token. For writes under other tags the holder
asks its own clock first: it holds the seat for as long after it *asked* for the lease as the
lease lasts, which ends before the lease does.
Known exception: what was on its way to Redis when the process was stopped still arrives; such
writes recognise by version that they are late.
"""

import asyncio
import secrets
import time
from datetime import timedelta

from bot.errors import LeaseLostError
from bot.store.desk import DeskLease

LEASE = timedelta(seconds=5)


class Seat:
    """One process's hold of the desk's lease; its parts share it."""

    def __init__(self, lease: DeskLease, *, length: timedelta = LEASE) -> None:
        """`length`: for how long a desk that stands still keeps the others out."""
        self._lease = lease
        self._length = length
        self.token = secrets.token_hex(8)
        self._until = 0.0

    @property
    def held(self) -> bool:
        """The lease is this process's, for certain."""
        return time.monotonic() < self._until

    async def take(self) -> bool:
        """Become the desk, or stay it; False while another one is. Raises StoreError."""
        return self._noted(time.monotonic(), await self._lease.acquire(self.token, self._length))

    async def keep(self) -> None:
        """Hold the seat until cancelled. Raises LeaseLostError when it was lost, StoreError."""
        while True:
            await asyncio.sleep(self._length.total_seconds() / 5)
            asked = time.monotonic()
            if not self._noted(asked, await self._lease.renew(self.token, self._length)):
                raise LeaseLostError("The desk's lease ran out.")

    async def leave(self) -> None:
        """Let a standby take over at once. Raises StoreError."""
        self._until = 0.0
        await self._lease.release(self.token)

    def _noted(self, asked: float, won: bool) -> bool:
        self._until = asked + self._length.total_seconds() if won else 0.0
        return won
