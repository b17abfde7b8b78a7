"""The bot's standing with Telegram, shared by all processes: is its token refused, and how many
messages may have come twice. Under the tag {pace}; the pace itself is in bot.store.pace.
"""

from datetime import timedelta

from bot.store import keys_dead_letters as keys
from bot.store import keys_deliveries
from bot.store.client import Database

TOKEN_PAUSE = timedelta(minutes=1)
"""While the token is refused one request tries it, this often."""
TOKEN_REFUSED = timedelta(minutes=2)
"""So long the refusal is believed: it is renewed by each try."""
DOUBT_DAYS = 7
_DAY = timedelta(days=1)
_MILLISECOND = timedelta(milliseconds=1)


class Standing:
    """All methods raise StoreError when Redis does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def refuse_token(self, reason: str) -> bool:
        """Telegram refuses the token: everybody pauses, then one request probes.

        True for the first to find out.
        """
        until = self._database.clock.now_milliseconds() + TOKEN_PAUSE // _MILLISECOND
        life = TOKEN_REFUSED // _MILLISECOND
        answers = await (
            self._database.batch()
            .command("DEL", keys_deliveries.probe())
            .command("SET", keys_deliveries.pause(), until, "PX", life)
            .command("SET", keys.token_refused(), reason, "NX", "PX", life)
            .command("PEXPIRE", keys.token_refused(), life)
            .run()
        )
        return bool(answers[2])

    async def token_trouble(self) -> str:
        """Why the token is refused (a sentence); "" while it is not."""
        reason = await self._database.command("GET", keys.token_refused())
        return "" if reason is None else str(reason, "utf-8")

    async def accept_token(self) -> None:
        """The bot introduced itself: what was refused before was another token, or is over."""
        if await self._database.command("DEL", keys.token_refused()):
            await self._database.command("DEL", keys_deliveries.pause(), keys_deliveries.probe())

    async def doubt(self) -> None:
        """A message was written to Telegram, no answer came, and it is sent again."""
        name = keys.doubts(self._today())
        life = (DOUBT_DAYS + 1) * int(_DAY.total_seconds())
        await self._database.batch().command("INCR", name).command("EXPIRE", name, life).run()

    async def doubts(self) -> int:
        """How many of the last 7 days may have come twice."""
        today = self._today()
        names = [keys.doubts(day) for day in range(today - DOUBT_DAYS + 1, today + 1)]
        counts = await self._database.command("MGET", *names)
        return sum(int(count or 0) for count in counts)

    def _today(self) -> int:
        return self._database.clock.now_milliseconds() // (_DAY // _MILLISECOND)
