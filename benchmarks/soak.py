"""A soak: the whole bot under load and violence, bounded in time. Run: make soak.

The bot runs as several processes: two pollers, two senders, a desk with a standby. First it is left
in peace and latencies are taken. Then processes are stopped, then killed at random moments while
the others go on, now and then all at once, and Telegram fails in every way for a part of the time.
At the end everything must have arrived once. Telegram's limits are enforced all the time. Ends
with a table, and with status 1 when a promise was broken.
"""

import argparse
import asyncio
import sys
from pathlib import Path

import uvloop

from benchmarks.soak_fleet import APART, TOGETHER
from benchmarks.soak_ledger import Findings
from benchmarks.soak_report import arrivals, none, outcomes, show, tell, windows
from benchmarks.soak_run import Plan, Soak
from benchmarks.soak_stage import Audience, stage
from benchmarks.stalls import Stalls
from benchmarks.steady import RATE, SHARE, steady

EXAMPLES = 10


async def soak(plan: Plan) -> bool:
    """Run and print; true when every promise holds."""
    async with stage(plan.audience, plan.layout, plan.poll_seconds, plan.logs) as scene:
        running = Soak(plan, scene)
        showing = asyncio.create_task(show(running))
        stalls = Stalls()
        try:
            async with stalls.watched():
                found = await running.run()
        finally:
            showing.cancel()
            await asyncio.gather(showing, return_exceptions=True)
            print(file=sys.stderr)
        audit = scene.sandbox.limits.audit()
        troubles = await asyncio.to_thread(scene.fleet.troubles)
        rows = [
            *arrivals(plan, running, found),
            *outcomes(plan, running, found),
            *windows(plan, audit, stalls),
            none("errors in the bot's log", len(troubles)),
        ]
    well = tell(rows)
    _explain(found, [f"limit: {example}" for example in audit["examples"]], troubles)
    return well


def _explain(found: Findings, limits: list[str], troubles: list[str]) -> None:
    edits = [f"edit missing in {count} chats: {title}" for title, count in found.without_edit]
    repeats = [f"repeated: {each}" for each in found.unexplained]
    missing = [f"lost: {each}" for each in found.missing]
    for lines in (missing, repeats, edits, limits, [f"log: {line}" for line in troubles]):
        for line in lines[:EXAMPLES]:
            print(f"  {line}")


async def hold_the_rate(plan: Plan) -> bool:
    """Run `steady` and print; true when its promises hold."""
    seen = await steady(logs=plan.logs)
    audit = {"windows": seen.windows, "exceeded_total": 0, "refused": seen.refused}
    rate = f"{seen.rate:.2f} of {RATE:.0f} a second"
    return tell(
        [
            (f"{seen.messages} messages by two senders", rate, True),
            (f"share (at least {SHARE:.0%})", f"{seen.share:.1%}", seen.share >= SHARE),
            *windows(plan, audit, Stalls()),
        ]
    )


def main() -> None:
    """Read the arguments and run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    standard = Plan()
    for name, default, what in (
        ("kills", standard.kills, "moments of SIGKILL"),
        ("stops", standard.stops, "moments of SIGTERM"),
        ("deliveries", standard.deliveries, "at least so many messages due"),
        ("chats", standard.audience.chats, "chats, a tenth of them groups and forums"),
        ("peace", standard.peace, "seconds without violence, for the latencies"),
        ("poll", standard.poll_seconds, "seconds between polls"),
        ("seed", standard.seed, "of the dice"),
        ("most", standard.most, "seconds after which violence ends in any case"),
    ):
        parser.add_argument(f"--{name}", type=int, default=default, help=f"{what} ({default:.0f})")
    parser.add_argument("--together", action="store_true", help="fewer processes, several roles in")
    parser.add_argument(
        "--steady", action="store_true", help="instead: two senders at Telegram's rate, 1,000 chats"
    )
    parser.add_argument("--logs", type=Path, help="a folder for the bot's logs")
    options = parser.parse_args()
    run = hold_the_rate if options.steady else soak
    sys.exit(0 if uvloop.run(run(_plan(options))) else 1)


def _plan(options: argparse.Namespace) -> Plan:
    if options.logs:
        options.logs.mkdir(parents=True, exist_ok=True)
    return Plan(
        kills=options.kills,
        stops=options.stops,
        deliveries=options.deliveries,
        audience=audience_of(options.chats),
        peace=options.peace,
        most=options.most,
        poll_seconds=options.poll,
        seed=options.seed,
        layout=TOGETHER if options.together else APART,
        logs=options.logs,
    )


def audience_of(chats: int) -> Audience:
    """So many chats: of each ten one is a group, of each fifty one of these a forum."""
    forums = max(1, chats // 50)
    groups = max(1, chats // 10 - forums)
    return Audience(chats - groups - forums, groups, forums)


if __name__ == "__main__":
    main()
