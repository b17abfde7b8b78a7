"""The command line: `newsflash` and `python -m bot`. Parses, configures, hands over."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import uvloop

from bot import __version__, collector, logs
from bot.config import Config, load
from bot.doctor import examine
from bot.errors import ConfigurationError, NewsflashError
from bot.roles import ALL_ROLES, parse_roles
from bot.running import run
from bot.sandbox_mode import WireOptions, run_sandbox
from bot.services.stopping import Stopping

log = logging.getLogger(__name__)

SAME_SIGNAL_SECONDS = 0.5
END_SECONDS = 9.5
"""From the first signal to the end, whatever hangs. A redis-server of one's own outlives it, and
writes what it has."""

Work = Callable[[Config, Stopping], Coroutine[Any, Any, bool]]


def main(arguments: list[str] | None = None) -> None:
    """Run a command and exit: 0, 1 for trouble found or met, 2 for a bad command or setting."""
    options = _parser().parse_args(arguments)
    try:
        config = load(os.environ)
        work = _work(options)
    except ConfigurationError as error:
        _complain(error)
        sys.exit(2)
    logs.configure(config.log_level, config.log_format)
    collector.relax()
    try:
        well = uvloop.run(_until_stopped(work, config))
    except ConfigurationError as error:
        _complain(error)
        sys.exit(2)
    except NewsflashError as error:
        _complain(error)
        sys.exit(1)
    sys.exit(0 if well else 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="newsflash", description="A news wire for Telegram: every story once, breaking first."
    )
    parser.add_argument("--version", action="version", version=f"newsflash {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    running = commands.add_parser("run", help="run the bot; without BOT_TOKEN, the sandbox")
    running.add_argument(
        "--roles", default="", help="some of poll,desk,deliver,commands,web (default: all)"
    )
    sandbox = commands.add_parser("sandbox", help="try the bot in the browser, without a token")
    sandbox.add_argument("--polls", type=Path, help="a folder of stored polls to play as the wire")
    sandbox.add_argument(
        "--speed", type=_factor, default=60.0, help="plays the polls so many times as fast (60)"
    )
    sandbox.add_argument(
        "--pace", type=_factor, default=1.0, help="plays the sample wire so many times as fast (1)"
    )
    commands.add_parser("doctor", help="check token, Redis, clock, webhook and feeds")
    return parser


def _factor(text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if not 0 < factor <= 1_000_000:
        raise argparse.ArgumentTypeError(f"expected a number above 0, not {text!r}")
    return factor


def _work(options: argparse.Namespace) -> Work:
    if options.command == "doctor":
        return lambda config, _stopping: examine(config)
    if options.command == "sandbox":
        chosen = WireOptions(polls=options.polls, speed=options.speed, pace=options.pace)
        return lambda config, stopping: _well(run_sandbox(config, stopping, chosen))
    named = getattr(options, "roles", "")
    roles = parse_roles(named) if named else ALL_ROLES

    def work(config: Config, stopping: Stopping) -> Coroutine[Any, Any, bool]:
        if config.token:
            return _well(run(config, stopping, roles=roles))
        if named:
            raise ConfigurationError(["BOT_TOKEN: must be set to start only some roles"])
        return _well(run_sandbox(config, stopping))

    return work


async def _well(running: Coroutine[Any, Any, None]) -> bool:
    await running
    return True


async def _until_stopped(work: Work, config: Config) -> bool:
    """The first SIGTERM or SIGINT drains; a second one ends at once.

    What follows the first immediately is the same request: make passes a signal on that its
    child got as well, being in its process group.
    """
    stopping = Stopping()
    loop = asyncio.get_running_loop()
    first = 0.0

    def on_signal() -> None:
        nonlocal first
        if not stopping.requested:
            first = loop.time()
            log.info("stopping: what is in flight is finished first; a second signal ends at once")
            stopping.request()
            _end_at_last()
        elif loop.time() - first > SAME_SIGNAL_SECONDS:
            log.warning("a second signal: the process ends at once")
            os._exit(1)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    return await work(config, stopping)


def _end_at_last() -> None:
    """A thread of its own: it ends the process also when the event loop or its closing hangs."""

    def end() -> None:
        log.error("something does not stop; the process ends without it")
        os._exit(1)

    timer = threading.Timer(END_SECONDS, end)
    timer.daemon = True
    timer.start()


def _complain(error: NewsflashError) -> None:
    print(error, file=sys.stderr)


if __name__ == "__main__":
    main()
