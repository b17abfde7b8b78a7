"""Settings from the environment and `.env`, checked before anything starts.

Every bad value is reported at once, by name. Secrets are left out of repr. Nothing here connects
to anything; what a setting means to a part is that part's business.
"""

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar, cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bot.errors import ConfigurationError
from bot.models.identifiers import Language, UserId

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Value = TypeVar("Value")

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
DEFAULT_FEEDS_FILE = "feeds.opml"
_HOST = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?|\[?[0-9A-Fa-f:.]+(%\w+)?\]?")
_TOKEN = re.compile(r"[1-9]\d{2,19}:[A-Za-z0-9_-]{3,70}")
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_REDIS_SCHEMES = ("redis", "rediss", "unix", "redis+cluster", "rediss+cluster")


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in a period."""

    count: int
    period: timedelta

    @property
    def interval(self) -> timedelta:
        """The gap between two evenly spaced requests."""
        return self.period / self.count


@dataclass(frozen=True, slots=True)
class Config:
    """All settings, valid. Names are those of the environment in lower case."""

    token: str = field(repr=False)
    """BOT_TOKEN; "" starts the sandbox."""
    admin_ids: frozenset[UserId]
    redis_url: str = field(repr=False)
    """"" means a private redis-server child under data_dir."""
    data_dir: Path
    telegram_api_url: str
    webhook_url: str
    webhook_secret: str = field(repr=False)
    host: str
    port: int
    feeds_file: Path
    poll_min: timedelta
    poll_max: timedelta
    fetch_allow_networks: tuple[Network, ...]
    access: str
    """"open" or "private": then only operators may subscribe."""
    send_rate: Rate
    send_rate_group: Rate
    language: Language
    timezone: str
    retention: timedelta
    log_level: str
    log_format: str


def read_environment_file(path: Path) -> dict[str, str]:
    """NAME=value lines of a .env file; comments and blank lines are skipped, quotes stripped.

    Raises ConfigurationError naming each line that is neither.
    """
    if not path.is_file():
        return {}
    values: dict[str, str] = {}
    problems = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        text = line.strip().removeprefix("export ").strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not re.fullmatch(r"[A-Z][A-Z0-9_]*", name.strip()):
            problems.append(f"{path.name}, line {number}: expected NAME=value")
            continue
        values[name.strip()] = _unquoted(value.strip())
    if problems:
        raise ConfigurationError(problems)
    return values


def _unquoted(value: str) -> str:
    if len(value) >= 2 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    return value.split(" #", 1)[0].rstrip()


def load(environment: Mapping[str, str], env_file: Path = Path(".env")) -> Config:
    """Read the environment over the .env file. Raises ConfigurationError with every problem."""
    return parse({**read_environment_file(env_file), **environment})


def parse(values: Mapping[str, str]) -> Config:
    """Turn texts into a Config. Raises ConfigurationError with every problem by name."""
    read = _Reader(values)
    config = Config(
        token=read("BOT_TOKEN", "", _token),
        admin_ids=read("ADMIN_IDS", "", _admin_ids),
        redis_url=read("REDIS_URL", "", _redis_url),
        data_dir=read("DATA_DIR", "./data", _data_dir),
        telegram_api_url=read("TELEGRAM_API_URL", "https://api.telegram.org", _http_url),
        webhook_url=read("WEBHOOK_URL", "", _optional(_http_url)),
        webhook_secret=read("WEBHOOK_SECRET", "", _optional(_secret)),
        host=read("HOST", "127.0.0.1", _host),
        port=read("PORT", "8080", _port),
        feeds_file=read("FEEDS_FILE", DEFAULT_FEEDS_FILE, _feeds_file),
        poll_min=read("POLL_MIN", "60s", duration),
        poll_max=read("POLL_MAX", "6h", duration),
        fetch_allow_networks=read("FETCH_ALLOW_NETWORKS", "", _networks),
        access=read("ACCESS", "open", _one_of("open", "private")),
        send_rate=read("SEND_RATE", "30/s", rate),
        send_rate_group=read("SEND_RATE_GROUP", "20/m", rate),
        language=read("LANGUAGE", "en", _language),
        timezone=read("TIMEZONE", "UTC", _timezone),
        retention=read("RETENTION", "90d", duration),
        log_level=read("LOG_LEVEL", "INFO", _log_level),
        log_format=read("LOG_FORMAT", "console", _one_of("console", "json")),
    )
    read.check(config.poll_min <= config.poll_max, "POLL_MAX: must not be shorter than POLL_MIN")
    read.check(
        not config.webhook_url or config.webhook_secret != "",
        "WEBHOOK_SECRET: must be set together with WEBHOOK_URL",
    )
    read.finish()
    return config


class _Reader:
    """Reads values one by one and collects what is wrong."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self._problems: list[str] = []

    def __call__(self, name: str, default: str, convert: Callable[[str], Value]) -> Value:
        text = self._values.get(name, "").strip() or default
        try:
            return convert(text)
        except ValueError as error:
            self._problems.append(f"{name}: {error}")
        try:
            return convert(default)
        except ValueError:
            # Nobody will see it: finish() raises.
            return cast(Value, None)

    def check(self, condition: bool, problem: str) -> None:
        if not condition:
            self._problems.append(problem)

    def finish(self) -> None:
        if self._problems:
            raise ConfigurationError(self._problems)


