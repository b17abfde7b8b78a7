"""How alike two entries are: features of an entry, online term weights, the measure S.

Pure arithmetic on terms; what to do with the score is decided in bot.news.stories.

Observation: entries of one event share rare words in title and lead; follow-ups and templates
(weather, results) share them too but differ in their numbers.
Rule: S = a quarter each of the weighted cosine of titles, the weighted cosine of title + lead, and
the weighted share of either title found in the other's text; minus .10 when the titles' numbers are
disjoint, .40 more when the rest of the titles agrees, minus .10 within one outlet.
Known exceptions: translations share only names and numbers; the reaction to an event scores like
the event itself.
Rejected: exact titles, simhash, minhash, trigrams (a few per cent of the pairs between outlets);
a learned mix of twelve features (+.01).
"""

from array import array
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from math import log, sqrt
from typing import Final

from bot.news.templates import is_template_form
from bot.news.tokens import LEAD_CHARACTERS, is_cyrillic, numbers, term_ids, terms, words

PRIOR_DOCUMENTS: Final = 10_000
"""Documents assumed before the first: without them two entries that agree on every word of a
young index would share only "frequent" words. Any value from 1,000 on serves."""
NUMBERS_PENALTY: Final = 0.10
NUMBERS_VETO: Final = 0.40
SAME_OUTLET_PENALTY: Final = 0.10
VETO_OVERLAP: Final = 0.5
"""Jaccard overlap of the titles' other terms from which disjoint numbers mean another event."""
SHORTEST_TITLE: Final = 3
"""Words below which an equal title without a lead proves nothing ("News", "Live")."""
SHARED_TERMS: Final = 2
"""Below which two texts have nothing in common: "Video" and "Video" are no story."""
TEMPLATE_OVERLAP: Final = 0.75
"""From which recurring titles name the same place."""
_LOGS_KNOWN: Final = 4096
_LOGS: Final = [log(frequency + 0.5) for frequency in range(_LOGS_KNOWN)]


@dataclass(frozen=True, slots=True)
class Features:
    """An entry as the measure sees it; about half a kilobyte."""

    title: "array[int]"
    full: "array[int]"
    """Terms of title and lead, the title's first."""
    numbers: frozenset[str]
    outlet: str
    cyrillic: bool
    template: bool
    has_lead: bool
    exact: bytes
    """Print of the normalised title and lead; empty when they are too little to prove anything."""


def features(title: str, lede: str, outlet: str) -> Features:
    """Features of an entry; `outlet` is the voice it belongs to (bot.news.voices)."""
    title_words = words(title)
    lead_words = words(lede[:LEAD_CHARACTERS])
    title_terms = terms(title_words)
    form = " ".join(title_words)
    template = is_template_form(form)
    alone = len(title_words) >= SHORTEST_TITLE and not template
    telling = bool(title_words) and (bool(lead_words) or alone)
    text = f"{form}\n{' '.join(lead_words)}".encode()
    return Features(
        title=term_ids(title_terms),
        full=term_ids((*title_terms, *terms(lead_words))),
        numbers=numbers(title_words),
        outlet=outlet,
        cyrillic=is_cyrillic(title),
        template=template,
        has_lead=bool(lead_words),
        exact=blake2b(text, digest_size=16).digest() if telling else b"",
    )


class TermWeights:
    """Document frequencies of what is in the window, apart for Cyrillic and the other scripts.

    Adding and removing are exact inverses, so that the counts follow from the entries kept and a
    restart rebuilds them.
    """

    def __init__(self) -> None:
        self._documents = {True: 0, False: 0}
        self._frequencies: dict[bool, Counter[int]] = {True: Counter(), False: Counter()}

    def add(self, entry: Features) -> None:
        """Count an entry that came into the window."""
        self._documents[entry.cyrillic] += 1
        self._frequencies[entry.cyrillic].update(entry.full)

    def remove(self, entry: Features) -> None:
        """Take back an entry that was added."""
        self._documents[entry.cyrillic] -= 1
        frequencies = self._frequencies[entry.cyrillic]
        for term in entry.full:
            if frequencies[term] > 1:
                frequencies[term] -= 1
            else:
                del frequencies[term]

    def of(self, term_prints: Iterable[int], *, cyrillic: bool) -> dict[int, float]:
        """Inverse document frequency of terms: ln((N + 1) / (df + 0.5)) with the prior in N."""
        most = log(self._documents[cyrillic] + PRIOR_DOCUMENTS + 1)
        frequency = self._frequencies[cyrillic].get
        logs = _LOGS
        return {
            term: most - (logs[found] if found < _LOGS_KNOWN else log(found + 0.5))
            for term in term_prints
            for found in (frequency(term, 0),)
        }


class Comparison:
    """S of one entry with others: what concerns the one alone is computed once."""

    def __init__(self, entry: Features, weights: TermWeights) -> None:
        self._entry = entry
        self._weights = weights
        self._values = weights.of(entry.full, cyrillic=entry.cyrillic)
        self._title = frozenset(entry.title)
        self._full = frozenset(entry.full)
        self._title_weight = sum(self._values[term] for term in entry.title)
        self._title_square = sum(self._values[term] ** 2 for term in entry.title)
        self._full_square = sum(value**2 for value in self._values.values())

    def score(self, other: Features) -> float:
        """S, at most 1; below 0 after a veto. Weights are those of the one entry's family."""
        entry = self._entry
        if entry.template or other.template:
            return _template_similarity(entry, other)
        score = self._shared(other)
        if entry.numbers and other.numbers and entry.numbers.isdisjoint(other.numbers):
            score -= NUMBERS_PENALTY
            if _overlap(_without_numbers(entry), _without_numbers(other)) >= VETO_OVERLAP:
                score -= NUMBERS_VETO
        if entry.outlet == other.outlet:
            score -= SAME_OUTLET_PENALTY
        return score

    def _shared(self, other: Features) -> float:
        """The mean of two cosines and two covers, in one pass over the other's terms."""
        common = self._full.intersection(other.full)
        if len(common) < SHARED_TERMS:
            return 0.0
        values = self._weights.of(other.full, cyrillic=self._entry.cyrillic)
        own = self._title
        shared = sum([values[term] ** 2 for term in common])
        full_square = sum([value * value for value in values.values()])
        title = [values[term] for term in other.title]
        title_square = sum([value * value for value in title])
        title_shared = sum([values[term] ** 2 for term in other.title if term in own])
        own_covered = sum([values[term] for term in common if term in own])
        covered = sum([values[term] for term in other.title if term in common])
        return 0.25 * (
            _ratio(title_shared, sqrt(self._title_square * title_square))
            + _ratio(shared, sqrt(self._full_square * full_square))
            + _ratio(own_covered, self._title_weight)
            + _ratio(covered, sum(title))
        )


def similarity(left: Features, right: Features, weights: TermWeights) -> float:
    """S of two entries; see Comparison."""
    return Comparison(left, weights).score(right)


def _template_similarity(left: Features, right: Features) -> float:
    """Recurring forms are one story only with the same numbers, dates and places."""
    if not (left.template and right.template) or left.numbers != right.numbers:
        return -1.0
    overlap = _overlap(set(left.title), set(right.title))
    return overlap if overlap >= TEMPLATE_OVERLAP and left.outlet != right.outlet else -1.0


def _without_numbers(entry: Features) -> set[int]:
    return set(entry.title).difference(term_ids(entry.numbers))


def _overlap(left: set[int], right: set[int]) -> float:
    union = len(left | right)
    return len(left & right) / union if union else 0.0


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
