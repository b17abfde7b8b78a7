"""What was published and what arrived: latencies, losses, repeats, edits that are missing."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

LISTED = re.compile(r"^\d+\.\s*(.+)$", re.MULTILINE)
BUNDLE = re.compile(r"\d+ new (?:story|stories)")
MARK = "🔴 Breaking: "

Texts = Sequence[tuple[float, str]]
"""The messages of one chat: when each was sent, and what it says now."""


@dataclass(slots=True)
class Published:
    """One story: its title, when a feed first had it, and what its message must say in the end."""

    title: str
    at: float
    steady: bool
    """Published while nothing disturbed the bot."""
    final: str = ""
    """A part of the text of its last edit; "" where there was none."""


@dataclass(frozen=True, slots=True)
class Event:
    """The bot was killed, or stopped, with so many requests under way."""

    at: float
    killed: bool
    under_way: int


@dataclass(frozen=True, slots=True)
class Findings:
    """Over all chats and stories."""

    deliveries: int
    lost: int
    repeats_by_kill: int
    repeats_by_stop: int
    repeats_unexplained: int
    edits_expected: int
    without_edit: tuple[tuple[str, int], ...]
    """Stories whose last edit is missing, and in how many chats."""
    latencies: tuple[float, ...]
    """Seconds from publication to arrival, of stories published in peace, ascending."""

    @property
    def edits_missing(self) -> int:
        """Over all chats."""
        return sum(count for _, count in self.without_edit)

    def percentile(self, share: float) -> float:
        """A latency, by nearest rank."""
        if not self.latencies:
            return 0.0
        return self.latencies[min(len(self.latencies) - 1, int(share * len(self.latencies)))]


class Ledger:
    """Stories in order of publication, and what happened to the bot."""

    def __init__(self) -> None:
        self.stories: dict[str, Published] = {}
        self.events: list[Event] = []

    def publish(self, title: str, at: float, *, steady: bool) -> None:
        """Note a story; titles are unique."""
        self.stories[title] = Published(title, at, steady)

    def missing(self, chats: Iterable[Texts]) -> int:
        """How many stories have not come to how many chats."""
        return sum(len(self.stories.keys() - arrivals_of(texts).keys()) for texts in chats)

    def findings(self, chats: Sequence[Texts]) -> Findings:
        """Compare what was published with what stands in every chat."""
        latencies: list[float] = []
        deliveries = edits_expected = 0
        without_edit: Counter[str] = Counter()
        repeats = {"kill": 0, "stop": 0, "unexplained": 0}
        for texts in chats:
            arrivals = arrivals_of(texts)
            for title, story in self.stories.items():
                times = arrivals.get(title, [])
                deliveries += bool(times)
                if times and story.steady:
                    latencies.append(times[0] - story.at)
                for earlier, later in pairwise(times):
                    repeats[self._cause(earlier, later)] += 1
            edits_expected += self._edits(texts, without_edit)
        return Findings(
            deliveries=deliveries,
            lost=self.missing(chats),
            repeats_by_kill=repeats["kill"],
            repeats_by_stop=repeats["stop"],
            repeats_unexplained=repeats["unexplained"],
            edits_expected=edits_expected,
            without_edit=tuple((+without_edit).most_common()),
            latencies=tuple(sorted(latencies)),
        )

    def _cause(self, earlier: float, later: float) -> str:
        """What lies between two arrivals of a story."""
        between = [event for event in self.events if earlier - 1 <= event.at <= later]
        if not between:
            return "unexplained"
        return "kill" if any(event.killed for event in between) else "stop"

    def _edits(self, texts: Texts, missing: Counter[str]) -> int:
        """How many edits single messages should show in the end; those that do not are counted.

        Of a message that a kill repeated the newest one is edited, as only that one is known.
        """
        newest = {_title(text): text for _, text in texts}
        expected = 0
        for title, text in newest.items():
            story = self.stories.get(title)
            if story is not None and story.final:
                expected += 1
                missing[title] += story.final not in text
        return expected


def arrivals_of(texts: Texts) -> dict[str, list[float]]:
    """When each title arrived, alone or in a bundle."""
    found: dict[str, list[float]] = {}
    for at, text in texts:
        first = _title(text)
        titles = LISTED.findall(text) if BUNDLE.fullmatch(first) else [first]
        for title in titles:
            found.setdefault(title.removeprefix(MARK), []).append(at)
    return found


def _title(text: str) -> str:
    return text.partition("\n")[0].removeprefix(MARK)
