"""From entries to reports, and how a story changes by one: pure steps on values.

Finding the story that an entry belongs to is bot.news.stories.

Rule: a story's version grows only where a reader would see a difference: an outlet that is new to
it, a report that reaches subscribers whom no report reached, or a title or lede that says something
else. A second report of an outlet (a copy: the same link or text) is kept, silent. Typography is no
change.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final

from bot.models.deliveries import EventKind
from bot.models.entries import Entry, EntryEvent
from bot.models.identifiers import StoryId
from bot.models.stories import Breaking, Report, Story
from bot.news.text import word_count
from bot.news.tokens import normal_form
from bot.news.voices import outlet

MAXIMUM_REPORTS: Final = 200
MAXIMUM_AGE: Final = timedelta(days=7)
"""Since a story was founded: later entries found a new one."""
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


def story_id(entry: Entry) -> StoryId:
    """The id of the story that an entry founds: 12 base-36 characters from its id and arrival.

    The arrival is part of it because an entry may found twice: a change that comes after its story
    left the window must not take the id, and a lower version, of a story still kept.
    """
    founding = f"{entry.id} {entry.arrived.isoformat()}".encode()
    rest = int.from_bytes(blake2b(founding, digest_size=8).digest())
    characters = []
    for _ in range(12):
        rest, digit = divmod(rest, 36)
        characters.append(_DIGITS[digit])
    return StoryId("".join(characters))


def report_of(entry: Entry, *, baseline: bool) -> Report:
    """An entry as a member of a story."""
    return Report(
        entry=entry.id,
        feed=entry.feed,
        feed_title=entry.feed_title,
        source=entry.source,
        owner=entry.owner,
        trusted=entry.trusted,
        state=entry.state,
        language=entry.language,
        topic=entry.topic,
        title=entry.title,
        link=entry.link,
        lede=entry.lede,
        picture=entry.picture,
        words=word_count(entry.text),
        published=entry.published,
        arrived=entry.arrived,
        baseline=baseline,
        content_print=entry.content_print,
        listed=entry.listed,
    )


def found(entry: Entry) -> tuple[Story, EventKind | None]:
    """A story of its own.

    A changed entry that no story holds is older than the window: like a first poll's, it can be
    found but is not news.
    """
    report = report_of(entry, baseline=entry.event is not EntryEvent.NEW)
    story = Story(
        id=story_id(entry),
        version=1,
        reports=(report,),
        lead=entry.id,
        first_reported=entry.published,
        changed=entry.arrived,
    )
    return story, None if report.baseline else EventKind.NEW


def join(story: Story, entry: Entry) -> tuple[Story, EventKind | None]:
    """The story with one report more; a full one stays as it is."""
    report = report_of(entry, baseline=entry.event is not EntryEvent.NEW)
    kept = _make_room(story, report)
    if kept is None:
        return story, None
    event = _event_of_joining(story, report)
    joined = replace(
        story,
        reports=(*kept, report),
        first_reported=min(story.first_reported, report.published),
        version=story.version + (event is not None),
        changed=report.arrived if event else story.changed,
    )
    return joined, event


def change(story: Story, entry: Entry) -> tuple[Story, EventKind | None]:
    """The story with the report of this entry as the entry now is. Who got a story that is too old
    to take entries is not told: nobody remembers their messages any more, so that they would get it
    anew.
    """
    before = next(report for report in story.reports if report.entry == entry.id)
    visible = not _says_the_same(before, entry)
    after = replace(
        report_of(entry, baseline=before.baseline),
        arrived=before.arrived,
        changed=entry.arrived if visible else before.changed,
    )
    changed = replace(
        story,
        reports=tuple(after if report is before else report for report in story.reports),
        first_reported=min(story.first_reported, after.published),
        version=story.version + visible,
        changed=entry.arrived if visible else story.changed,
    )
    told = visible and not story.baseline and is_open(story, entry.arrived)
    return changed, EventKind.CHANGED if told else None


def merge(stories: Sequence[Story], at: datetime) -> Story:
    """One story of several, at the highest version of any; the oldest keeps its id and lead.

    The best (the first) is merged with each further one that still fits. Their readers have one
    story from now on, whichever message they got.
    """
    united = stories[0]
    for other in stories[1:]:
        if len(united.reports) + len(other.reports) < MAXIMUM_REPORTS:
            older, newer = sorted((united, other), key=_age)
            united = _merged(older, newer, at)
    return united


def _age(story: Story) -> tuple[datetime, StoryId]:
    return story.reports[0].arrived, story.id


def _merged(older: Story, newer: Story, at: datetime) -> Story:
    flags = [story.breaking for story in (older, newer) if story.breaking is not None]
    return replace(
        older,
        version=max(older.version, newer.version),
        reports=tuple(
            sorted((*older.reports, *newer.reports), key=lambda each: (each.arrived, each.entry))
        ),
        first_reported=min(older.first_reported, newer.first_reported),
        changed=at,
        breaking=min(flags, key=lambda flag: flag.at, default=None),
        aliases=(*older.aliases, *newer.ids),
    )


def with_breaking(story: Story, breaking: Breaking) -> Story:
    """The story as breaking; a version further, as its readers see the mark."""
    return replace(
        story, breaking=breaking, version=story.version + 1, changed=max(story.changed, breaking.at)
    )


def is_open(story: Story, at: datetime) -> bool:
    """Whether a story still takes entries."""
    return at - story.reports[0].arrived < MAXIMUM_AGE


def _event_of_joining(story: Story, report: Report) -> EventKind | None:
    if story.baseline:
        return None if report.baseline else EventKind.NEW
    if all(outlet(report) != outlet(member) for member in story.reports):
        return EventKind.WIDER
    reached = {_reach(member) for member in story.reports if not member.baseline}
    return EventKind.WIDER if not report.baseline and _reach(report) not in reached else None


def _reach(report: Report) -> tuple[str, ...]:
    """What subscriptions can match of a report."""
    return (report.feed, report.feed_title.casefold(), report.topic or "", report.language)


def _says_the_same(before: Report, entry: Entry) -> bool:
    return normal_form(before.title) == normal_form(entry.title) and normal_form(
        before.lede
    ) == normal_form(entry.lede)


def _make_room(story: Story, report: Report) -> tuple[Report, ...] | None:
    """Reports to keep beside a new one; None when it finds no room.

    Only the first real report displaces anything, a first poll's that does not lead: without it
    the story would never be told.
    """
    if len(story.reports) < MAXIMUM_REPORTS:
        return story.reports
    if report.baseline or not story.baseline:
        return None
    last = next(member for member in reversed(story.reports) if member.entry != story.lead)
    return tuple(member for member in story.reports if member is not last)
