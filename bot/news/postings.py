"""An inverted index of the window: which entries share rare words with a new one.

Cost is bounded by construction: ten words looked up, 200 entries of each, whatever the window
holds. No scores here beyond the ordering of candidates.
"""

from array import array
from bisect import bisect_left, insort
from collections import Counter
from datetime import datetime
from operator import itemgetter
from typing import Final

from bot.models.identifiers import EntryId
from bot.news.similarity import Features, TermWeights

Key = tuple[datetime, EntryId]
"""Of a member: arrival, then id. A total order, the same after a restart."""

RAREST_TERMS: Final = 10
POSTING_CAP: Final = 200
CANDIDATES: Final = 24
TITLE_BONUS: Final = 1.5


class Postings:
    """Terms → the newest entries that hold them, oldest first."""

    def __init__(self) -> None:
        self._lists: dict[int, list[Key]] = {}

    def add(self, key: Key, terms: "array[int]") -> None:
        """List an entry under its terms; a full list loses its oldest."""
        for term in terms:
            posting = self._lists.setdefault(term, [])
            insort(posting, key)
            if len(posting) > POSTING_CAP:
                del posting[0]

    def remove(self, key: Key, terms: "array[int]") -> None:
        """Take an entry out where it is still listed."""
        for term in terms:
            posting = self._lists.get(term, [])
            place = bisect_left(posting, key)
            if place < len(posting) and posting[place] == key:
                del posting[place]
            if not posting:
                self._lists.pop(term, None)

    def candidates(self, entry: Features, weights: TermWeights) -> list[EntryId]:
        """The entries that share most weight of this one's rarest terms, best first.

        Rarest among the terms that somebody shares: looking up the others finds nothing.
        """
        shared_terms = [term for term in entry.full if term in self._lists]
        values = weights.of(shared_terms, cyrillic=entry.cyrillic)
        for term in entry.title:
            if term in values:
                values[term] *= TITLE_BONUS
        rarest = sorted(values, key=lambda term: (-values[term], term))[:RAREST_TERMS]
        shared: Counter[Key] = Counter()
        for term in rarest:
            for key in self._lists.get(term, ()):
                shared[key] += values[term]  # type: ignore[assignment]
        # Newest first among equals, by the members' own order.
        ordered = sorted(shared.items(), key=itemgetter(0), reverse=True)
        ordered.sort(key=itemgetter(1), reverse=True)
        return [key[1] for key, _ in ordered[:CANDIDATES]]
