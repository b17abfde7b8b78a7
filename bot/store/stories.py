"""Stories, the entries they stand on, their indices and the log: one tag, written by the desk.

Which entry belongs to which story is decided in bot.news.stories; here a placement is one
transaction that checks the desk's lease.
"""

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.errors import BacklogError, LeaseLostError
from bot.models.deliveries import EventKind, FanOutEvent
from bot.models.entries import Entry
from bot.models.identifiers import EntryId, StoryId
from bot.models.stories import Story
from bot.store import keys_desk
from bot.store.client import Argument, Database
from bot.store.clock import milliseconds
from bot.store.desk import DeskLease
from bot.store.documents import dump, load

FANOUT_CAP = 100_000
LOG_CAP = 100_000
URGENT, ORDINARY = "urgent", "ordinary"
_PAGE = 500


@dataclass(frozen=True, slots=True)
class LogItem:
    """One stored version of a story."""

    id: str
    """Of the log: pass the last one as `after` to go on."""
    story: StoryId
    version: int


@dataclass(frozen=True, slots=True)
class LogPage:
    """What follows a place in the log."""

    items: tuple[LogItem, ...]
    gap: bool
    """Items between `after` and these may be gone: read the stories anew."""


def indices_of(story: Story) -> dict[str, int | None]:
    """Index → score in ms; None where the story must not stand (any more).

    What no listed feed reports stands in the indices of its feeds and sources only.
    """
    reported = milliseconds(story.first_reported)
    scores: dict[str, int | None] = {}
    for report in story.reports:
        scores[f"feed:{report.feed}"] = reported
        scores[f"source:{report.feed_title.lower()}"] = reported
        if not report.listed:
            continue
        scores["all"] = reported
        if report.topic:
            scores[f"topic:{report.topic}"] = reported
        # "language:" and "topic:<t>:" hold what nobody stated the language of: it is for everyone.
        scores[f"language:{report.language}"] = reported
        if report.topic:
            scores[f"topic:{report.topic}:{report.language}"] = reported
    flagged = story.breaking if "all" in scores else None
    scores["breaking"] = milliseconds(flagged.at) if flagged else None
    return scores


def urgency(event: FanOutEvent, story: Story) -> str:
    """The fan-out stream of an event."""
    urgent = event.kind in (EventKind.BREAKING, EventKind.CORRECTED) or story.breaking
    return URGENT if urgent else ORDINARY


