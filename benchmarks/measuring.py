"""How to measure on a machine that is shared: interleaved rounds, medians, ratios.

Observation: on shared cores the same code varies by 40 %, and slowly. Rule: every variant runs in
each round, the order is reversed from round to round, the median of the rounds counts, and what is
told is the ratio to a baseline of the same run. Processor time (user and system, of this process
alone) is measured, not the clock on the wall.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from statistics import median

Variant = Callable[[], Awaitable[int]]
"""Does the work once; answers how many things it did."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one thing: milliseconds of the processor and on the wall, medians over the rounds."""

    cpu: float
    wall: float

    @property
    def rate(self) -> float:
        """Things a second."""
        return 1000 / self.wall if self.wall else 0.0


async def compare(
    variants: Mapping[str, Variant],
    rounds: int,
    before: Mapping[str, Callable[[], Awaitable[None]]] | None = None,
) -> dict[str, Cost]:
    """The cost of each variant; what is done `before` each is not counted.

    One more round goes first uncounted: it makes caches, scripts and connections.
    """
    samples: dict[str, list[Cost]] = {name: [] for name in variants}
    order = list(variants)
    for number in range(rounds + 1):
        for name in order:
            if before is not None:
                await before[name]()
            cost = await _measured(variants[name])
            if number > 0:
                samples[name].append(cost)
        order.reverse()
    return {
        name: Cost(median(each.cpu for each in costs), median(each.wall for each in costs))
        for name, costs in samples.items()
    }


async def _measured(variant: Variant) -> Cost:
    cpu, wall = time.process_time(), time.perf_counter()
    count = await variant()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return Cost(1000 * cpu / count, 1000 * wall / count)


def table(heading: str, costs: Mapping[str, Cost], baseline: str) -> None:
    """Print what each variant costs, and how many times less or more than the baseline."""
    print(f"\n{heading}")
    print(f"  {'':<48}{'CPU ms':>9}{'wall ms':>9}{'per s':>9}{'CPU':>14}")
    for name, cost in costs.items():
        mark = "baseline" if name == baseline else _ratio(costs[baseline].cpu, cost.cpu)
        print(f"  {name:<48}{cost.cpu:>9.3f}{cost.wall:>9.3f}{cost.rate:>9.0f}{mark:>14}")


def _ratio(baseline: float, cost: float) -> str:
    if min(baseline, cost) <= 0:
        return "too small"
    return f"{baseline / cost:.1f} x less" if cost <= baseline else f"{cost / baseline:.1f} x more"
