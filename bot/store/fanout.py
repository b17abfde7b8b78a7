"""Fan-out streams of the desk, and raising an event in the pending items of a chunk of chats."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.models.deliveries import DeliveryClass, FanOutEvent, Target
from bot.models.identifiers import ChatId, ThreadId
from bot.store import documents, keys, keys_deliveries, keys_desk
from bot.store.client import Database
from bot.store.key_registry import CHAT_SHARDS

CHUNK = 200
"""Targets raised by one script call: well under a millisecond each, so that others get a turn."""
PENDING_MOST = 500


class Lane(StrEnum):
    """The two fan-out streams: urgent events pass the others."""

    URGENT = "urgent"
    ORDINARY = "ordinary"


@dataclass(frozen=True, slots=True)
class QueuedEvent:
    """An event in its stream."""

    lane: Lane
    id: str
    event: FanOutEvent


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some targets of one shard."""

    shard: int
    targets: tuple[Target, ...]


class FanOutStreams:
    """All methods raise StoreError when Redis does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def next(self, lane: Lane) -> QueuedEvent | None:
        """The oldest event that is not acknowledged."""
        found = await self._database.command("XRANGE", keys_desk.fanout(lane), "-", "+", "COUNT", 1)
        if not found:
            return None
        entry_id, fields = found[0]
        event = documents.load(FanOutEvent, fields[b"e"])
        return QueuedEvent(lane, entry_id.decode(), event)

    async def acknowledge(self, queued: QueuedEvent) -> None:
        """Every chat that wants it has it pending: the event is done with."""
        await self._database.command("XDEL", keys_desk.fanout(queued.lane), queued.id)

    async def wanting(self, rules: Sequence[str]) -> AsyncIterator[Chunk]:
        """The targets of any of the rules, in chunks by shard and range of chat ids."""
        if not rules:
            return
        first = self._database.batch()
        for shard in range(CHAT_SHARDS):
            names = [keys.wants(shard, rule) for rule in rules]
            first.script("fanout_wanting", names, [CHUNK])
        for shard, answers in enumerate(await first.run()):
            for number, answer in answers:
                members, scores = _columns(answer)
                while members:
                    yield Chunk(shard, tuple(_target(member) for member in members))
                    if len(members) < CHUNK:
                        break
                    members, scores = await self._beyond(shard, rules[number], scores)

    async def _beyond(
        self, shard: int, rule: str, scores: list[bytes]
    ) -> tuple[list[bytes], list[bytes]]:
        """The chunk after one with these scores.

        The targets of one chat share a score, so it begins with the last chat again; only when
        that chat alone filled the chunk does it begin behind it.
        """
        whole = scores[0] == scores[-1]
        start = f"({scores[-1].decode()}" if whole else scores[-1].decode()
        return _columns(await self._database.command(*_range(shard, rule, start)))

    async def raise_in(self, chunk: Chunk, event: FanOutEvent) -> int:
        """Raise the event for the chunk's targets; how many items changed. Twice is once."""
        names = [keys_deliveries.queue(chunk.shard, each) for each in DeliveryClass]
        names += [keys_deliveries.paused(chunk.shard), keys_deliveries.missed(chunk.shard)]
        urgent = any(rule.startswith("breaking:") for rule in event.rules)
        arguments: list[str | int] = [
            self._database.clock.now_milliseconds(),
            event.version,
            event.kind.value,
            int(urgent),
            PENDING_MOST,
            len(event.stories),
            *event.stories,
        ]
        for target in chunk.targets:
            names.append(keys_deliveries.pending(target.chat))
            names += [
                keys_deliveries.sent(target.chat, target.thread, story) for story in event.stories
            ]
            arguments += [target.chat, target.thread]
        return int(await self._database.script("queue_raise")(keys=names, args=arguments))


def _range(shard: int, rule: str, start: str) -> tuple[str | int, ...]:
    name = keys.wants(shard, rule)
    return ("ZRANGEBYSCORE", name, start, "+inf", "WITHSCORES", "LIMIT", 0, CHUNK)


def _columns(answer: list[bytes]) -> tuple[list[bytes], list[bytes]]:
    return answer[0::2], answer[1::2]


def _target(member: bytes) -> Target:
    chat, _, thread = member.decode().partition(":")
    return Target(ChatId(int(chat)), ThreadId(int(thread)))