class StoryStore(DeskLease):
    """Stories by id and by index; written with the desk's token only."""

    def __init__(
        self,
        database: Database,
        *,
        retention: timedelta = timedelta(days=90),
        fanout_cap: int = FANOUT_CAP,
        log_cap: int = LOG_CAP,
    ) -> None:
        super().__init__(database)
        self._retention = retention
        self._fanout_cap = fanout_cap
        self._log_cap = log_cap

    async def place(
        self, token: str, story: Story, entry: Entry, event: FanOutEvent | None
    ) -> bool:
        """Keep a story's version together with the entry that made it; False when the entry
        was placed already (with this content, or in a later state), and nothing is written.

        Raises LeaseLostError when the token does not hold the lease or the stored story is
        newer, BacklogError while the fan-out is too far behind.
        """
        return await self._write(token, story, entry, event)

    async def update(self, token: str, story: Story, event: FanOutEvent | None) -> bool:
        """Keep a story's new version that no entry made (an order); False when this version
        is stored already. Raises as `place` does.
        """
        return await self._write(token, story, None, event)

    async def _write(
        self, token: str, story: Story, entry: Entry | None, event: FanOutEvent | None
    ) -> bool:
        scores = indices_of(story)
        outcome = await self._database.script("story_place")(
            [
                keys_desk.desk_lease(),
                keys_desk.story(story.id),
                keys_desk.entry(entry.id if entry else EntryId("")),
                keys_desk.story_log(),
                keys_desk.active(),
                keys_desk.fanout(urgency(event, story) if event else ORDINARY),
                *_alias_keys(story),
                *(keys_desk.latest(index) for index in scores),
            ],
            [
                token,
                self._database.clock.now_milliseconds(),
                int(self._retention.total_seconds()),
                story.id,
                story.version,
                dump(story),
                *_entry_arguments(entry),
                dump(event) if event else "",
                self._fanout_cap,
                self._log_cap,
                len(story.aliases),
                *story.aliases,
                *("" if score is None else score for score in scores.values()),
            ],
        )
        return _written(story, outcome)

    async def get(self, story_id: StoryId) -> Story | None:
        """A story by any id that it is known by."""
        return (await self.get_many([story_id])).get(story_id)

    async def get_many(self, story_ids: Iterable[StoryId]) -> dict[StoryId, Story]:
        """Asked id → story; an alias gives the story that it was merged into."""
        asked = list(dict.fromkeys(story_ids))
        found = await self._documents(asked)
        missing = [story_id for story_id in asked if story_id not in found]
        if missing:
            batch = self._database.batch()
            for story_id in missing:
                batch.command("GET", keys_desk.story_alias(story_id))
            targets = {
                alias: StoryId(target.decode())
                for alias, target in zip(missing, await batch.run(), strict=True)
                if target
            }
            merged = await self._documents(list(dict.fromkeys(targets.values())))
            found |= {
                alias: merged[target] for alias, target in targets.items() if target in merged
            }
        return found

    async def _documents(self, story_ids: Sequence[StoryId]) -> dict[StoryId, Story]:
        batch = self._database.batch()
        for story_id in story_ids:
            batch.command("HGET", keys_desk.story(story_id), "d")
        return {
            story_id: load(Story, document)
            for story_id, document in zip(story_ids, await batch.run(), strict=True)
            if document is not None
        }

    async def recent(self, window: timedelta) -> list[Story]:
        """Stories placed or updated within the window, in order of that."""
        oldest = milliseconds(self._database.clock.now() - window)
        answer = await self._database.command("ZRANGEBYSCORE", keys_desk.active(), oldest, "+inf")
        ids = [StoryId(member.decode()) for member in answer]
        stories: list[Story] = []
        for start in range(0, len(ids), _PAGE):
            stories.extend((await self._documents(ids[start : start + _PAGE])).values())
        return stories

    async def everything(self) -> AsyncIterator[tuple[Story, ...]]:
        """Every kept story, last placed first, in pages: to rebuild a projection.

        Remember `log_end()` before and follow the log from there: stories that change meanwhile
        may come twice or not at all.
        """
        answer = await self._database.command("ZREVRANGE", keys_desk.active(), 0, -1)
        ids = [StoryId(member.decode()) for member in answer]
        for start in range(0, len(ids), _PAGE):
            yield tuple((await self._documents(ids[start : start + _PAGE])).values())

    async def entry(self, entry_id: EntryId) -> Entry | None:
        """An entry with its full text, in its latest state."""
        document = await self._database.command("HGET", keys_desk.entry(entry_id), "d")
        return None if document is None else load(Entry, document)

    async def home(self, entry_id: EntryId) -> Story | None:
        """The story that an entry was placed in, under the id by which it is known now."""
        story_id = await self._database.command("HGET", keys_desk.entry(entry_id), "s")
        return None if story_id is None else await self.get(StoryId(story_id.decode()))

    async def marked(self, entry: Entry) -> bool:
        """The entry was placed already: with this content, or in a later state."""
        content_print, arrived = await self._database.command(
            "HMGET", keys_desk.entry(entry.id), "p", "a"
        )
        if content_print is None:
            return False
        same = bool(content_print.decode() == entry.content_print)
        return same or int(arrived) >= milliseconds(entry.arrived)

    async def latest(
        self, index: str | Sequence[str], offset: int, limit: int
    ) -> tuple[tuple[StoryId, ...], int]:
        """A page of story ids, last reported first, and how many there are.

        `index`: one of `all`, `breaking`, `topic:<t>`, `feed:<id>`, `source:<title>`,
        `language:<code>`, `topic:<t>:<code>`, or several, merged; the number is then an upper
        bound, because a story may stand in several.
        """
        indices = [index] if isinstance(index, str) else list(index)
        batch = self._database.batch()
        for each in indices:
            name = keys_desk.latest(each)
            batch.command("ZCARD", name)
            batch.command("ZREVRANGE", name, 0, offset + limit - 1, "WITHSCORES")
        answers = await batch.run()
        scores = {
            members[at]: float(members[at + 1])
            for members in answers[1::2]
            for at in range(0, len(members), 2)
        }
        order = sorted(scores, key=lambda member: (scores[member], member), reverse=True)
        page = order[offset : offset + limit]
        return tuple(StoryId(member.decode()) for member in page), sum(answers[0::2])

    async def log_end(self) -> str:
        """The id of the log's last item; "0-0" while it is empty."""
        answer = await self._database.command(
            "XREVRANGE", keys_desk.story_log(), "+", "-", "COUNT", 1
        )
        return answer[0][0].decode() if answer else "0-0"

    async def log(self, after: str, limit: int = _PAGE) -> LogPage:
        """What was stored after an id of the log (`log_end`, or an item's), oldest first."""
        name = keys_desk.story_log()
        exact, answer = await (
            self._database.batch()
            .command("XRANGE", name, after, after)
            .command("XRANGE", name, f"({after}", "+", "COUNT", limit)
            .run()
        )
        items = tuple(
            LogItem(item_id.decode(), StoryId(fields[b"s"].decode()), int(fields[b"v"]))
            for item_id, fields in answer
        )
        return LogPage(items, gap=bool(items) and not exact and after != "0-0")


def _alias_keys(story: Story) -> Iterable[str]:
    for alias in story.aliases:
        yield keys_desk.story_alias(alias)
        yield keys_desk.story(alias)


def _entry_arguments(entry: Entry | None) -> tuple[Argument, Argument, Argument]:
    if entry is None:
        return "", 0, ""
    return entry.content_print, milliseconds(entry.arrived), dump(entry)


def _written(story: Story, outcome: bytes) -> bool:
    if outcome == b"LOST":
        raise LeaseLostError("Another process is the desk now.")
    if outcome == b"STALE":
        raise LeaseLostError(f"Story {story.id} was changed by another desk.")
    if outcome == b"FULL":
        raise BacklogError("Too many events wait for fan-out; the desk pauses.")
    return outcome == b"DONE"
