"""What the sample wire publishes when: an endless script of cues, the same for the same seed.

Observation: a newcomer who watches an empty chat for half a minute leaves. Rule: an ordinary story
about every eight seconds, the first breaking one 20 seconds after the start and then one about
every 90 seconds, told by several sources within seconds and updated within a minute; one long
article with everything an article can have. Exceptions: the breaking stories run out (a day has
few), and after the written stories short ones made from patterns follow at a slower pace.
Rejected: repeating stories with other numbers in them, because a wire that groups similar stories
rightly takes them for the same.
"""

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from random import Random

from sandbox.wire_library import Library, Publication, Revision, Tale

FIRST_BREAKING = 20.0
"""Seconds after the start."""
BREAKING_EVERY = 90.0
FEATURE_AT = 75.0
FEATURE_UPDATED_AT = 195.0


@dataclass(frozen=True, slots=True, order=True)
class Cue:
    """Something to do at a time: seconds after the start, at pace 1."""

    at: float
    number: int
    act: Publication | Revision = field(compare=False)
    breaking: bool = field(default=False, compare=False)


class Script:
    """The cues in order of time. `briefs` go on for ever, so the script does too."""

    def __init__(self, library: Library, briefs: Iterator[Tale], seed: int) -> None:
        self._dice = Random(seed)
        self._tales = self._mixed(library.ordinary)
        self._breaking = list(library.breaking)
        self._briefs = briefs
        self._next_tale, self._next_breaking = 4.0, FIRST_BREAKING
        self._numbers = count()
        self._planned: list[Cue] = []
        self._plan(FEATURE_AT - 30, library.related)
        self._plan(FEATURE_AT, library.feature)
        self._plan(FEATURE_UPDATED_AT, library.feature_update)

    def _mixed(self, tales: tuple[Tale, ...]) -> list[Tale]:
        """Tales in the order of playing, shuffled: those of several sources first and every fourth,
        so that a newcomer soon sees one grow."""
        shuffled = self._dice.sample(tales, len(tales))
        shared = [tale for tale in shuffled if len(tale.tellings) > 1]
        single = [tale for tale in shuffled if len(tale.tellings) == 1]
        mixed: list[Tale] = []
        while shared or single:
            turn = shared if shared and (len(mixed) % 4 == 0 or not single) else single
            mixed.append(turn.pop())
        return mixed

    def peek(self) -> Cue:
        """The next cue, without taking it."""
        while not self._planned or self._planned[0].at > self._next_start():
            self._plan_next()
        return self._planned[0]

    def take(self) -> Cue:
        """The next cue; the one after it comes next time."""
        cue = self.peek()
        heapq.heappop(self._planned)
        return cue

    def _next_start(self) -> float:
        return min(self._next_tale, self._next_breaking) if self._breaking else self._next_tale

    def _plan(self, at: float, act: Publication | Revision, breaking: bool = False) -> None:
        heapq.heappush(self._planned, Cue(at, next(self._numbers), act, breaking))

    def _plan_next(self) -> None:
        if self._breaking and self._next_breaking <= self._next_tale:
            self._plan_breaking(self._breaking.pop(0))
        elif self._tales:
            self._plan_ordinary(self._tales.pop(0), pause=self._dice.uniform(5, 11))
        else:
            self._plan_ordinary(next(self._briefs), pause=self._dice.uniform(20, 40))

    def _plan_ordinary(self, tale: Tale, pause: float) -> None:
        at = self._next_tale
        for telling in tale.tellings:
            self._plan(at, telling)
            at += self._dice.uniform(6, 18)
        self._next_tale += pause

    def _plan_breaking(self, tale: Tale) -> None:
        at = start = self._next_breaking
        for telling in tale.tellings:
            self._plan(at, telling, breaking=True)
            at += self._dice.uniform(4, 7)
        at = start + self._dice.uniform(40, 55)
        for revision in tale.revisions:
            self._plan(at, revision, breaking=True)
            at += self._dice.uniform(30, 50)
        self._next_breaking += BREAKING_EVERY + self._dice.uniform(-10, 10)
