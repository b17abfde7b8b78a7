"""A story: what several sources report of one event. Values only; placing is bot.news.stories."""

from dataclasses import dataclass
from datetime import datetime

from bot.models.entries import Picture
from bot.models.identifiers import EntryId, FeedId, Language, StoryId, Topic


@dataclass(frozen=True, slots=True)
class Report:
    """One entry as a member of a story, without its full text."""

    entry: EntryId
    feed: FeedId
    feed_title: str
    source: str
    owner: str
    trusted: bool
    state: str
    language: Language
    topic: Topic | None
    title: str
    link: str
    lede: str
    picture: Picture | None
    words: int
    """Words of the full text; 0 when only the lede is known."""
    published: datetime
    arrived: datetime
    baseline: bool
    content_print: str
    changed: datetime | None = None
    """When the reader's text last changed; shown as (Updated HH:MM)."""
    listed: bool = True
    """Of a listed feed (Feed.listed)."""


@dataclass(frozen=True, slots=True)
class Breaking:
    """Why and since when a story is breaking."""

    at: datetime
    reason: str
    """In plain words, e.g. "reported by 3 outlets within 41 minutes"; never "confirmed"."""
    voices: tuple[str, ...]
    by_operator: bool = False


@dataclass(frozen=True, slots=True)
class Story:
    """Reports in order of arrival; the first is the one that founded the story."""

    id: StoryId
    version: int
    """Grows by one whenever what a reader sees changes."""
    reports: tuple[Report, ...]
    lead: EntryId
    """The report whose headline stands for the story; stable once chosen."""
    first_reported: datetime
    """Earliest published time of its reports."""
    changed: datetime
    breaking: Breaking | None = None
    aliases: tuple[StoryId, ...] = ()

    @property
    def lead_report(self) -> Report:
        """The report that stands for the story."""
        return next(report for report in self.reports if report.entry == self.lead)

    @property
    def ids(self) -> tuple[StoryId, ...]:
        """Every id that the story is known by, its own first."""
        return (self.id, *self.aliases)

    @property
    def baseline(self) -> bool:
        """True while nothing but first-poll entries belong to it: found, never pushed."""
        return all(report.baseline for report in self.reports)
