"""Which story an entry belongs to.

A mutable value in memory: no I/O, no clock; time is what entries and callers bring. All of it
follows from the stories kept, so that `restore` continues where another index stopped (except that
a full posting list forgets in the order of arrival, not of change). How a story changes by an
entry is bot.news.reports; the measure is bot.news.similarity.

Observation: exact titles and prints find almost no story told by two outlets; overlap of rare words
does; linking to the nearest member alone chains everything into one story.
Rule: the same link or the same title and lead are the same story. Else a story scores half its best
member's S and half the mean of its three best (fewer in a smaller story), and .40 decides, .32
where a title stands alone. An entry that reaches .60 with two stories merges them. Likeness never
puts two entries of one publication together: it does not report the same twice, it goes on telling
(of 457 related pairs in HeadlineCause 453 are of one host, only 6 % the same story), and what joins
silently is lost to its readers.
Known exceptions: translations found a second story, and so does a second page on one event.
Rejected: centroids (they need upkeep and win nothing), a decay by time (an artefact of archives).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from bot.models.deliveries import EventKind
from bot.models.entries import Entry
from bot.models.identifiers import EntryId, StoryId
from bot.models.stories import Story
from bot.news.reports import change, found, is_open, join, merge, with_breaking
from bot.news.voices import publication
from bot.news.window import WINDOW, Member, Window, member_of

__all__ = ["Placement", "StoryIndex", "Thresholds", "with_breaking"]

BEST_MEMBERS: Final = 3


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Story scores from which an entry belongs to a story."""

    text: float = 0.40
    title_only: float = 0.32
    merge: float = 0.60
    """Of two stories at once, which makes them one. At .40 bridges between neighbouring events
    chained stories: pairwise precision fell by a fifth on an English stream."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where an entry went."""

    story: Story
    """Complete, as it is now."""
    event: EventKind | None
    """None: nothing that a reader sees changed."""
    created: bool
    score: float
    """1 for exact matches and known entries, 0 for a story of its own."""


