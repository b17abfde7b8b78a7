"""A soak: the whole bot under load and violence, bounded in time. Run: make soak.

First the bot is left in peace and latencies are taken; then it is killed and stopped at random
moments while news goes on; at the end everything must have arrived once. Telegram's limits are
enforced all the time. Ends with a table, and with status 1 when a promise was broken.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

import uvloop

from benchmarks.soak_ledger import Event, Findings, Ledger
from benchmarks.soak_stage import Stage, stage, until
from sandbox.wire_articles import Article
from sandbox.wire_briefs import briefs
from sandbox.wire_library import Publication

PEACE = 0.4
"""Of the time."""
PUBLISH_EACH = (3.2, 4.8)
"""Seconds; a group takes 20 messages a minute."""
LIFE = (0.2, 4.0)
"""Seconds that the bot lives between its start and its end."""
KILLED = 0.7
"""Of the ends; the others are stops."""
RETOLD_AFTER = 3.0
STOP_WITHIN = 10.0
LAST_SECONDS = 120.0
BAR = 30


@dataclass(frozen=True, slots=True)
class Plan:
    """How long, for how many, and by which dice."""

    seconds: float
    private: int
    groups: int
    poll_seconds: int
    seed: int
    log: Path | None = None
    """Where the bot's log is copied to."""

    @property
    def latency_bound(self) -> float:
        """Seconds from publication to arrival in every chat: 1.1 x POLL_MIN + 2 s."""
        return 1.1 * self.poll_seconds + 2


class Soak:
    """One run."""

    def __init__(self, plan: Plan, scene: Stage) -> None:
        self._plan, self._scene = plan, scene
        self._dice = Random(plan.seed)
        self._ledger = Ledger()
        self._tales = self._unique()
        self._steady = True
        self._began = time.monotonic()
        self.stops: list[tuple[int, float]] = []
        """Exit status and seconds of every stop."""

    async def run(self) -> Findings:
        """Peace, then violence, then the reckoning."""
        await self._scene.bot.start()
        await self._scene.subscribe_all()
        await asyncio.sleep(2 * self._plan.poll_seconds)
        self._began = time.monotonic()
        publishing = asyncio.create_task(self._publish())
        showing = asyncio.create_task(self._show())
        try:
            await asyncio.sleep(PEACE * self._plan.seconds)
            # What is published now may still be on its way when the violence begins.
            self._steady = False
            await asyncio.sleep(2 * self._plan.latency_bound)
            await self._be_violent()
            publishing.cancel()
            await asyncio.gather(publishing, return_exceptions=True)
            return await self._reckon()
        finally:
            for task in (publishing, showing):
                task.cancel()
            await asyncio.gather(publishing, showing, return_exceptions=True)
            print(file=sys.stderr)

    async def _be_violent(self) -> None:
        bot, slow = self._scene.bot, self._scene.slow
        while time.monotonic() - self._began < self._plan.seconds:
            await asyncio.sleep(self._dice.uniform(*LIFE))
            killed = self._dice.random() < KILLED
            event = Event(time.time(), killed, slow.under_way)
            self._ledger.events.append(event)
            if killed:
                await bot.kill()
            else:
                self.stops.append(await bot.stop())
            await bot.start()

    async def _reckon(self) -> Findings:
        # Where something is missing, the table tells.
        with suppress(RuntimeError):
            await until(self._complete, LAST_SECONDS, "the last story")
        # A repeat may follow the last arrival.
        await asyncio.sleep(2 * self._plan.latency_bound)
        return self._ledger.findings(self._texts())

    def _complete(self) -> bool:
        found = self._ledger.findings(self._texts())
        return found.lost == 0 and found.edits_missing == 0

    def _texts(self) -> list[list[tuple[float, str]]]:
        return [self._scene.texts(chat) for chat in self._scene.chats]

    def _unique(self) -> Iterator[Publication]:
        """English stories that nobody told before."""
        told: set[str] = set()
        for tale in briefs(self._plan.seed):
            publication = tale.tellings[0]
            if publication.article.title not in told:
                told.add(publication.article.title)
                yield publication

    async def _publish(self) -> None:
        """A story every few seconds; some are told again by others, some are rewritten."""
        async with asyncio.TaskGroup() as group:
            for number, publication in enumerate(self._tales):
                article = publication.article
                self._ledger.publish(article.title, time.time(), steady=self._steady)
                self._scene.wire.publish(publication.source, article)
                if number % 4 == 1:
                    group.create_task(self._tell_again(publication))
                elif number % 4 == 3:
                    group.create_task(self._rewrite(publication))
                await asyncio.sleep(self._dice.uniform(*PUBLISH_EACH))

    async def _tell_again(self, publication: Publication) -> None:
        """An independent outlet has the same story: an edit, not a message."""
        wire, article = self._scene.wire, publication.article
        await asyncio.sleep(RETOLD_AFTER)
        other = "harbour" if publication.source != "harbour" else "continental"
        wire.publish(other, Article(article.slug, article.title, article.summary))
        # After a stop the bot may meet both at once: either may lead.
        self._ledger.stories[article.title].final = "also: "

    async def _rewrite(self, publication: Publication) -> None:
        article = publication.article
        await asyncio.sleep(RETOLD_AFTER)
        words = "It was later confirmed by two clerks"
        self._scene.wire.update(
            publication.source, article.slug, summary=f"{words}. {article.summary}"
        )
        self._ledger.stories[article.title].final = words

    async def _show(self) -> None:
        while True:
            passed = time.monotonic() - self._began
            share = min(1.0, passed / self._plan.seconds)
            filled = round(share * BAR)
            phase = "in peace" if self._steady else f"{len(self._ledger.events)} ends"
            print(
                f"\r[{'#' * filled}{'.' * (BAR - filled)}] {share:4.0%}  "
                f"{len(self._ledger.stories)} stories, {phase}  ",
                end="",
                file=sys.stderr,
                flush=True,
            )
            await asyncio.sleep(0.5)

    def events(self) -> list[Event]:
        """Every end of the bot."""
        return self._ledger.events

    def stories(self) -> int:
        """How many were published."""
        return len(self._ledger.stories)


