"""How well entries are put into stories: streams of labelled entries, and labelled pairs.

Usage: python -m benchmarks.stories FOLDER [--text 0.40 --title-only 0.32] [--only NAME]

FOLDER holds JSON lines. A stream has one entry a line, in time order: {"id", "title", "text",
"source", "time", "lang", "link", "story"}. Files named pairs_* have {"a", "b", "same"}, where a and
b have title, text and source. Printed for streams: pairwise precision, recall and F1, B-cubed F1,
repeats told apart from mistakes, milliseconds an entry; for pairs: the F1 of S at the thresholds.
"""

import argparse
import json
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import Any

from bot.models.entries import Entry, EntryEvent
from bot.models.identifiers import EntryId, FeedId, Language
from bot.news.similarity import TermWeights, features, similarity
from bot.news.stories import StoryIndex, Thresholds

LEDE = 600
START = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and their harmonic mean."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """0 when both are."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0

    def __str__(self) -> str:
        return f"{self.f1:.3f} (P {self.precision:.3f} R {self.recall:.3f})"


def read_lines(path: Path) -> Iterator[Mapping[str, Any]]:
    """The records of a file of JSON lines."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def entry_of(record: Mapping[str, Any], number: int) -> Entry:
    """A record as an entry; without a time entries follow each other by a second."""
    source = str(record.get("source") or "")
    at = moment_of(record.get("time"), number)
    identity = blake2b(str(record.get("id", number)).encode(), digest_size=16).hexdigest()
    return Entry(
        id=EntryId(identity),
        event=EntryEvent.NEW,
        feed=FeedId(blake2b(source.encode(), digest_size=8).hexdigest()),
        feed_title=source,
        source=source,
        owner="",
        trusted=False,
        state="",
        language=Language(str(record.get("lang") or "")[:2]),
        topic=None,
        title=str(record["title"]),
        link=str(record.get("link") or ""),
        lede=str(record.get("text") or "")[:LEDE],
        text="",
        author="",
        author_about="",
        picture=None,
        related=(),
        published=at,
        arrived=at,
        content_print=identity[:16],
    )


def moment_of(value: object, number: int) -> datetime:
    """A time as archives write it: ISO 8601, epoch seconds, or missing."""
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, str) and value:
        at = datetime.fromisoformat(value)
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    return START + timedelta(seconds=number)


def pairwise(truth: Sequence[str], found: Sequence[str]) -> Score:
    """Over all pairs of entries: said to be one story, and being one."""
    both = _pairs(Counter(zip(truth, found, strict=True)))
    return Score(both / max(1, _pairs(Counter(found))), both / max(1, _pairs(Counter(truth))))


def _pairs(sizes: Counter[Any]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes.values())


def b_cubed(truth: Sequence[str], found: Sequence[str]) -> Score:
    """The mean over entries of precision and recall of their story (Bagga and Baldwin, 1998)."""
    both = Counter(zip(truth, found, strict=True))
    true_sizes, found_sizes = Counter(truth), Counter(found)
    precision = sum(size**2 / found_sizes[pair[1]] for pair, size in both.items())
    recall = sum(size**2 / true_sizes[pair[0]] for pair, size in both.items())
    return Score(precision / len(truth), recall / len(truth))


def suppression(truth: Sequence[str], found: Sequence[str]) -> tuple[Score, float]:
    """Entries not pushed because their story was: right ones, and wrong ones per 100 entries."""
    pushed: defaultdict[str, set[str]] = defaultdict(set)
    told: set[str] = set()
    right = wrong = repeats = 0
    for true, story in zip(truth, found, strict=True):
        repeats += true in told
        if pushed[story]:
            right += true in pushed[story]
            wrong += true not in pushed[story]
        pushed[story].add(true)
        told.add(true)
    score = Score(right / max(1, right + wrong), right / max(1, repeats))
    return score, 100 * wrong / max(1, len(truth))


def measure_stream(path: Path, thresholds: Thresholds) -> None:
    """Place a stream and print how it went."""
    records = list(read_lines(path))
    index = StoryIndex(thresholds)
    places: list[str] = []
    began = time.perf_counter()
    for number, record in enumerate(records):
        places.append(index.place(entry_of(record, number)).story.id)
    elapsed = time.perf_counter() - began
    truth = [str(record["story"]) for record in records]
    suppressed, wrong = suppression(truth, places)
    print(f"{path.stem}: {len(records)} entries, {1000 * elapsed / len(records):.2f} ms each")
    print(f"  pairwise {pairwise(truth, places)}   B-cubed {b_cubed(truth, places)}")
    print(f"  suppressed {suppressed}, wrongly {wrong:.1f} per 100 entries")


def measure_pairs(path: Path, thresholds: Thresholds) -> None:
    """Score pairs with weights counted over the file and print how it went."""
    records = list(read_lines(path))
    sides = [
        tuple(
            features(str(side["title"]), str(side.get("text") or ""), str(side.get("source") or ""))
            for side in (record["a"], record["b"])
        )
        for record in records
    ]
    weights = TermWeights()
    for pair in sides:
        for side in pair:
            weights.add(side)
    said = []
    for left, right in sides:
        both = left.has_lead and right.has_lead
        threshold = thresholds.text if both else thresholds.title_only
        said.append(similarity(left, right, weights) >= threshold)
    same = [bool(record["same"]) for record in records]
    hits = sum(yes and true for yes, true in zip(said, same, strict=True))
    score = Score(hits / max(1, sum(said)), hits / max(1, sum(same)))
    print(f"{path.stem}: {len(records)} pairs, F1 {score}")


def measure(files: Iterable[Path], thresholds: Thresholds) -> None:
    """Measure every file by its kind."""
    for path in sorted(files):
        if path.stem.startswith("pairs_"):
            measure_pairs(path, thresholds)
        else:
            measure_stream(path, thresholds)


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description="Measure the same-story rule on labelled files.")
    parser.add_argument("folder", type=Path, help="folder of JSON lines")
    parser.add_argument("--only", default="", help="measure only files whose name contains this")
    parser.add_argument("--text", type=float, default=Thresholds().text)
    parser.add_argument("--title-only", type=float, default=Thresholds().title_only)
    arguments = parser.parse_args()
    files = [path for path in arguments.folder.glob("*.jsonl") if arguments.only in path.name]
    measure(files, Thresholds(arguments.text, arguments.title_only))


if __name__ == "__main__":
    main()