class StoryIndex:
    """The stories of the window."""

    def __init__(self, thresholds: Thresholds = Thresholds()) -> None:
        self._thresholds = thresholds
        self._window = Window()
        self._stories: dict[StoryId, Story] = {}
        self._home: dict[EntryId, StoryId] = {}
        self._merged: dict[StoryId, StoryId] = {}

    def get(self, story: StoryId) -> Story | None:
        """The story known by this id, while it is in the window."""
        return self._stories.get(self._merged.get(story, story))

    def holds(self, entry: EntryId) -> bool:
        """Whether the entry is a report of a story here."""
        return entry in self._home

    def restore(self, stories: Iterable[Story]) -> None:
        """Take in stories as kept. Left out are those merged into another and those that had left
        the window: their entries may since have founded a story anew.
        """
        kept = {story.id: story for story in stories}
        merged = {alias for story in kept.values() for alias in story.aliases}
        last = max((_last_arrival(story) for story in kept.values()), default=None)
        for story in kept.values():
            if (
                last is not None
                and story.id not in merged
                and _last_arrival(story) >= last - WINDOW
            ):
                self.adopt(story)

    def adopt(self, story: Story) -> None:
        """Take in a story that was changed or kept elsewhere, in place of the one here."""
        self._keep(story, None)

    def _keep(self, story: Story, newcomer: Member | None) -> None:
        """`newcomer`: the member that a report new to the story is, where it is known already."""
        before = self._stories.get(story.id)
        if before is not None:
            staying = {report.entry for report in story.reports}
            for report in before.reports:
                if report.entry not in staying:
                    self._window.remove(report.entry)
                    del self._home[report.entry]
        known = {} if before is None else {report.entry: report for report in before.reports}
        for report in story.reports:
            if newcomer is not None and report.entry == newcomer.id:
                self._window.add(newcomer)
            elif report is not known.get(report.entry):
                self._window.add(member_of(report))
            self._home[report.entry] = story.id
        self._stories[story.id] = story
        self._merged.update(dict.fromkeys(story.aliases, story.id))

    def expire(self, now: datetime) -> None:
        """Forget entries that arrived over 72 hours before `now`, and stories without others."""
        for story_id in {self._home[entry] for entry in self._window.expire(now)}:
            story = self._stories[story_id]
            if not any(report.entry in self._window for report in story.reports):
                self._drop(story)

    def place(self, entry: Entry, *, home: Story | None = None) -> Placement:
        """Put an entry into its story, founding one if need be.

        `home`: the kept story that this entry is a report of, when `holds` denies it (a change of
        what is older than the window).
        """
        self.expire(entry.arrived)
        if home is not None and not self.holds(entry.id):
            self.adopt(home)
        if self.holds(entry.id):
            return self._place_known(entry)
        member = member_of(entry)
        stories, score = self._match(member)
        if not stories:
            story, event = found(entry)
            self._keep(story, member)
            return Placement(story, event, created=True, score=0.0)
        return self._place_beside(entry, member, stories, score)

    def _place_known(self, entry: Entry) -> Placement:
        story = self._stories[self._home[entry.id]]
        report = next(report for report in story.reports if report.entry == entry.id)
        if report.content_print == entry.content_print:
            return Placement(story, None, created=False, score=1.0)
        story, event = change(story, entry)
        self.adopt(story)
        return Placement(story, event, created=False, score=1.0)

    def _place_beside(
        self, entry: Entry, member: Member, stories: list[Story], score: float
    ) -> Placement:
        best = stories[0]
        united = merge(stories, entry.arrived)
        story, event = join(united, entry)
        if event is None and united is not best and not story.baseline:
            story, event = replace(story, version=story.version + 1), EventKind.WIDER
        for absorbed in stories:
            if absorbed.id in united.aliases:
                self._drop(absorbed)
        self._keep(story, member)
        return Placement(story, event, created=False, score=score)

    def _drop(self, story: Story) -> None:
        for report in story.reports:
            self._window.remove(report.entry)
            del self._home[report.entry]
        for alias in story.aliases:
            del self._merged[alias]
        del self._stories[story.id]

    def _match(self, member: Member) -> tuple[list[Story], float]:
        """The stories that the entry belongs to, best first: one, unless several are certain."""
        exact = self._window.same(member)
        if exact is not None:
            story = self._stories[self._home[exact]]
            if is_open(story, member.key[0]):
                return [story], 1.0
        members: defaultdict[StoryId, list[tuple[EntryId, float]]] = defaultdict(list)
        for other, score in self._window.similar(member):
            members[self._home[other]].append((other, score))
        scored = []
        for story_id, best in members.items():
            story = self._stories[story_id]
            score = self._score(story, best)
            if score >= self._threshold(member, best[0][0]) and self._takes(story, member):
                scored.append((score, story))
        scored.sort(key=lambda pair: (-pair[0], pair[1].reports[0].arrived, pair[1].id))
        if not scored:
            return [], 0.0
        certain = [story for score, story in scored if score >= self._thresholds.merge]
        return certain or [scored[0][1]], scored[0][0]

    @staticmethod
    def _takes(story: Story, member: Member) -> bool:
        """Whether a story may take an entry by likeness alone: not of a publication in it."""
        if any(publication(report) == member.publication for report in story.reports):
            return False
        return is_open(story, member.key[0])

    def _score(self, story: Story, best: list[tuple[EntryId, float]]) -> float:
        """Half the best member, half the mean of the three best; members not met count 0."""
        living = sum(report.entry in self._window for report in story.reports)
        top = [score for _, score in best[:BEST_MEMBERS]]
        return 0.5 * top[0] + 0.5 * sum(top) / min(BEST_MEMBERS, living)

    def _threshold(self, member: Member, other: EntryId) -> float:
        both = member.features.has_lead and self._window.has_lead(other)
        return self._thresholds.text if both else self._thresholds.title_only


def _last_arrival(story: Story) -> datetime:
    return max(report.arrived for report in story.reports)