Row = tuple[str, str, bool]
"""What, how much, and whether a promise holds."""


def arrivals(plan: Plan, soak: Soak, found: Findings) -> list[Row]:
    """How long news took while nothing disturbed the bot."""
    bound, worst = plan.latency_bound, found.percentile(1.0)
    chats = plan.private + plan.groups
    return [
        (f"stories, to {chats} chats", f"{soak.stories()}, {found.deliveries} deliveries", True),
        ("arrival, p50", f"{found.percentile(0.5):.2f} s", True),
        ("arrival, p95", f"{found.percentile(0.95):.2f} s", True),
        (f"arrival, longest (at most {bound:.1f} s)", f"{worst:.2f} s", worst <= bound),
    ]


def outcomes(soak: Soak, found: Findings) -> list[Row]:
    """What came of the violence."""
    killed = [event for event in soak.events() if event.killed]
    under_way = sum(event.under_way for event in killed)
    slowest = max((seconds for _, seconds in soak.stops), default=0.0)
    by_kills = f"repeated by {len(killed)} kills (at most {under_way} under way)"
    return [
        _none("lost", found.lost),
        (by_kills, str(found.repeats_by_kill), found.repeats_by_kill <= under_way),
        _none(f"repeated by {len(soak.stops)} stops", found.repeats_by_stop),
        _none("repeated without cause", found.repeats_unexplained),
        _none(f"edits missing of {found.edits_expected}", found.edits_missing),
        _none("stops that failed", sum(status != 0 for status, _ in soak.stops)),
        (
            f"slowest stop (at most {STOP_WITHIN:.0f} s)",
            f"{slowest:.1f} s",
            slowest <= STOP_WITHIN,
        ),
    ]


def _none(what: str, count: int) -> Row:
    return what, str(count), count == 0


async def soak(plan: Plan) -> bool:
    """Run and print; true when every promise holds."""
    async with stage(plan.private, plan.groups, plan.poll_seconds, Random(plan.seed)) as scene:
        running = Soak(plan, scene)
        found = await running.run()
        audit = scene.sandbox.limits.audit()
        log = await asyncio.to_thread(scene.bot.log.read_text, "utf-8", "replace")
        troubles = [line for line in log.splitlines() if " ERROR " in line or "Traceback" in line]
        rows = [
            *arrivals(plan, running, found),
            *outcomes(running, found),
            _none("limits exceeded", audit["exceeded_total"]),
            _none("429 earned", audit["refused"]),
            _none("errors in the bot's log", len(troubles)),
        ]
    for what, value, holds in rows:
        print(f"  {what:<52}{value:>24}  {'' if holds else 'BROKEN'}")
    for example in list(audit["examples"])[:5]:
        print(f"  limit: {example}")
    for line in troubles[:10]:
        print(f"  log: {line}")
    for title, count in found.without_edit[:10]:
        print(f"  edit missing in {count} chats: {title}")
    if plan.log:
        await asyncio.to_thread(plan.log.write_text, log, "utf-8")
    return all(holds for _, _, holds in rows)


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--seconds", type=float, default=180.0, help="how long news goes on (180)")
    parser.add_argument("--chats", type=int, default=26, help="private chats (26)")
    parser.add_argument("--groups", type=int, default=4, help="groups (4)")
    parser.add_argument("--poll", type=int, default=2, help="seconds between polls (2)")
    parser.add_argument("--seed", type=int, default=1, help="of the dice")
    parser.add_argument("--log", type=Path, help="a file for the bot's log")
    options = parser.parse_args()
    plan = Plan(
        options.seconds, options.chats, options.groups, options.poll, options.seed, options.log
    )
    sys.exit(0 if uvloop.run(soak(plan)) else 1)


if __name__ == "__main__":
    main()
