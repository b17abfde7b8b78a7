"""A folder of its own for the search index of each process, although they share DATA_DIR.

Observation: one process at a time may write to an index, and each needs the newest stories itself.
Rule: the first folder whose lock is free; the kernel frees it with the process that holds it, so a
restart finds the index of the run before. Rejected: one writer that all others read from, which
leaves them without news when it dies; a DATA_DIR for each process, which everybody forgets.
"""

import fcntl
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import NewsflashError


@contextmanager
def own_folder(data_dir: Path) -> Iterator[Path]:
    """`search` in the directory, or `search-2` and so on; NewsflashError when none can be made."""
    for number in itertools.count(1):
        folder = data_dir / ("search" if number == 1 else f"search-{number}")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(folder / "process.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise NewsflashError(f"{folder} cannot be used: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            continue
        try:
            yield folder
        finally:
            os.close(descriptor)
        return
