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
from math import log, sqrt
from typing import Final

from bot.news.templates import is_template
from bot.news.tokens import LEAD_CHARACTERS, is_cyrillic, numbers, term_ids, terms

PRIOR_DOCUMENTS: Final = 10_000
"""Documents assumed before the first: without them two entries that agree on every word of a
young index would share only "frequent" words. Any value from 1,000 on serves."""
NUMBERS_PENALTY: Final = 0.10
NUMBERS_VETO: Final = 0.40
SAME_OUTLET_PENALTY: Final = 0.10
VETO_OVERLAP: Final = 0.5
"""Jaccard overlap of the titles' other terms from which disjoint numbers mean another event."""
SHARED_TERMS: Final = 2
"""Below which two texts have nothing in common: "Video" and "Video" are no story."""
TEMPLATE_OVERLAP: Final = 0.75
"""From which recurring titles name the same place."""


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


def features(title: str, lede: str, outlet: str) -> Features:
    """Features of an entry; `outlet` is the voice it belongs to (bot.news.voices)."""
    lead = lede[:LEAD_CHARACTERS]
    return Features(
        title=term_ids(terms(title)),
        full=term_ids(terms(f"{title}\n{lead}")),
        numbers=numbers(title),
        outlet=outlet,
        cyrillic=is_cyrillic(title),
        template=is_template(title),
        has_lead=bool(lead.strip()),
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
        documents = self._documents[cyrillic] + PRIOR_DOCUMENTS + 1
        frequencies = self._frequencies[cyrillic]
        return {term: log(documents / (frequencies.get(term, 0) + 0.5)) for term in term_prints}


def similarity(left: Features, right: Features, weights: TermWeights) -> float:
    """S of two entries, at most 1; below 0 after a veto. Weights are those of left's family."""
    if left.template or right.template:
        return _template_similarity(left, right)
    values = weights.of((*left.full, *right.full), cyrillic=left.cyrillic)
    left_title, right_title = set(left.title), set(right.title)
    left_full, right_full = set(left.full), set(right.full)
    if len(left_full & right_full) < SHARED_TERMS:
        return 0.0
    score = 0.25 * (
        _cosine(left_title, right_title, values)
        + _cosine(left_full, right_full, values)
        + _cover(left_title, right_full, values)
        + _cover(right_title, left_full, values)
    )
    if left.numbers and right.numbers and left.numbers.isdisjoint(right.numbers):
        score -= NUMBERS_PENALTY
        if _overlap(_without_numbers(left), _without_numbers(right)) >= VETO_OVERLAP:
            score -= NUMBERS_VETO
    if left.outlet == right.outlet:
        score -= SAME_OUTLET_PENALTY
    return score


def _template_similarity(left: Features, right: Features) -> float:
    """Recurring forms are one story only with the same numbers, dates and places."""
    if not (left.template and right.template) or left.numbers != right.numbers:
        return -1.0
    overlap = _overlap(set(left.title), set(right.title))
    return overlap if overlap >= TEMPLATE_OVERLAP and left.outlet != right.outlet else -1.0


def _without_numbers(entry: Features) -> set[int]:
    return set(entry.title).difference(term_ids(list(entry.numbers)))


def _overlap(left: set[int], right: set[int]) -> float:
    union = len(left | right)
    return len(left & right) / union if union else 0.0


def _cosine(left: set[int], right: set[int], values: dict[int, float]) -> float:
    shared = sum(values[term] ** 2 for term in left & right)
    if not shared:
        return 0.0
    norms = sum(values[term] ** 2 for term in left) * sum(values[term] ** 2 for term in right)
    return shared / sqrt(norms)


def _cover(title: set[int], text: set[int], values: dict[int, float]) -> float:
    total = sum(values[term] for term in title)
    return sum(values[term] for term in title & text) / total if total else 0.0
