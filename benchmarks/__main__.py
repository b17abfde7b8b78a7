"""The benchmarks: `python -m benchmarks [NAME …] [--corpus FOLDER]`, or `make bench` for all.

Each prints what things cost and the ratio to a baseline measured in the same run.
"""

import argparse
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import uvloop

from benchmarks import delivering, fanning_out, idling, placing, scaling, sending
from benchmarks.steady import RATE, steady
from bot import collector

Benchmark = Callable[[Sequence[Path]], Awaitable[None]]


async def _rate() -> None:
    seen = await steady()
    print(f"\n{seen.messages} messages to 1,000 chats by two sender processes, limits enforced")
    print(
        f"  {seen.rate:.2f} of {RATE:.0f} a second ({seen.share:.1%}), 429 earned: {seen.refused}"
    )


BENCHMARKS: dict[str, tuple[str, Benchmark]] = {
    "send": ("CPU of one sent message", lambda _corpus: sending.run()),
    "place": ("putting an entry into its story", placing.run),
    "deliver": (
        "the queue from claim to settled, and a whole sender",
        lambda _corpus: delivering.run(),
    ),
    "fanout": ("a breaking story for 100,000 chats", lambda _corpus: fanning_out.run()),
    "scale": ("deliveries a second of one sender and of two", lambda _corpus: scaling.run()),
    "rate": ("two senders at Telegram's limits, 1,000 chats", lambda _corpus: _rate()),
    "idle": ("what looking for work costs when there is none", lambda _corpus: idling.run()),
}


def main() -> None:
    """Run the named benchmarks, or all."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="; ".join(f"{name}: {what}" for name, (what, _) in BENCHMARKS.items()),
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--corpus", type=Path, help="folder of labelled entries (for place)")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark is called {', '.join(unknown)}")
    corpus = sorted(options.corpus.glob("*.jsonl")) if options.corpus else []
    if options.corpus and not corpus:
        parser.error(f"--corpus: {options.corpus} holds no files of JSON lines")
    collector.relax()
    for name in options.names or BENCHMARKS:
        began = time.perf_counter()
        uvloop.run(_awaited(BENCHMARKS[name][1](corpus)))
        print(f"  ({name}: {time.perf_counter() - began:.0f} s)", flush=True)


async def _awaited(running: Awaitable[None]) -> None:
    await running


if __name__ == "__main__":
    main()
