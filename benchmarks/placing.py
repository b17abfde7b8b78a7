"""Putting entries into stories: the rule against the exact title, in milliseconds and in F1.

Without a folder of labelled entries the entries are generated: words by Zipf's law, events told by
one to four outlets in their own words. Such entries measure time; what they say of quality is
little, as real paraphrase is harder.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.measuring import compare, table
from benchmarks.stories import b_cubed, entry_of, pairwise, read_lines, suppression
from bot.models.entries import Entry
from bot.news.stories import StoryIndex
from bot.news.tokens import normal_form

ROUNDS = 5
GENERATED = 1_500
MOST_OF_A_CORPUS = 4_000
VOCABULARY = 20_000
SYLLABLES = ("ka", "lo", "mi", "ter", "van", "sul", "pre", "dor", "ni", "gas", "ber", "tu", "on")
EXACT = "the exact title"
RULE = "the same-story rule"

Record = Mapping[str, Any]
Placing = Callable[[Sequence[Entry]], list[str]]


async def run(corpus: Sequence[Path]) -> None:
    """Measure and print; `corpus`: files of JSON lines, those without stories are left out."""
    if not corpus:
        await _measure("generated", generated(GENERATED, Random(5)), ROUNDS)
    for path in corpus:
        records = list(read_lines(path))[:MOST_OF_A_CORPUS]
        if records and "story" in records[0]:
            await _measure(path.stem, records, 1)


async def _measure(name: str, records: Sequence[Record], rounds: int) -> None:
    entries = [entry_of(record, number) for number, record in enumerate(records)]
    truth = [str(record["story"]) for record in records]
    found: dict[str, list[str]] = {}

    async def placed(by: str, place: Placing) -> int:
        found[by] = place(entries)
        return len(entries)

    costs = await compare(
        {
            EXACT: lambda: placed(EXACT, by_exact_title),
            RULE: lambda: placed(RULE, by_rule),
        },
        rounds,
    )
    table(f"Placing an entry: {name}, {len(entries)} entries", costs, EXACT)
    print(f"  {'':<48}{'pairwise F1':>12}{'B-cubed F1':>12}{'suppressed':>12}{'wrongly':>9}")
    for by, stories in found.items():
        suppressed, wrong = suppression(truth, stories)
        print(
            f"  {by:<48}{pairwise(truth, stories).f1:>12.3f}{b_cubed(truth, stories).f1:>12.3f}"
            f"{suppressed.recall:>12.3f}{wrong:>8.1f}%"
        )


def by_rule(entries: Sequence[Entry]) -> list[str]:
    """The story of each entry as the desk would place it."""
    index = StoryIndex()
    return [str(index.place(entry).story.id) for entry in entries]


def by_exact_title(entries: Sequence[Entry]) -> list[str]:
    """The story of each entry where the same words in a title are the same story."""
    first: dict[str, str] = {}
    return [first.setdefault(normal_form(entry.title), str(entry.id)) for entry in entries]


def generated(count: int, dice: Random) -> list[Record]:
    """Labelled entries in order of time."""
    words = ["".join(dice.choices(SYLLABLES, k=3)) + str(rank) for rank in range(VOCABULARY)]
    weights = list(accumulate(1 / (rank + 1) for rank in range(VOCABULARY)))
    records: list[Record] = []
    event = 0
    while len(records) < count:
        event += 1
        names = dice.sample(words[200:], 6)
        for telling in range(dice.choice((1, 1, 1, 2, 3, 4))):
            told = dice.sample(names, 5)
            filler = dice.choices(words, cum_weights=weights, k=30)
            records.append(
                {
                    "id": f"{event}-{telling}",
                    "title": " ".join([*told[:4], *filler[:4]]),
                    "text": " ".join(dice.sample([*names, *filler], 36)),
                    "source": f"outlet{(event + 7 * telling) % 40}.example",
                    "lang": "en",
                    "story": str(event),
                }
            )
    # Tellings of one event come near each other, with other events between.
    places = [place + dice.uniform(0, 60) for place in range(len(records))]
    return [record for _, record in sorted(zip(places, records, strict=True), key=lambda x: x[0])]
