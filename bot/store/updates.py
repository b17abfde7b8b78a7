"""The inbox of Telegram's updates: stored before Telegram is told, claimed by chat, then removed.

Knows nothing of what an update means beyond its number and where it came from. All keys are under
one tag; what many processes do at once is decided by the scripts.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.errors import StoreError
from bot.models.identifiers import ChatId
from bot.store import keys_updates
from bot.store.client import Database
from bot.store.clock import milliseconds
from bot.store.gathering import Gathering

MARK_LIFE = timedelta(hours=48)
WAITING_MOST = 50
"""Updates of one chat not handled yet. Observation: a group may ask faster than its 20 answers a
minute go out, and a full inbox stops the updates of everybody. Rule: what a chat asks beyond is
dropped. Known exception: what is told only once.
"""
INBOX_MOST = 20_000
TAKE_WITHIN = timedelta(seconds=3)
ANSWER_GRACE = timedelta(milliseconds=500)
NO_ANSWER = "Redis does not answer in time."
WAKE_MOST = 8
INLINE_LIFE = timedelta(seconds=30)
"""Telegram takes no answer to an older inline query."""
INLINE_MOST = 200

_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class NewUpdate:
    """An update that Telegram handed over."""

    number: int
    """Its update_id."""
    origin: ChatId
    """Whose order it belongs to: a chat, or a person where there is none."""
    body: bytes
    """JSON as Telegram sent it."""
    once: bool = False
    """Told only once: kept also when its chat has too many waiting."""


@dataclass(frozen=True, slots=True)
class ClaimedUpdate:
    """The first update of a claimed chat. Until it is done or the claim is lost, nobody else has
    an update of that chat.
    """

    number: int
    origin: ChatId
    body: bytes
    claim: str


class Taken(StrEnum):
    """What became of a new update."""

    STORED = "STORED"
    SEEN = "SEEN"
    """A copy of one that was taken in before."""
    DROPPED = "DROPPED"
    """Its chat has too many waiting."""
    FULL = "FULL"
    """Not taken: the inbox has too many waiting."""


class UpdateInbox:
    """All methods raise StoreError when Redis does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._gathering: Gathering[tuple[NewUpdate, datetime], Taken] = Gathering(self._take)

    async def take(self, update: NewUpdate, *, within: timedelta = TAKE_WITHIN) -> Taken:
        """Take in an update once. Those that come at the same moment are one script, in order.

        After a StoreError it is not in the inbox and will not be, also where Redis only stood
        still: unless the connection broke while the answer was on its way.
        """
        latest = self._database.clock.now() - self._database.clock.offset + within
        try:
            async with asyncio.timeout((within + ANSWER_GRACE).total_seconds()):
                return await self._gathering((update, latest))
        except TimeoutError as error:
            raise StoreError(NO_ANSWER) from error

    async def claim(
        self,
        owner: str,
        request: str,
        *,
        most: int,
        known: bool,
        again: bool = False,
        silent_for: timedelta | None = None,
    ) -> list[ClaimedUpdate] | None:
        """Beat, and claim up to `most` chats; None when the owner was taken for dead.

        `known`: it has beaten before. `again`: this request was made before, without an answer;
        it returns the same batch. `silent_for`: after so long others are dead, and what they had
        claimed is anybody's.
        """
        offset = self._database.clock.offset // _MILLISECOND
        silence = 0 if silent_for is None else silent_for // _MILLISECOND
        claim = f"{owner}|{request}"
        answer = await self._database.script("update_claim")(
            keys=[
                *_inbox(),
                keys_updates.owners(),
            ],
            args=[offset, owner, claim, most, silence, int(known), int(again)],
        )
        if answer == b"LOST":
            return None
        return [
            ClaimedUpdate(int(number), ChatId(int(origin)), body, claim)
            for origin, number, body in zip(answer[::3], answer[1::3], answer[2::3], strict=True)
        ]

    async def done(self, update: ClaimedUpdate) -> ClaimedUpdate | None:
        """It was handled: never again. Answers the chat's next; None gives the chat back."""
        answer = await self._database.script("update_done")(
            keys=_inbox(),
            args=[update.origin, update.claim, update.number],
        )
        if answer is None:
            return None
        return ClaimedUpdate(int(answer[0]), update.origin, answer[1], update.claim)

    async def leave(self, owner: str) -> None:
        """This process ends: what it had claimed is anybody's at once."""
        await self._database.script("update_leave")(
            keys=[
                keys_updates.ready(),
                keys_updates.claims(),
                keys_updates.wake(),
                keys_updates.owners(),
            ],
            args=[owner],
        )

    async def wait(self, at_most: timedelta) -> bytes | None:
        """Sleep in Redis until chats may be ready, or an inline query came: then its JSON."""
        answer = await self._database.command(
            "BLPOP", keys_updates.inline(), keys_updates.wake(), at_most.total_seconds()
        )
        if answer is None or answer[0] != keys_updates.inline().encode():
            return None
        since, _, body = answer[1].partition(b"|")
        age = self._database.clock.now_milliseconds() - int(since)
        return bytes(body) if age < INLINE_LIFE // _MILLISECOND else None

    async def put_inline(self, body: bytes) -> None:
        """Hand an inline query to a process with the role `commands`; it is kept for 30 s."""
        now = self._database.clock.now_milliseconds()
        await self._database.script("update_inline")(
            keys=[keys_updates.inline()],
            args=[b"%d|%b" % (now, body), INLINE_MOST, int(INLINE_LIFE.total_seconds())],
        )

    async def hold_polling(self, token: str, life: timedelta) -> bool:
        """Become or stay the one process that asks Telegram; False while another one is."""
        answer = await self._database.script("update_poller")(
            keys=[keys_updates.poller()], args=[token, life // _MILLISECOND]
        )
        return bool(answer)

    async def leave_polling(self, token: str) -> None:
        """Let another process ask Telegram at once."""
        await self.hold_polling(token, timedelta())

    async def _take(self, calls: Sequence[tuple[NewUpdate, datetime]]) -> list[Taken]:
        updates = [update for update, _ in calls]
        arguments: list[bytes | str | int] = [
            self._database.clock.now_milliseconds(),
            int(MARK_LIFE.total_seconds()),
            WAITING_MOST,
            INBOX_MOST,
            WAKE_MOST,
            milliseconds(min(latest for _, latest in calls)),
        ]
        for update in updates:
            bit = update.number % keys_updates.SEEN_BITS
            arguments += [bit, update.number, update.origin, update.body, int(update.once)]
        answer = await self._database.script("update_take")(
            keys=[
                *_inbox(),
                *(keys_updates.seen(update.number) for update in updates),
            ],
            args=arguments,
        )
        if answer == b"LATE":
            raise StoreError(NO_ANSWER)
        taken = [Taken(word.decode()) for word in answer]
        return taken + [Taken.FULL] * (len(updates) - len(taken))


def _inbox() -> list[str]:
    """The keys of what waits, in the order of the scripts."""
    return [
        keys_updates.bodies(),
        keys_updates.chats(),
        keys_updates.ready(),
        keys_updates.claims(),
        keys_updates.wake(),
    ]
