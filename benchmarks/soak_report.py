"""The soak's progress bar and its table: what was seen, and whether each promise holds."""

import asyncio
import sys
from collections.abc import Mapping
from typing import Any

from benchmarks.soak_ledger import Findings
from benchmarks.soak_run import Plan, Soak
from benchmarks.stalls import Stalls

STOP_WITHIN = 10.0
WINDOWS_AT_MOST = 1.1
"""No window of a limit is fuller than this ratio of what it allows."""
BAR = 30
BLINK = 0.5
"""Seconds."""

Row = tuple[str, str, bool]
"""What, how much, and whether a promise holds."""


async def show(running: Soak) -> None:
    """A progress bar until cancelled."""
    while True:
        filled = round(running.progress * BAR)
        stories, stops = len(running.ledger.stories), len(running.stops)
        print(
            f"\r[{'#' * filled}{'.' * (BAR - filled)}] {running.progress:4.0%}  {running.phase}: "
            f"{stories} stories, {stops} stops, {running.kills} kills, {running.weather.now:<40}",
            end="",
            file=sys.stderr,
            flush=True,
        )
        await asyncio.sleep(BLINK)


def arrivals(plan: Plan, running: Soak, found: Findings) -> list[Row]:
    """How much arrived, and how long it took while nothing disturbed the bot."""
    bound, worst = plan.latency_bound, found.percentile(1.0)
    stories, targets = len(running.ledger.stories), len(running.scene.targets)
    return [
        (f"stories, to {targets} chats and topics", str(stories), True),
        (
            f"deliveries (at least {plan.deliveries})",
            str(found.deliveries),
            found.deliveries >= plan.deliveries,
        ),
        (
            f"arrival of {len(found.latencies)} in peace, p50, p95",
            f"{found.percentile(0.5):.2f} s, {found.percentile(0.95):.2f} s",
            True,
        ),
        (f"the longest (at most {bound:.1f} s)", f"{worst:.2f} s", _kept(plan, worst, bound)),
    ]


def outcomes(plan: Plan, running: Soak, found: Findings) -> list[Row]:
    """What came of the violence."""
    under_way = running.ledger.under_way(running.mailboxes())
    slowest = max((seconds for _, seconds in running.stops), default=0.0)
    by_kill, by_loss = found.repeats.get("kill", 0), found.repeats.get("lost answer", 0)
    lost = sum(
        sending.answer_lost
        for mailbox in running.mailboxes()
        for sending in mailbox.sendings.values()
    )
    return [
        ("SIGKILLs", str(running.kills), running.kills >= plan.kills),
        ("SIGTERMs", str(len(running.stops)), len(running.stops) >= plan.stops),
        none("lost", found.lost),
        (f"repeated by kills (at most {under_way} under way)", str(by_kill), by_kill <= under_way),
        none("repeated by stops", found.repeats.get("stop", 0)),
        (f"repeated as the answer was lost (of {lost})", str(by_loss), by_loss <= lost),
        none("repeated without cause", found.repeats.get("unexplained", 0)),
        none(f"edits missing of {found.edits_expected}", found.edits_missing),
        none("stops that failed", sum(status != 0 for status, _ in running.stops)),
        (
            f"slowest stop (at most {STOP_WITHIN:.0f} s)",
            f"{slowest:.1f} s",
            slowest <= STOP_WITHIN,
        ),
    ]


def windows(plan: Plan, audit: Mapping[str, Any], stalls: Stalls) -> list[Row]:
    """The fullest window of each limit, and what Telegram's flood control said.

    What came while this process stood still was read together: that time is added to a window.
    """
    rows = []
    for kind, limits in audit["windows"].items():
        for limit, fullest in limits.items():
            within = f"{fullest['asked']} in {fullest['seconds']:.1f} s"
            ratio = fullest["ratio"]
            seconds, end = fullest["seconds"], fullest["time"]
            still = stalls.within(end - seconds, end) if seconds else 0.0
            most = WINDOWS_AT_MOST * (seconds + still) / seconds if seconds else WINDOWS_AT_MOST
            seen = f"{ratio:.2f}" + (f", {still:.2f} s still" if ratio > WINDOWS_AT_MOST else "")
            what = f"fullest window, {kind}s, {limit} ({within})"
            rows.append((what, seen, _kept(plan, ratio, most)))
    return [
        *rows,
        none("limits exceeded", audit["exceeded_total"]),
        none("429 earned", audit["refused"]),
    ]


def _kept(plan: Plan, seen: float, most: float) -> bool:
    return seen <= most or not plan.timed


def none(what: str, count: int) -> Row:
    """A row that must say 0."""
    return what, str(count), count == 0


def tell(rows: list[Row]) -> bool:
    """Print the table; true when every promise holds."""
    for what, value, holds in rows:
        print(f"  {what:<56}{value:>20}  {'' if holds else 'BROKEN'}")
    return all(holds for _, _, holds in rows)
