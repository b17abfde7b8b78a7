"""Moments as a reader sees them: local time, the date only when it is not today."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel.dates import format_date

UTC_NAME = "UTC"


def local(moment: datetime, timezone: str) -> datetime:
    """The moment in an IANA time zone; an unknown zone is read as UTC."""
    try:
        zone = ZoneInfo(timezone or UTC_NAME)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        zone = ZoneInfo(UTC_NAME)
    return moment.astimezone(zone)


def moment_text(moment: datetime, *, now: datetime, timezone: str) -> str:
    """ "14:05", "23 Nov 14:05" on another day, "23 Nov 2025 14:05" in another year."""
    there, today = local(moment, timezone), local(now, timezone)
    clock = f"{there:%H:%M}"
    if there.date() == today.date():
        return clock
    pattern = "d MMM" if there.year == today.year else "d MMM y"
    return f"{format_date(there.date(), pattern, locale='en')} {clock}"


def since_text(moment: datetime, *, now: datetime, timezone: str) -> str:
    """ "14:05", "yesterday 14:05", "Tuesday 14:05" within a week; else as moment_text."""
    there, today = local(moment, timezone), local(now, timezone)
    days = (today.date() - there.date()).days
    if not 1 <= days < 7:
        return moment_text(moment, now=now, timezone=timezone)
    day = "yesterday" if days == 1 else format_date(there.date(), "EEEE", locale="en")
    return f"{day} {there:%H:%M}"


def span_text(span: timedelta) -> str:
    """ "45 s", "12 min", "3 h" or "2 days": the largest unit that fits, rounded down."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min"
    if seconds < 172_800:
        return f"{seconds // 3600} h"
    return f"{seconds // 86_400} days"
