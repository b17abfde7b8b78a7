"""The desk's lease and the operators' orders to it. Stories are in stories.py."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.errors import BacklogError
from bot.models.identifiers import StoryId, UserId
from bot.store import keys_desk
from bot.store.client import Database
from bot.store.clock import from_milliseconds

ORDERS_CAP = 1_000


class OrderKind(StrEnum):
    """What an operator may order."""

    FLASH = "flash"
    """Make the story breaking."""


@dataclass(frozen=True, slots=True)
class Order:
    """An operator's order that waits for the desk."""

    id: str
    kind: OrderKind
    story: StoryId
    by: UserId
    at: datetime


class DeskLease:
    """One desk at a time: its scripts refuse every token but the holder's."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def acquire(self, token: str, ttl: timedelta) -> bool:
        """Become the desk, or stay it; False while another token holds the lease."""
        script = self._database.script("desk_acquire")
        return bool(await script([keys_desk.desk_lease()], [token, _whole_milliseconds(ttl)]))

    async def renew(self, token: str, ttl: timedelta) -> bool:
        """Hold the lease for `ttl` from now; False when it was lost."""
        script = self._database.script("desk_renew")
        return bool(await script([keys_desk.desk_lease()], [token, _whole_milliseconds(ttl)]))

    async def release(self, token: str) -> None:
        """Let a standby take over at once; nothing happens when the lease was lost."""
        await self._database.script("desk_release")([keys_desk.desk_lease()], [token])


class OrderStore:
    """A small stream from commands to the desk. An order is carried out before it is done, so
    a crash repeats it: the desk finds the story already as ordered.
    """

    def __init__(self, database: Database, *, cap: int = ORDERS_CAP) -> None:
        self._database = database
        self._cap = cap

    async def order(self, kind: OrderKind, story: StoryId, by: UserId) -> None:
        """Put an order on the stream. Raises BacklogError while too many wait."""
        now = self._database.clock.now_milliseconds()
        answer = await self._database.script("order_add")(
            [keys_desk.orders()], [self._cap, kind, story, by, now]
        )
        if not answer:
            raise BacklogError("Too many orders wait for the desk; it may not be running.")

    async def orders(self, limit: int = 100) -> list[Order]:
        """Orders that are not done, oldest first."""
        answer = await self._database.command(
            "XRANGE", keys_desk.orders(), "-", "+", "COUNT", limit
        )
        return [
            Order(
                id=order_id.decode(),
                kind=OrderKind(fields[b"kind"].decode()),
                story=StoryId(fields[b"story"].decode()),
                by=UserId(int(fields[b"by"])),
                at=from_milliseconds(fields[b"at"]),
            )
            for order_id, fields in answer
        ]

    async def done(self, order_id: str) -> None:
        """Take a carried out order off the stream."""
        await self._database.command("XDEL", keys_desk.orders(), order_id)


def _whole_milliseconds(span: timedelta) -> int:
    return span // timedelta(milliseconds=1)
