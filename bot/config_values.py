"""How each setting is written, one function for each form. Raises ValueError with a sentence that
completes "NAME: ".

Which settings there are, and what they mean together, is bot.config's.
"""

import ipaddress
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from bot.models.identifiers import Language, UserId

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

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


def token(text: str) -> str:
    """A bot token, or ""."""
    # The value itself never stands in the message: it is a secret, or nearly one.
    if text and not _TOKEN.fullmatch(text):
        raise ValueError("expected a bot token such as 123456789:AAF…, as BotFather gave it")
    return text


def admin_ids(text: str) -> frozenset[UserId]:
    """User ids separated by commas."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    wrong = [part for part in parts if not re.fullmatch(r"[1-9]\d{0,15}", part)]
    if wrong:
        raise ValueError(f"expected user ids separated by commas, not {', '.join(wrong)}")
    return frozenset(UserId(int(part)) for part in parts)


def redis_url(text: str) -> str:
    """An address of a Redis server or cluster, or ""."""
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


def http_url(text: str) -> str:
    """An http(s) address without a slash at its end."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"expected an http or https address, not {text!r}")
    return text.rstrip("/")


def optional(convert: Callable[[str], str]) -> Callable[[str], str]:
    """As `convert`, but "" stays ""."""
    return lambda text: convert(text) if text else ""


def secret(text: str) -> str:
    """A webhook's secret (Bot API, setWebhook)."""
    if not _SECRET.fullmatch(text):
        raise ValueError("expected 1 to 256 characters of A-Z, a-z, 0-9, _ and -")
    return text


def port(text: str) -> int:
    """0 to 65535."""
    if not re.fullmatch(r"\d{1,5}", text) or int(text) > 65535:
        raise ValueError(f"expected a port from 0 to 65535, not {text!r}")
    return int(text)


def data_dir(text: str) -> Path:
    """A directory that can be written to, or be made."""
    path = Path(text)
    existing = next(each for each in (path, *path.absolute().parents) if each.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        raise ValueError(f"{text} is no directory that can be written to, and cannot be made one")
    return path


def feeds_file(text: str) -> Path:
    """A file that is named must be there; the usual one is missed only by an empty database."""
    path = Path(text)
    if text != DEFAULT_FEEDS_FILE and not (path.is_file() and os.access(path, os.R_OK)):
        raise ValueError(f"{text} is no file that can be read")
    return path


def host(text: str) -> str:
    """A host name or an IP address."""
    if not _HOST.fullmatch(text):
        raise ValueError(f"expected a host name or an IP address, not {text!r}")
    return text


def networks(text: str) -> tuple[Network, ...]:
    """CIDR networks separated by commas."""
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def switch(text: str) -> bool:
    """ "on" or "off"."""
    return one_of("off", "on")(text) == "on"


def one_of(*allowed: str) -> Callable[[str], str]:
    """One of the words."""

    def convert(text: str) -> str:
        if text not in allowed:
            raise ValueError(f"expected one of {', '.join(allowed)}, not {text!r}")
        return text

    return convert


def log_level(text: str) -> str:
    """In any case."""
    return one_of("DEBUG", "INFO", "WARNING", "ERROR")(text.upper())


def language(text: str) -> Language:
    """A two-letter code."""
    if not re.fullmatch(r"[a-z]{2}", text):
        raise ValueError(f"expected a two-letter language code such as en, not {text!r}")
    return Language(text)


def timezone(text: str) -> str:
    """An IANA name."""
    try:
        ZoneInfo(text)
    except Exception as error:
        raise ValueError(f"expected a time zone such as Europe/Kyiv, not {text!r}") from error
    return text
