"""The time zones and languages that menus offer; any other IANA zone is set by a command."""

import re

from babel import Locale
from babel.core import UnknownLocaleError

from bot.models.identifiers import Language

LANGUAGES: tuple[tuple[Language, str], ...] = (
    (Language("en"), "English"),
    (Language("uk"), "Українська"),
    (Language("ru"), "Русский"),
    (Language("de"), "Deutsch"),
    (Language("fr"), "Français"),
    (Language("es"), "Español"),
    (Language("it"), "Italiano"),
    (Language("pl"), "Polski"),
    (Language("pt"), "Português"),
    (Language("nl"), "Nederlands"),
    (Language("tr"), "Türkçe"),
    (Language("cs"), "Čeština"),
)
"""Code and its own name."""

ZONES: tuple[tuple[str, str], ...] = (
    ("UTC", "UTC"),
    ("Europe/London", "London"),
    ("Europe/Berlin", "Berlin"),
    ("Europe/Paris", "Paris"),
    ("Europe/Madrid", "Madrid"),
    ("Europe/Warsaw", "Warsaw"),
    ("Europe/Kyiv", "Kyiv"),
    ("Europe/Istanbul", "Istanbul"),
    ("Africa/Cairo", "Cairo"),
    ("Africa/Lagos", "Lagos"),
    ("Asia/Dubai", "Dubai"),
    ("Asia/Kolkata", "Delhi"),
    ("Asia/Singapore", "Singapore"),
    ("Asia/Tokyo", "Tokyo"),
    ("Australia/Sydney", "Sydney"),
    ("America/Sao_Paulo", "São Paulo"),
    ("America/New_York", "New York"),
    ("America/Chicago", "Chicago"),
    ("America/Denver", "Denver"),
    ("America/Los_Angeles", "Los Angeles"),
)
"""IANA name and the city shown."""


def language_name(code: str) -> str:
    """A language's name in the language of the sentences around it; else its code in capitals."""
    return Locale("en").languages.get(code) or code.upper()


def own_name(code: str) -> str:
    """A language's name in that language: "Українська"; else its code in capitals."""
    if code in _OWN_NAMES:
        return _OWN_NAMES[code]
    try:
        name = Locale(code).get_display_name()
    except (UnknownLocaleError, ValueError):
        name = None
    return name[:1].upper() + name[1:] if name else code.upper()


def language_order(code: str) -> tuple[int, str]:
    """Sorts the offered languages first, in their order, then the others by code."""
    return _PLACES.get(code, len(_PLACES)), code


def language_of(name: str) -> Language | None:
    """The language of a code, an English name or its own name; None for another word."""
    folded = name.casefold()
    if is_language(folded):
        return Language(folded)
    return _BY_NAME.get(folded)


def is_language(code: str) -> bool:
    """Tell whether this is the two-letter code of a language (ISO 639-1)."""
    return len(code) == 2 and code in _ENGLISH_NAMES


def zone_text(zone: str) -> str:
    """A zone as readers write it: "UTC+2" for Etc/GMT-2, which counts the other way (POSIX)."""
    found = re.fullmatch(r"Etc/GMT([+-])([0-9]{1,2})", zone)
    if found is None:
        return zone
    return f"UTC{'-' if found[1] == '+' else '+'}{found[2]}" if int(found[2]) else "UTC"


_ENGLISH_NAMES: dict[str, str] = dict(Locale("en").languages)
_OWN_NAMES: dict[str, str] = dict(LANGUAGES)
_PLACES = {str(code): place for place, (code, _) in enumerate(LANGUAGES)}
_BY_NAME = {
    name.casefold(): Language(code)
    for code, english in _ENGLISH_NAMES.items()
    if is_language(code)
    for name in (english, own_name(code))
}
