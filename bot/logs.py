"""Log lines: readable on a console, or one JSON object each. Secrets never reach a log.

Observation: while Redis is away every part says so each second, seven lines a second for hours.
Rule: the same warning or error is written once a minute, with how often it came meanwhile.
Known exceptions: what carries a trace is always written.
"""

import logging
import sys
from dataclasses import dataclass
from datetime import timedelta

import orjson

REPEATED_AFTER = timedelta(minutes=1)
REMEMBERED = 1_000
"""Sentences; when there are more all are forgotten, which repeats some."""


@dataclass(slots=True)
class _Said:
    at: float
    left_out: int = 0


class Repetitions(logging.Filter):
    """Lets the same warning or error without a trace through once a minute."""

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[str, _Said] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to write it; adds to its sentence how often that was left out."""
        if record.levelno < logging.WARNING or record.exc_info:
            return True
        sentence = record.getMessage()
        said = self._said.get(sentence)
        if said and 0 <= record.created - said.at < REPEATED_AFTER.total_seconds():
            said.left_out += 1
            return False
        if len(self._said) >= REMEMBERED:
            self._said.clear()
        self._said[sentence] = _Said(record.created)
        if said and said.left_out:
            record.msg = f"{sentence} ({said.left_out} times more since it was last written)"
            record.args = ()
        return True


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return orjson.dumps(line).decode()


def configure(level: str, form: str) -> None:
    """Send log lines to standard error. `form`: console or json."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(Repetitions())
    if form == "json":
        handler.setFormatter(_JsonLines())
    else:
        handler.setFormatter(
            logging.Formatter("%(asctime)s %(levelname)-7s %(message)s", "%H:%M:%S")
        )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # Their lines name every request's address, which holds the token.
    for name in ("httpx", "httpcore", "telegram", "aiohttp", "asyncio"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
