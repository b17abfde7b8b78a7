"""Settings from the environment and `.env`, checked before anything starts.

Every bad value is reported at once, by name. Secrets are left out of repr. Nothing here connects
to anything; what a setting means to a part is that part's business. How values are written is in
bot.config_values.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TypeVar, cast

from bot import config_values
from bot.config_values import DEFAULT_FEEDS_FILE, Network, Rate, duration, rate
from bot.errors import ConfigurationError
from bot.models.identifiers import Language, UserId

__all__ = ["Config", "Rate", "duration", "load", "parse", "rate", "read_environment_file"]

Value = TypeVar("Value")

PAID_INTERVAL = timedelta(milliseconds=1)
"""Between two messages, at the most that Telegram takes against payment (1000/s)."""


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
    paid_broadcast: bool
    """Telegram may charge the bot's Stars for what is sent above 30/s."""
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
        token=read("BOT_TOKEN", "", config_values.token),
        admin_ids=read("ADMIN_IDS", "", config_values.admin_ids),
        redis_url=read("REDIS_URL", "", config_values.redis_url),
        data_dir=read("DATA_DIR", "./data", config_values.data_dir),
        telegram_api_url=read(
            "TELEGRAM_API_URL", "https://api.telegram.org", config_values.http_url
        ),
        webhook_url=read("WEBHOOK_URL", "", config_values.optional(config_values.http_url)),
        webhook_secret=read("WEBHOOK_SECRET", "", config_values.optional(config_values.secret)),
        host=read("HOST", "127.0.0.1", config_values.host),
        port=read("PORT", "8080", config_values.port),
        feeds_file=read("FEEDS_FILE", DEFAULT_FEEDS_FILE, config_values.feeds_file),
        poll_min=read("POLL_MIN", "60s", duration),
        poll_max=read("POLL_MAX", "6h", duration),
        fetch_allow_networks=read("FETCH_ALLOW_NETWORKS", "", config_values.networks),
        access=read("ACCESS", "open", config_values.one_of("open", "private")),
        send_rate=read("SEND_RATE", "30/s", rate),
        send_rate_group=read("SEND_RATE_GROUP", "20/m", rate),
        paid_broadcast=read("PAID_BROADCAST", "off", config_values.switch),
        language=read("LANGUAGE", "en", config_values.language),
        timezone=read("TIMEZONE", "UTC", config_values.timezone),
        retention=read("RETENTION", "90d", duration),
        log_level=read("LOG_LEVEL", "INFO", config_values.log_level),
        log_format=read("LOG_FORMAT", "console", config_values.one_of("console", "json")),
    )
    read.check(config.poll_min <= config.poll_max, "POLL_MAX: must not be shorter than POLL_MIN")
    read.check(
        not config.paid_broadcast or config.send_rate.interval >= PAID_INTERVAL,
        "SEND_RATE: at most 1000/s, also with PAID_BROADCAST",
    )
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
