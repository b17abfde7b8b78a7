"""The time zones and languages that menus offer; any other IANA zone is set by a command."""

from babel import Locale

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
