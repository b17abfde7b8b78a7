"""What a press in the settings menu changes: settings in, changed settings out.

Pure. Every value names the state wanted, so that a press done twice is done once. What the menu
looks like is in settings.py; what words after /settings mean, in bot.services.settings.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import time
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.models.chats import Settings
from bot.models.identifiers import Language, Topic
from bot.views.zones import is_language

RINGS = (0, 1, 2, 4, 8)
Chosen = TypeVar("Chosen", bound=str)


class Setting(StrEnum):
    """What a SET press changes."""

    LANGUAGE = "language"
    """ "uk:on" or "uk:off": the state wanted, so that a press done twice is done once."""
    ZONE = "zone"
    QUIET = "quiet"
    """ "on" or "off"."""
    HOURS = "hours"
    """ "HHMM-HHMM"."""
    RINGS = "rings"
    PREVIEWS = "previews"
    MUTED = "muted"
    """ "sport:on" or "sport:off"."""


def change(settings: Settings, setting: str, value: str) -> Settings | None:
    """The settings after a SET press; None when the press is not one of this menu's.

    The time zone may be any IANA name, the hours any HHMM-HHMM, so that a command can use this too.
    """
    maker = _CHANGES.get(setting)
    return maker(settings, value) if maker is not None else None


def _set_language(settings: Settings, value: str) -> Settings | None:
    code, _, state = value.partition(":")
    if not is_language(code) or state not in _STATES:
        return None
    chosen = _with(settings.news_languages, Language(code), on=state == "on")
    return replace(settings, news_languages=chosen)


def _set_zone(settings: Settings, value: str) -> Settings | None:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    return replace(settings, timezone=value)


def _set_quiet(settings: Settings, value: str) -> Settings | None:
    return replace(settings, quiet=value == "on") if value in {"on", "off"} else None


def _set_hours(settings: Settings, value: str) -> Settings | None:
    start, _, end = value.replace(":", "").partition("-")
    try:
        from_, until = (time(int(part[:2]), int(part[2:])) for part in (start, end))
    except ValueError:
        return None
    if len(start) != 4 or len(end) != 4 or from_ == until:
        return None
    return replace(settings, quiet=True, quiet_from=from_, quiet_until=until)


def _set_rings(settings: Settings, value: str) -> Settings | None:
    return replace(settings, rings_a_day=int(value)) if value in map(str, RINGS) else None


def _set_previews(settings: Settings, value: str) -> Settings | None:
    return replace(settings, previews=value == "on") if value in {"on", "off"} else None


def _set_muted(settings: Settings, value: str) -> Settings | None:
    name, _, state = value.partition(":")
    topic = next((each for each in Topic if each == name), None)
    if topic is None or state not in _STATES:
        return None
    return replace(settings, muted_topics=_with(settings.muted_topics, topic, on=state == "on"))


def _with(chosen: tuple[Chosen, ...], one: Chosen, *, on: bool) -> tuple[Chosen, ...]:
    """The choice with or without one; what stands keeps its place, which may be a preference."""
    if one in chosen:
        return chosen if on else tuple(each for each in chosen if each != one)
    return (*chosen, one) if on else chosen


_STATES = frozenset({"on", "off"})
_CHANGES: dict[str, Callable[[Settings, str], Settings | None]] = {
    Setting.LANGUAGE: _set_language,
    Setting.ZONE: _set_zone,
    Setting.QUIET: _set_quiet,
    Setting.HOURS: _set_hours,
    Setting.RINGS: _set_rings,
    Setting.PREVIEWS: _set_previews,
    Setting.MUTED: _set_muted,
}
