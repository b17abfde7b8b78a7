"""Words of searches behind the tokens in their page buttons, which hold 64 bytes at most."""

from datetime import timedelta
from hashlib import blake2b

from bot.store import keys_searches
from bot.store.client import Database

KEPT = timedelta(days=7)


class SearchStore:
    """Remembers what was searched for as long as somebody may turn the page."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def remember(self, words: str) -> str:
        """Keep the words; answers 16 hexadecimal digits, the same for the same words."""
        token = blake2b(words.encode("utf-8", "replace"), digest_size=8).hexdigest()
        await self._database.command(
            "SET",
            keys_searches.search(token),
            words.encode("utf-8", "replace"),
            "EX",
            int(KEPT.total_seconds()),
        )
        return token

    async def words(self, token: str) -> str | None:
        """The words of a token; None when it is forgotten or was never given out."""
        words = await self._database.command("GET", keys_searches.search(token))
        return None if words is None else str(words.decode())
