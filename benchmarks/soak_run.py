"""One run of the soak: peace, stops, kills under bad weather, and the reckoning.

What it promises and prints stands in benchmarks.soak_report.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random

from benchmarks.soak_fleet import APART, START_SECONDS, BotProcess
from benchmarks.soak_ledger import Arrived, Event, Findings, Ledger, Mailbox, Sending
from benchmarks.soak_pages import Pages
from benchmarks.soak_stage import Audience, Stage, until
from benchmarks.soak_weather import Weather
from sandbox.wire_articles import Article
from sandbox.wire_briefs import briefs
from sandbox.wire_library import Publication

RATE = 30.0
"""Messages a second that Telegram takes."""
LEAST_GAP = 3.2
"""Seconds between two stories: a group takes 20 messages a minute."""
LOAD = 0.55
"""Of RATE, half of the stories being edited as well."""
ALL_OF = 20
"""Of so many ends one is that of all processes."""
RETOLD_AFTER = 3.0
LAST_SECONDS = 240.0
AFTERWARDS = 6.0
"""Seconds in which a repeat may still come: a dead sender keeps its leases for less."""

STANDARD = Audience(private=90, groups=8, forums=2)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of everything, and by which dice."""

    kills: int = 200
    stops: int = 50
    deliveries: int = 2_000
    audience: Audience = STANDARD
    peace: float = 45.0
    """Seconds."""
    most: float = 1_200.0
    """Seconds after which no more violence is done."""
    poll_seconds: int = 2
    seed: int = 1
    layout: tuple[tuple[str, ...], ...] = APART
    logs: Path | None = None
    """A folder for the logs of the processes."""
    between: tuple[float, float] = (0.8, 2.3)
    """Seconds from one end to the next."""
    timed: bool = True
    """Latencies and windows are promises too; else they are told only, as on a busy machine."""

    @property
    def latency_bound(self) -> float:
        """Seconds from publication to arrival in every chat: 1.1 x POLL_MIN + 1 s, and what
        Telegram's rate takes for so many.
        """
        return 1.1 * self.poll_seconds + 1 + self.audience.chats / RATE

    @property
    def gap(self) -> float:
        """Seconds between two stories."""
        return max(LEAST_GAP, self.audience.chats / RATE / LOAD)


