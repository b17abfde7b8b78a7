"""Endless short stories from parts, for a wire that has run for longer than its library.

Observation: stories of one pattern with other names and numbers in it look alike to every rule
that groups similar stories (measured: 0.4 to 0.7 where 0.4 counts as the same story). Rule: four
lists without a common divisor in their lengths, each dealt like a pack of cards, so that two
stories share one part at most for hours, and names that differ in their first letters. Known
exception: after some hundred names their beginnings come again.
"""

from collections.abc import Iterator
from random import Random
from typing import Any

from sandbox.wire_library import Tale, stories_file, telling

_TOLD_APART_BY = 5
"""Letters: rules that group stories often look no further into a word."""
_BEGINNINGS = 300
"""After so many different beginnings of names they may come again."""


def briefs(seed: int) -> Iterator[Tale]:
    """Tales without end, each of one source; the same for the same seed."""
    raw = stories_file("briefs.toml")
    dice, taken = Random(seed), set[str]()
    subjects, verbs, objects, circumstances = (
        _dealt(raw[part], dice) for part in ("subjects", "verbs", "objects", "circumstances")
    )
    while True:
        source, word, thing = next(objects)
        title = f"{next(subjects)} {next(verbs)} {thing}"
        lede = f"{next(circumstances)} {next(circumstances)}"
        words = {
            "place": _name(dice, raw["syllables"], taken),
            "other": _name(dice, raw["syllables"], taken),
            "number": str(dice.randint(12, 980)),
        }
        row = [source, title.format(**words), lede.format(**words)]
        yield Tale((telling(row, word, "briefs.toml"),))


def _dealt(parts: list[Any], dice: Random) -> Iterator[Any]:
    pack = list(parts)
    dice.shuffle(pack)
    while True:
        yield from pack


def _name(dice: Random, syllables: list[list[str]], taken: set[str]) -> str:
    if len(taken) > _BEGINNINGS:
        taken.clear()
    while True:
        name = "".join(dice.choice(choices) for choices in syllables)
        if name[:_TOLD_APART_BY] not in taken:
            taken.add(name[:_TOLD_APART_BY])
            return name
