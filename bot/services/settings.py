"""What the words after /settings mean: a chat's settings in, changed settings out.

Pure but for the machine's list of time zones. Storing them is `ChatService`'s.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import time
from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones

from bot.errors import RequestError
from bot.models.chats import Settings
from bot.models.identifiers import Language
from bot.views.chats import languages_text
from bot.views.zones import language_name, language_of, zone_text

RINGS_LIMIT = 50
LANGUAGES_LIMIT = 20
SETTINGS_EXAMPLE = "/settings timezone Europe/Kyiv"
_HOUR = re.compile(r"([01]?[0-9]|2[0-3])(?::([0-5][0-9]))?")
_ON = frozenset({"on", "yes", "true", "1"})
_OFF = frozenset({"off", "no", "false", "0"})


def change_settings(settings: Settings, words: str, available: Collection[Language]) -> Settings:
    """Apply `<setting> <value>`; RequestError explains what was not understood, with an example.

    `available` are the languages in which there is news; empty when that is not known yet.
    """
    name, _, value = " ".join(words.split()).partition(" ")
    if (name.lower(), value.lower()[:5]) == ("time", "zone "):
        name, value = "timezone", value[5:]
    change = _CHANGES.get(name.lower())
    if change is None:
        raise RequestError(
            "I know the settings languages, timezone, quiet, rings and pictures; /settings alone "
            f"shows all of them as buttons. For example: {SETTINGS_EXAMPLE}"
        )
    return change(settings, value.strip(), available)


def _languages(settings: Settings, value: str, available: Collection[Language]) -> Settings:
    words = [word for word in re.split(r"[\s,;]+", value.lower()) if word not in ("", "and")]
    example = "For example: /settings languages en uk, or /settings languages all"
    if words == ["all"]:
        return replace(settings, news_languages=())
    read = dict.fromkeys(language_of(word) for word in words)
    codes = [code for code in read if code is not None]
    if not codes or len(codes) < len(read) or len(codes) > LANGUAGES_LIMIT:
        raise RequestError(f"Languages are names or two-letter codes. {example}")
    unknown = [code for code in codes if available and code not in available]
    if unknown:
        there_is = ", ".join(sorted(language_name(code) for code in available))
        raise RequestError(
            f"There is no news in {', '.join(map(language_name, unknown))} here. "
            f"There is in: {there_is}."
        )
    return replace(settings, news_languages=tuple(codes))


@cache
def _zones() -> dict[str, str]:
    """Names of time zones by their folded form; a city alone stands for its zone."""
    names = sorted(name for name in available_timezones() if not name.startswith("posix"))
    zones = {
        name.split("/")[-1].replace("_", " ").casefold(): name for name in names if "/" in name
    }
    zones.update({name.replace("_", " ").casefold(): name for name in names})
    return zones


def _timezone(settings: Settings, value: str, _available: Collection[Language]) -> Settings:
    wanted = value.replace("_", " ").casefold()
    zone = _zones().get(wanted) or _fixed_offset(wanted)
    if zone is None:
        near = get_close_matches(wanted, _zones(), n=1, cutoff=0.75)
        hint = f" Did you mean {_zones()[near[0]]}?" if near else ""
        raise RequestError(
            f"A time zone is named like its biggest city.{hint} For example: {SETTINGS_EXAMPLE}"
        )
    return replace(settings, timezone=zone)


def _fixed_offset(wanted: str) -> str | None:
    """Read "UTC+2"; the Etc zones count the other way round (POSIX)."""
    found = re.fullmatch(r"(?:utc|gmt)? ?([+-]) ?([0-9]{1,2})(?::00)?", wanted)
    if found is None:
        return None
    name = f"etc/gmt{'-' if found[1] == '+' else '+'}{int(found[2])}"
    return _zones().get(name)


def _quiet(settings: Settings, value: str, _available: Collection[Language]) -> Settings:
    lowered = value.lower()
    if lowered in _OFF:
        return replace(settings, quiet=False)
    if lowered in _ON:
        return replace(settings, quiet=True)
    parts = [part for part in re.split(r"\s*(?:-|–|\bto\b|\s)\s*", lowered) if part]
    hours = [_hour(part) for part in parts]
    if len(hours) != 2 or hours[0] is None or hours[1] is None or hours[0] == hours[1]:
        raise RequestError(
            "Quiet hours are off, on, or two different times of day. "
            "For example: /settings quiet 22:30 07:30"
        )
    return replace(settings, quiet=True, quiet_from=hours[0], quiet_until=hours[1])


def _hour(text: str) -> time | None:
    found = _HOUR.fullmatch(text)
    return time(int(found[1]), int(found[2] or 0)) if found else None


def _rings(settings: Settings, value: str, _available: Collection[Language]) -> Settings:
    if value.lower() in _OFF | {"none", "never"}:
        return replace(settings, rings_a_day=0)
    if not re.fullmatch(r"[0-9]{1,3}", value) or int(value) > RINGS_LIMIT:
        raise RequestError(
            f"Rings a day is a number from 0 to {RINGS_LIMIT}. For example: /settings rings 4"
        )
    return replace(settings, rings_a_day=int(value))


def _previews(settings: Settings, value: str, _available: Collection[Language]) -> Settings:
    if value.lower() not in _ON | _OFF:
        raise RequestError("Pictures are on or off. For example: /settings pictures off")
    return replace(settings, previews=value.lower() in _ON)


_CHANGES: dict[str, Callable[[Settings, str, Collection[Language]], Settings]] = {
    "languages": _languages,
    "language": _languages,
    "timezone": _timezone,
    "zone": _timezone,
    "quiet": _quiet,
    "rings": _rings,
    "pictures": _previews,
    "previews": _previews,
}


def change_text(before: Settings, after: Settings) -> str:
    """Say in a sentence what a change did."""
    if after.timezone != before.timezone:
        return f"The time zone is {zone_text(after.timezone)} now."
    if after.news_languages != before.news_languages:
        return f"News comes in {languages_text(after)} now."
    if after.rings_a_day != before.rings_a_day:
        count = after.rings_a_day
        return f"At most {count} alerts a day ring now." if count else "No alert rings now."
    if after.previews != before.previews:
        return f"Pictures are {'on' if after.previews else 'off'} now."
    if after != before:
        hours = f"{after.quiet_from:%H:%M} to {after.quiet_until:%H:%M}"
        return f"Quiet hours are {hours if after.quiet else 'off'} now."
    return "It was so already."
