"""Which processes of one kind live: each beats, and one that falls silent is dead.

What a dead one held is taken back by its kind: senders' leases, pollers' claims.
"""

from datetime import datetime, timedelta

from bot.store.client import Database
from bot.store.clock import milliseconds

_MILLISECOND = timedelta(milliseconds=1)


class Heartbeats:
    """The marks under one key of keys_deliveries (`senders`, `pollers`). Raises StoreError."""

    def __init__(self, database: Database, key: str) -> None:
        self._database = database
        self._key = key
        self._beaten: datetime | None = None

    async def beat(self, owner: str) -> None:
        """This process lives."""
        asked = self._database.clock.now()
        await self._database.script("heart_beat")([self._key], [owner, milliseconds(asked)])
        self._beaten = asked

    def fell_silent(self, silent_for: timedelta) -> bool:
        """Whether others may take this process for dead: it did beat, but not for so long."""
        beaten = self._beaten
        return beaten is not None and self._database.clock.now() - beaten >= silent_for

    async def leave(self, *owners: str) -> None:
        """These ended, or what they held was taken back."""
        if owners:
            await self._database.command("ZREM", self._key, *owners)

    async def living(self, silent_for: timedelta) -> frozenset[str]:
        """Those whose last beat is younger."""
        since = self._since(silent_for)
        owners = await self._database.command("ZRANGEBYSCORE", self._key, since, "+inf")
        return frozenset(owner.decode() for owner in owners)

    async def dead(self, silent_for: timedelta) -> frozenset[str]:
        """Those whose last beat is older, and who did not leave."""
        since = self._since(silent_for)
        owners = await self._database.command("ZRANGEBYSCORE", self._key, "-inf", f"({since}")
        return frozenset(owner.decode() for owner in owners)

    def _since(self, silent_for: timedelta) -> int:
        return self._database.clock.now_milliseconds() - silent_for // _MILLISECOND
