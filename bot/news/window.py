"""The entries of the last 72 hours as the same-story rule needs them.

Holds features, postings, term counts and the exact keys of the entries in the window, all of which
follow from the reports kept: adding and removing are inverses. Which story an entry belongs to is
bot.news.stories' business.
"""

import heapq
from bisect import insort
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from bot.models.entries import Entry
from bot.models.identifiers import EntryId, FeedId
from bot.models.stories import Report
from bot.news.links import canonical_link
from bot.news.postings import Key, Postings
from bot.news.similarity import Comparison, Features, TermWeights, features
from bot.news.tokens import normal_form
from bot.news.voices import outlet, publication

WINDOW: Final = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Member:
    """An entry in the window."""

    key: Key
    feed: FeedId
    features: Features
    link: str
    """Canonical; "" when the link names no article."""
    publication: str
    """As bot.news.voices.publication tells them apart."""

    @property
    def id(self) -> EntryId:
        """The entry's id."""
        return self.key[1]


def member_of(entry: Entry | Report) -> Member:
    """An entry or report as a member of the window."""
    identity = entry.id if isinstance(entry, Entry) else entry.entry
    title = without_source(entry.title, (entry.feed_title, entry.source, entry.owner))
    return Member(
        key=(entry.arrived, identity),
        feed=entry.feed,
        features=features(title, entry.lede, outlet(entry)),
        link=_article_link(entry.link),
        publication=publication(entry),
    )


def without_source(title: str, names: tuple[str, ...]) -> str:
    """A title without a last " - Source", where that is the outlet's own name."""
    for mark in (" - ", " – ", " — ", " | "):
        head, found, tail = title.rpartition(mark)
        if found and head.strip() and normal_form(tail) in {normal_form(name) for name in names}:
            return head.strip()
    return title


class _ExactKeys:
    """Members that share a link or a text, oldest first; an empty one is shared by none."""

    def __init__(self) -> None:
        self._keys: dict[str | bytes, list[Key]] = {}

    def add(self, exact: str | bytes, key: Key) -> None:
        if exact:
            insort(self._keys.setdefault(exact, []), key)

    def remove(self, exact: str | bytes, key: Key) -> None:
        if exact:
            self._keys[exact].remove(key)
            if not self._keys[exact]:
                del self._keys[exact]

    def newest(self, exact: str | bytes) -> EntryId | None:
        keys = self._keys.get(exact)
        return keys[-1][1] if keys else None


class Window:
    """Members by exact keys and by shared rare words."""

    def __init__(self) -> None:
        self._members: dict[EntryId, Member] = {}
        self._order: list[Key] = []
        self._links = _ExactKeys()
        self._texts = _ExactKeys()
        self._postings = Postings()
        self._weights = TermWeights()

    def __contains__(self, entry: EntryId) -> bool:
        return entry in self._members

    def __len__(self) -> int:
        return len(self._members)

    def add(self, member: Member) -> None:
        """Take a member in, in place of what stood under its id."""
        before = self._members.get(member.id)
        if before is not None:
            self.remove(member.id)
        if before is None or before.key != member.key:
            heapq.heappush(self._order, member.key)
        self._members[member.id] = member
        self._weights.add(member.features)
        self._postings.add(member.key, member.features.full)
        self._links.add(member.link, member.key)
        self._texts.add(member.features.exact, member.key)

    def remove(self, entry: EntryId) -> None:
        """Forget a member; nothing happens for one that is not in the window."""
        member = self._members.pop(entry, None)
        if member is None:
            return
        self._weights.remove(member.features)
        self._postings.remove(member.key, member.features.full)
        self._links.remove(member.link, member.key)
        self._texts.remove(member.features.exact, member.key)

    def expire(self, now: datetime) -> list[EntryId]:
        """Forget what arrived over 72 hours ago; returns whom that concerned."""
        gone = []
        while self._order and self._order[0][0] < now - WINDOW:
            key = heapq.heappop(self._order)
            member = self._members.get(key[1])
            if member is not None and member.key == key:
                self.remove(key[1])
                gone.append(key[1])
        return gone

    def same(self, member: Member) -> EntryId | None:
        """A member with the very link or the very text."""
        by_link = self._links.newest(member.link)
        if by_link is not None and self._believable(member, by_link):
            return by_link
        return self._texts.newest(member.features.exact)

    def similar(self, member: Member) -> list[tuple[EntryId, float]]:
        """The likeliest members with their S, best first."""
        comparison = Comparison(member.features, self._weights)
        found = [
            (other, comparison.score(self._members[other].features))
            for other in self._postings.candidates(member.features, self._weights)
            if other != member.id
        ]
        found.sort(key=lambda pair: -pair[1])
        return found

    def has_lead(self, entry: EntryId) -> bool:
        """Whether a member has more than a title."""
        return self._members[entry].features.has_lead

    def _believable(self, member: Member, other: EntryId) -> bool:
        """One feed may give all its entries one link (a status page): there it proves little."""
        there = self._members[other]
        if there.feed != member.feed:
            return True
        return Comparison(member.features, self._weights).score(there.features) > 0.2


def _article_link(link: str) -> str:
    """The canonical link, unless it names a whole site."""
    canonical = canonical_link(link)
    _, _, place = canonical.partition("://")
    _, slash, path = place.partition("/")
    return canonical if slash and path.strip("/") else ""
