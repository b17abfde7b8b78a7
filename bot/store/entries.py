"""The entries' streams from the desk's side: read in order, acknowledge what was placed.

No consumer group: the desk is one leased writer, so one mark per shard tells what is done.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.models.entries import Entry
from bot.store import keys
from bot.store.client import Database
from bot.store.documents import load


@dataclass(frozen=True, slots=True)
class Arrival:
    """An entry and its place in a shard's stream."""

    shard: int
    id: str
    """Of the stream: milliseconds-sequence."""
    entry: Entry


def _order(stream_id: str) -> tuple[int, int]:
    time, _, sequence = stream_id.partition("-")
    return int(time), int(sequence)


class EntryStreams:
    """All shards' streams as one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, limit: int) -> list[Arrival]:
        """What is not acknowledged, oldest first, at most `limit` of each shard.

        Reading marks nothing: without an acknowledgement the same comes again.
        """
        marks = await self._marks()
        batch = self._database.batch()
        for shard, mark in enumerate(marks):
            start = f"({mark}" if mark else "-"
            batch.command("XRANGE", keys.entries(shard), start, "+", "COUNT", limit)
        arrivals = [
            Arrival(shard, stream_id.decode(), load(Entry, fields[b"e"]))
            for shard, answer in enumerate(await batch.run())
            for stream_id, fields in answer
        ]
        return sorted(arrivals, key=lambda arrival: _order(arrival.id))

    async def acknowledge(self, shard: int, stream_id: str) -> None:
        """Everything in the shard up to this id is placed, and dropped from the stream."""
        await self.acknowledge_all({shard: stream_id})

    async def acknowledge_all(self, marks: Mapping[int, str]) -> None:
        """Acknowledge several shards in one round trip: shard → id."""
        batch = self._database.batch()
        for shard, stream_id in marks.items():
            time, sequence = _order(stream_id)
            batch.script(
                "entries_acknowledge",
                [keys.entries(shard), keys.acknowledged(shard)],
                [stream_id, f"{time}-{sequence + 1}"],
            )
        await batch.run()

    async def backlog(self) -> int:
        """How many entries wait for the desk."""
        batch = self._database.batch()
        for shard in range(keys.FEED_SHARDS):
            batch.command("XLEN", keys.entries(shard))
        return sum(await batch.run())

    async def _marks(self) -> list[str]:
        batch = self._database.batch()
        for shard in range(keys.FEED_SHARDS):
            batch.command("GET", keys.acknowledged(shard))
        return [mark.decode() if mark else "" for mark in await batch.run()]