class Soak:
    """One run."""

    def __init__(self, plan: Plan, scene: Stage) -> None:
        self.plan, self.scene = plan, scene
        self.ledger = Ledger()
        self.phase = "starting"
        self.stops: list[tuple[int, float]] = []
        """Of every moment of stopping: a failed exit status, else 0; seconds of the slowest."""
        self.kills = 0
        self._dice = Random(plan.seed)
        chats = [target.chat for target in scene.targets if target.person == target.chat]
        self.weather = Weather(scene.sandbox, chats, self._dice)
        self._pages = Pages(scene)
        self._began = time.monotonic()

    @property
    def progress(self) -> float:
        """From 0 to 1."""
        plan = self.plan
        ends = plan.kills + plan.stops
        return (self.kills + len(self.stops)) / ends if ends else 1.0

    async def run(self) -> Findings:
        """Peace, then violence, then the reckoning."""
        plan = self.plan
        await self.scene.fleet.start()
        self.phase = "subscribing"
        await self.scene.subscribe_all()
        await asyncio.sleep(2 * plan.poll_seconds)
        self.phase = "in peace" if plan.peace else "stopping"
        self._began = time.monotonic()
        publishing = asyncio.create_task(self._publish())
        try:
            if plan.peace:
                await asyncio.sleep(plan.peace)
                # What is published now may still be on its way when the violence begins.
                self.phase = "in peace, to the end"
                await asyncio.sleep(2 * plan.latency_bound)
            await self._stop_all()
            await self._kill_all()
            await self._deliver_enough()
        finally:
            publishing.cancel()
            await asyncio.gather(publishing, return_exceptions=True)
        self.phase = "reckoning"
        return await self._reckon()

    async def _stop_all(self) -> None:
        self.phase = "stopping"
        for number in range(self.plan.stops):
            if self._late():
                return
            await asyncio.sleep(self._dice.uniform(*self.plan.between))
            victims = await self._victims(number)
            self._note(victims, killed=False)
            ends = await asyncio.gather(*(each.stop() for each in victims))
            failed = next((status for status, _ in ends if status), 0)
            self.stops.append((failed, max(seconds for _, seconds in ends)))
            self._start_again(victims)

    async def _kill_all(self) -> None:
        self.phase = "killing"
        weather = asyncio.create_task(self.weather.change())
        try:
            for number in range(self.plan.kills):
                if self._late():
                    return
                await asyncio.sleep(self._dice.uniform(*self.plan.between))
                victims = await self._victims(number)
                self._note(victims, killed=True)
                await asyncio.gather(*(each.kill() for each in victims))
                self.kills += 1
                self._start_again(victims)
        finally:
            weather.cancel()
            await asyncio.gather(weather, return_exceptions=True)
            await self.scene.fleet.complete()

    async def _victims(self, number: int) -> tuple[BotProcess, ...]:
        """All of them now and then; else one, a sender every other time."""
        fleet = self.scene.fleet
        if number % ALL_OF == ALL_OF // 2:
            await fleet.complete()
            return fleet.processes
        await until(lambda: bool(fleet.running), START_SECONDS, "a process that runs")
        senders = [process for process in fleet.running if process.sends]
        chosen = senders if senders and number % 2 else fleet.running
        return (self._dice.choice(chosen),)

    def _note(self, victims: tuple[BotProcess, ...], *, killed: bool) -> None:
        callers = frozenset(victim.caller for victim in victims if victim.sends)
        self.ledger.events.append(Event(time.time(), killed, callers))

    def _start_again(self, victims: tuple[BotProcess, ...]) -> None:
        for victim in victims:
            self.scene.fleet.start_again(victim)

    def _late(self) -> bool:
        return time.monotonic() - self._began > self.plan.most

    async def _deliver_enough(self) -> None:
        wanted = self.plan.deliveries // len(self.scene.targets) + 1
        self.phase = "delivering the rest"
        await until(lambda: len(self.ledger.stories) >= wanted or self._late(), 3_600, "news")

    async def _reckon(self) -> Findings:
        # Where something is missing, the table tells.
        with suppress(RuntimeError):
            await until(
                lambda: self._complete() or bool(self._pages.folded()), LAST_SECONDS, "the last"
            )
            await self._pages.unfold()
            await until(self._complete, LAST_SECONDS, "the last story")
        await asyncio.sleep(AFTERWARDS)
        return self.ledger.findings(self.mailboxes())

    def _complete(self) -> bool:
        found = self.ledger.findings(self.mailboxes())
        return found.lost == 0 and found.edits_missing == 0

    def mailboxes(self) -> list[Mailbox]:
        """What stands in every chat and topic, and what was asked for it."""
        sendings: dict[int, dict[int, Sending]] = {}
        for entry in self.scene.sandbox.api.journal.entries:
            if entry.message_id is not None and entry.chat_id is not None:
                made = Sending(entry.caller, entry.time, entry.answered, entry.lost)
                sendings.setdefault(entry.chat_id, {}).setdefault(entry.message_id, made)
        return [
            Mailbox(
                f"{target.chat}/{target.thread or ''}",
                [
                    Arrived(message.id, message.sent_at, self._pages.text(message))
                    for message in self.scene.stories(target)
                ],
                sendings.get(target.chat, {}),
            )
            for target in self.scene.targets
        ]

    def _unique(self) -> Iterator[Publication]:
        """English stories that nobody told before."""
        told: set[str] = set()
        for tale in briefs(self.plan.seed):
            publication = tale.tellings[0]
            if publication.article.title not in told:
                told.add(publication.article.title)
                yield publication

    async def _publish(self) -> None:
        """A story every few seconds; some are told again by others, some are rewritten."""
        async with asyncio.TaskGroup() as group:
            for number, publication in enumerate(self._unique()):
                article = publication.article
                steady = self.phase == "in peace"
                self.ledger.publish(article.title, time.time(), steady=steady)
                self.scene.wire.publish(publication.source, article)
                if number % 4 == 1:
                    group.create_task(self._tell_again(publication))
                elif number % 4 == 3:
                    group.create_task(self._rewrite(publication))
                await asyncio.sleep(self.plan.gap * self._dice.uniform(0.9, 1.3))

    async def _tell_again(self, publication: Publication) -> None:
        """An independent outlet has the same story: an edit, not a message."""
        wire, article = self.scene.wire, publication.article
        await asyncio.sleep(RETOLD_AFTER)
        other = "harbour" if publication.source != "harbour" else "continental"
        wire.publish(other, Article(article.slug, article.title, article.summary))
        # After a stop the bot may meet both at once: either may lead.
        self.ledger.stories[article.title].final = "also: "

    async def _rewrite(self, publication: Publication) -> None:
        article = publication.article
        await asyncio.sleep(RETOLD_AFTER)
        words = "It was later confirmed by two clerks"
        self.scene.wire.update(
            publication.source, article.slug, summary=f"{words}. {article.summary}"
        )
        self.ledger.stories[article.title].final = words
