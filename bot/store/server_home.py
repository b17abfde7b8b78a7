"""The directory of the embedded server: its locks, socket, pid file and log. Starts nothing."""

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
from pathlib import Path

from bot.errors import StoreError

SOCKET_PATH_LIMIT = 100
"""Bytes; sockaddr_un holds 108 on Linux and 104 on macOS, with the final zero."""
_SHORT_PLACES = ("/tmp", "/var/tmp", "/run/user/" + str(os.getuid()))
_SHORT_NAME = len("/newsflash-12345678/redis.sock")
_LOG_LINES = 8


class ServerHome:
    """DATA_DIR/redis."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir.absolute()
        self.directory = self.data_dir / "redis"
        self.log = self.directory / "redis.log"
        self.pid_file = self.directory / "redis.pid"

    def prepare(self) -> None:
        """Make the directory, open to its owner only. Raises StoreError when that fails."""
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.directory.chmod(0o700)
        except OSError as error:
            raise self._unusable(error) from error

    def socket(self) -> Path:
        """Where the socket is: under the data, or, where that path is too long for a socket, in a
        short directory whose name is kept beside the data.
        """
        usual = self.directory / "redis.sock"
        if len(os.fsencode(usual)) <= SOCKET_PATH_LIMIT:
            return usual
        link = self.directory / "socket-directory"
        with contextlib.suppress(OSError):
            directory = Path(link.read_text(encoding="utf-8"))
            facts = directory.lstat()
            if facts.st_uid == os.getuid() and stat.S_IMODE(facts.st_mode) == stat.S_IRWXU:
                return directory / "redis.sock"
        directory = self._short_directory()
        link.write_text(str(directory), encoding="utf-8")
        return directory / "redis.sock"

    def _short_directory(self) -> Path:
        """A new directory, of its owner only, whose path leaves room for a socket."""
        for place in (tempfile.gettempdir(), *_SHORT_PLACES):
            if len(os.fsencode(place)) + _SHORT_NAME > SOCKET_PATH_LIMIT:
                continue
            with contextlib.suppress(OSError):
                return Path(tempfile.mkdtemp(prefix="newsflash-", dir=place))
        raise StoreError(
            f"DATA_DIR: the path of {self.directory} is too long for a socket, and no temporary "
            "directory has a shorter one. Choose a shorter DATA_DIR or TMPDIR."
        )

    def discard_socket(self) -> None:
        """Remove the short directory, if one was made; the next start makes another."""
        link = self.directory / "socket-directory"
        directory = self.socket().parent
        if directory != self.directory:
            link.unlink(missing_ok=True)
            shutil.rmtree(directory, ignore_errors=True)

    def lock(self, name: str) -> int | None:
        """The descriptor of a locked file of the home, None while another holds the lock."""
        try:
            descriptor = os.open(
                self.directory / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
            )
        except OSError as error:
            raise self._unusable(error) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def pid(self) -> int | None:
        """The process that the pid file names, if that is a redis-server still."""
        try:
            pid = int(self.pid_file.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return None
        processes = Path("/proc")
        if not (processes / "self").exists():
            return pid if pid > 1 else None
        try:
            command = (processes / str(pid) / "cmdline").read_bytes()
        except OSError:
            return None
        return pid if b"redis-server" in command else None

    def log_end(self) -> str:
        """The last lines of the server's log as a sentence."""
        try:
            log = self.log.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return "It wrote no log."
        return "Its log ends with:\n" + "\n".join(log.splitlines()[-_LOG_LINES:])

    def _unusable(self, error: OSError) -> StoreError:
        return StoreError(f"DATA_DIR: {self.directory} cannot be used: {error.strerror}.")
