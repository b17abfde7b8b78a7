"""At Telegram's rate for as long as it takes: two senders, a thousand chats, limits enforced.

Every chat waits for the same few stories; what is measured is how close to the allowed rate the
senders come together, and how full the fullest window of each limit was.
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.soak_fleet import APART
from benchmarks.soak_stage import Audience, Stage, stage, until
from sandbox.wire_briefs import briefs

RATE = 30.0
"""Messages a second that Telegram takes of a bot."""
SHARE = 0.99
WITHIN = 1.5
"""As long as it takes at RATE, times this, until it is given up."""
CALM = 5.0
"""Seconds until the answers to the subscriptions are out of every window."""


@dataclass(frozen=True, slots=True)
class Steady:
    """What two senders did in the middle of a long run."""

    messages: int
    rate: float
    """Messages a second, without the first and the last second."""
    refused: int
    """429 earned."""
    windows: Mapping[str, Any]
    """The fullest window of each limit: see sandbox.windows."""

    @property
    def share(self) -> float:
        """Of the rate that is allowed."""
        return self.rate / RATE

    @property
    def holds(self) -> bool:
        """At least 99 % of the allowed rate, and no 429."""
        return self.share >= SHARE and self.refused == 0


async def steady(chats: int = 1_000, stories: int = 2, logs: Path | None = None) -> Steady:
    """Send some stories to so many private chats; at most three, as four would be bundled."""
    async with stage(Audience(chats, 0, 0), APART, 1, logs) as scene:
        await scene.fleet.start()
        await scene.subscribe_all()
        await asyncio.sleep(CALM)
        began = time.time()
        tales = briefs(1)
        for _ in range(stories):
            publication = next(tales).tellings[0]
            scene.wire.publish(publication.source, publication.article)
        wanted = chats * stories
        await until(lambda: len(_sent(scene, began)) >= wanted, WITHIN * wanted / RATE + 30, "news")
        audit = scene.sandbox.limits.audit()
        sent = _sent(scene, began)
        return Steady(len(sent), _rate(sent), audit["refused"], audit["windows"])


def _sent(scene: Stage, began: float) -> list[float]:
    return [
        entry.time
        for entry in scene.sandbox.api.journal.entries
        if entry.message_id is not None and entry.time >= began and entry.method == "sendMessage"
    ]


def _rate(times: list[float]) -> float:
    """Between the second after the first message and the one before the last."""
    first, last = times[0] + 1, times[-1] - 1
    middle = sum(first <= each < last for each in times)
    return middle / (last - first) if last > first else 0.0
