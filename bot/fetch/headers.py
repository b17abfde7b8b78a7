"""Headers of feed requests and answers: what is sent, what is believed. No connection is made.

Sources: RFC 9110 (validators, Retry-After), RFC 9111 (freshness).
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from bot import __version__
from bot.models.feeds import Validators

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9,"
    " application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, text/html;q=0.4, */*;q=0.1"
)
ACCEPT_ENCODING = "gzip, deflate"
_LONGEST_VALIDATOR = 1024
_LONGEST_HINT = timedelta(hours=24)
_SENDABLE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]+")
_DIRECTIVE = re.compile(r'([a-z-]+)(?:\s*=\s*"?([^",\s]*)"?)?')


def default_user_agent(contact: str = "") -> str:
    """Names the project, its version and an address where the bot can be looked at, if known."""
    product = f"Newsflash/{__version__}"
    return f"{product} (+{contact})" if contact else product


def conditional(validators: Validators) -> dict[str, str]:
    """If-None-Match and If-Modified-Since, each exactly as the server gave it, or absent."""
    headers = {
        "If-None-Match": validators.etag,
        "If-Modified-Since": validators.last_modified,
    }
    return {name: value for name, value in headers.items() if value}


def validators_of(headers: Mapping[str, str], kept: Validators | None = None) -> Validators:
    """The answer's validators, untouched; those of `kept` where a 304 does not repeat them.

    One that could not be sent back byte for byte (not UTF-8, endless) is not kept.
    """
    etag, modified = _value(headers, "ETag"), _value(headers, "Last-Modified")
    if kept is not None:
        etag, modified = etag or kept.etag, modified or kept.last_modified
    return Validators(etag, modified)


def _value(headers: Mapping[str, str], name: str) -> str:
    value = headers.get(name, "")
    sound = len(value) <= _LONGEST_VALIDATOR and _SENDABLE.fullmatch(value)
    return value if sound else ""


def freshness(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long the answer stays fresh: max-age less Age, else Expires less Date.

    At most 24 hours; None for no-cache, no-store, and what cannot be read or is past.
    """
    directives = {
        found.group(1): found.group(2) or ""
        for found in _DIRECTIVE.finditer(headers.get("Cache-Control", "").lower())
    }
    if "no-cache" in directives or "no-store" in directives:
        return None
    if "max-age" in directives:
        seconds = _whole(directives["max-age"])
        age = _whole(headers.get("Age", "")) or 0
        left = timedelta(seconds=seconds - age) if seconds is not None else None
    else:
        expires = http_date(headers.get("Expires", ""))
        left = expires - (http_date(headers.get("Date", "")) or now) if expires else None
    return min(left, _LONGEST_HINT) if left is not None and left > timedelta(0) else None


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds that Retry-After asks for, given in seconds or as a date; None for junk and past."""
    value = headers.get("Retry-After", "").strip()
    seconds: float | None = _whole(value)
    if seconds is None:
        moment = http_date(value)
        reference = http_date(headers.get("Date", "")) or now
        seconds = (moment - reference).total_seconds() if moment else None
    return seconds if seconds is not None and seconds > 0 else None


def http_date(value: str) -> datetime | None:
    """An HTTP date in any of its three forms (RFC 9110 section 5.6.7); None for anything else."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _whole(value: str) -> int | None:
    value = value.strip()
    return min(int(value[:12]), 10**10) if value.isascii() and value.isdigit() else None