def duration(text: str) -> timedelta:
    """`90s`, `5m`, `6h`, `30d` as a positive timedelta. Raises ValueError."""
    match = re.fullmatch(r"(\d{1,9})([smhd])", text)
    if not match or int(match[1]) == 0:
        raise ValueError(f"expected a duration such as 90s, 5m, 6h or 30d, not {text!r}")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


def rate(text: str) -> Rate:
    """`30/s`, `20/m`, `100/h` as a Rate. Raises ValueError."""
    match = re.fullmatch(r"(\d{1,6})/([smh])", text)
    if not match or int(match[1]) == 0:
        raise ValueError(f"expected a rate such as 30/s or 20/m, not {text!r}")
    return Rate(int(match[1]), timedelta(seconds=_UNITS[match[2]]))


def _token(text: str) -> str:
    # The value itself never stands in the message: it is a secret, or nearly one.
    if text and not _TOKEN.fullmatch(text):
        raise ValueError("expected a bot token such as 123456789:AAF…, as BotFather gave it")
    return text


def _admin_ids(text: str) -> frozenset[UserId]:
    parts = [part.strip() for part in text.split(",") if part.strip()]
    wrong = [part for part in parts if not re.fullmatch(r"[1-9]\d{0,15}", part)]
    if wrong:
        raise ValueError(f"expected user ids separated by commas, not {', '.join(wrong)}")
    return frozenset(UserId(int(part)) for part in parts)


def _redis_url(text: str) -> str:
    # The value is never echoed: it may hold a password.
    scheme, _, rest = text.partition("://")
    if scheme.lower().endswith("+cluster"):
        place, _, path = re.split(r"[?#]", rest, maxsplit=1)[0].partition("/")
        for number, node in enumerate(place.rpartition("@")[2].split(","), 1):
            match = re.fullmatch(r"(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?", node)
            if not match or not _HOST.fullmatch(match[1]) or not 0 < int(match[2] or 1) < 65536:
                raise ValueError(f"node {number} of the cluster is not written as host:port")
        if path not in ("", "0"):
            raise ValueError("a cluster has no database but 0")
    if text and scheme.lower() not in _REDIS_SCHEMES:
        raise ValueError("expected redis://, rediss://, unix:// or redis+cluster:// and an address")
    return text


def _http_url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"expected an http or https address, not {text!r}")
    return text.rstrip("/")


def _optional(convert: Callable[[str], str]) -> Callable[[str], str]:
    return lambda text: convert(text) if text else ""


def _secret(text: str) -> str:
    if not _SECRET.fullmatch(text):
        raise ValueError("expected 1 to 256 characters of A-Z, a-z, 0-9, _ and -")
    return text


def _port(text: str) -> int:
    if not re.fullmatch(r"\d{1,5}", text) or int(text) > 65535:
        raise ValueError(f"expected a port from 0 to 65535, not {text!r}")
    return int(text)


def _data_dir(text: str) -> Path:
    path = Path(text)
    existing = next(each for each in (path, *path.absolute().parents) if each.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise ValueError(f"{text} is no directory that can be written to, and cannot be made one")
    return path


def _feeds_file(text: str) -> Path:
    """A file that is named must be there; the usual one is missed only by an empty database."""
    path = Path(text)
    if text != DEFAULT_FEEDS_FILE and not (path.is_file() and os.access(path, os.R_OK)):
        raise ValueError(f"{text} is no file that can be read")
    return path


def _host(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ValueError(f"expected a host name or an IP address, not {text!r}")
    return text


def _networks(text: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def _one_of(*allowed: str) -> Callable[[str], str]:
    def convert(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"expected one of {', '.join(allowed)}, not {text!r}")
        return text

    return convert


def _log_level(text: str) -> str:
    return _one_of("DEBUG", "INFO", "WARNING", "ERROR")(text.upper())


def _language(text: str) -> Language:
    if not re.fullmatch(r"[a-z]{2}", text):
        raise ValueError(f"expected a two-letter language code such as en, not {text!r}")
    return Language(text)


def _timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except Exception as error:
        raise ValueError(f"expected a time zone such as Europe/Kyiv, not {text!r}") from error
    return text
