"""Whether the wire is working: each part of this process tells when it last went round."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.errors import StoreError
from bot.store.client import Database
from bot.store.standing import Standing

STALLED = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Health:
    """Why the wire is not working, one sentence each; empty when it is."""

    problems: tuple[str, ...]

    @property
    def well(self) -> bool:
        """Nothing is wrong."""
        return not self.problems


class HealthService:
    """Asks every part of this process."""

    def __init__(
        self,
        database: Database,
        parts: dict[str, Callable[[], datetime | None]],
        troubles: Sequence[Callable[[], str]] = (),
    ) -> None:
        """`parts`: when each last went round; `troubles`: what a part complains of, "" for none."""
        self._database = database
        self._parts = parts
        self._troubles = troubles
        self._standing = Standing(database)
        self._started = database.clock.now()

    async def check(self) -> Health:
        """Never raises: what cannot be asked is a problem."""
        problems: list[str] = []
        try:
            await self._database.command("PING")
            problems += filter(None, [await self._standing.token_trouble()])
        except StoreError as error:
            problems.append(str(error))
        now = self._database.clock.now()
        for name, last_round in self._parts.items():
            last = last_round() or self._started
            if now - last > STALLED:
                seconds = int((now - last).total_seconds())
                problems.append(f"{name} made no progress for {seconds} s")
        problems += filter(None, (trouble() for trouble in self._troubles))
        return Health(tuple(problems))
