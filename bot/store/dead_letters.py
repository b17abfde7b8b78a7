"""Dead letters: deliveries that were given up, kept by chat shard where operators see them.

What becomes one is decided in bot.services.refused_deliveries; replaying is
bot.services.dead_letters.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.models.deliveries import DeadLetter
from bot.models.identifiers import ChatId, StoryId, ThreadId
from bot.store import documents
from bot.store import keys_dead_letters as keys
from bot.store.client import Database
from bot.store.clock import milliseconds
from bot.store.key_registry import CHAT_SHARDS, chat_shard

LETTERS_MOST = 1000
"""In one shard."""


@dataclass(frozen=True, slots=True)
class LetterCounts:
    """How many there are, and how many were pushed out by newer ones so far."""

    kept: int
    dropped: int


class DeadLetterStore:
    """All methods raise StoreError when Redis does not answer."""

    def __init__(self, database: Database, *, most: int = LETTERS_MOST) -> None:
        self._database = database
        self._most = most

    async def bury(self, letter: DeadLetter) -> None:
        """Keep a letter; one of the same chat, topic and story is replaced."""
        shard = chat_shard(letter.chat)
        await self._database.script("letter_bury")(
            keys=[keys.letters(shard), keys.letter_texts(shard), keys.letters_dropped(shard)],
            args=[_name(letter), milliseconds(letter.at), documents.dump(letter), self._most],
        )

    async def get(self, chat: ChatId, thread: ThreadId, story: StoryId) -> DeadLetter | None:
        """One letter, while it is there."""
        name = f"{chat}:{thread}:{story}"
        texts = keys.letter_texts(chat_shard(chat))
        document = await self._database.command("HGET", texts, name)
        return None if document is None else documents.load(DeadLetter, document)

    async def remove(self, letter: DeadLetter) -> bool:
        """Drop a letter as it was read; false when it is gone or was buried anew meanwhile."""
        shard = chat_shard(letter.chat)
        removed = await self._database.script("letter_remove")(
            keys=[keys.letters(shard), keys.letter_texts(shard)],
            args=[_name(letter), milliseconds(letter.at)],
        )
        return bool(removed)

    async def counts(self) -> LetterCounts:
        """Over all shards."""
        batch = self._database.batch()
        for shard in range(CHAT_SHARDS):
            batch.command("ZCARD", keys.letters(shard))
            batch.command("GET", keys.letters_dropped(shard))
        answers = await batch.run()
        return LetterCounts(sum(answers[0::2]), sum(int(each or 0) for each in answers[1::2]))

    async def newest(self, first: int, count: int) -> tuple[DeadLetter, ...]:
        """So many letters from the `first` on, newest first, over all shards."""
        batch = self._database.batch()
        for shard in range(CHAT_SHARDS):
            batch.command("ZREVRANGE", keys.letters(shard), 0, first + count - 1, "WITHSCORES")
        found = [
            (float(score), shard, name)
            for shard, answer in enumerate(await batch.run())
            for name, score in zip(answer[0::2], answer[1::2], strict=True)
        ]
        found.sort(reverse=True)
        return await self._read([(shard, name) for _, shard, name in found[first : first + count]])

    async def until(self, moment: datetime) -> AsyncIterator[DeadLetter]:
        """Every letter buried no later, shard by shard, oldest first."""
        for shard in range(CHAT_SHARDS):
            names = await self._database.command(
                "ZRANGEBYSCORE", keys.letters(shard), "-inf", milliseconds(moment)
            )
            for start in range(0, len(names), 100):
                for letter in await self._read(
                    [(shard, name) for name in names[start : start + 100]]
                ):
                    yield letter

    async def _read(self, places: Sequence[tuple[int, bytes]]) -> tuple[DeadLetter, ...]:
        batch = self._database.batch()
        for shard, name in places:
            batch.command("HGET", keys.letter_texts(shard), name)
        answers = await batch.run()
        return tuple(
            documents.load(DeadLetter, document) for document in answers if document is not None
        )


def _name(letter: DeadLetter) -> str:
    return f"{letter.chat}:{letter.thread}:{letter.story}"
