"""The invented sources of the sample wire: who they are and what kind of feed each serves.

All of them answer on one loopback address, so what tells them apart is what `/wire/feeds.opml`
says of them: name, owner, language, topic. Two belong to one owner, which makes them one voice.
"""

from dataclasses import dataclass
from enum import StrEnum


class Format(StrEnum):
    """The feed formats, by the name that an address ends in."""

    RSS = "feed.xml"
    ATOM = "atom.xml"
    JSON = "feed.json"


class Validation(StrEnum):
    """Which HTTP validators a source's feed carries (real servers differ in this)."""

    STRONG_TAG = "strong entity tag and date"
    WEAK_TAG = "weak entity tag only"
    DATE = "Last-Modified only"


CONTENT_TYPES = {
    Format.RSS: "application/rss+xml",
    Format.ATOM: "application/atom+xml",
    Format.JSON: "application/feed+json",
}


@dataclass(frozen=True, slots=True)
class Source:
    """An invented outlet with one feed."""

    id: str
    name: str
    owner: str
    language: str
    """Two letters, ISO 639-1."""
    topic: str
    """Its folder in the feeds file."""
    format: Format
    validation: Validation
    tint: str
    """CSS colour of its pages and pictures."""
    trusted: bool = False
    full_text: bool = False
    """Its feed carries whole articles, not summaries only."""

    @property
    def content_type(self) -> str:
        """The media type of its feed."""
        return CONTENT_TYPES[self.format]

    @property
    def feed_path(self) -> str:
        """The path of its feed, from the root of the server."""
        return f"/wire/{self.id}/{self.format.value}"


SOURCES = (
    Source(
        "harbour",
        "Harbour Wire",
        "Harbour Wire Cooperative",
        "en",
        "World",
        Format.RSS,
        Validation.STRONG_TAG,
        "#c0392b",
        trusted=True,
    ),
    Source(
        "meridian",
        "The Meridian Post",
        "Meridian Media",
        "en",
        "World",
        Format.RSS,
        Validation.STRONG_TAG,
        "#1f6feb",
        full_text=True,
    ),
    Source(
        "continental",
        "Continental Herald",
        "Herald Press Union",
        "en",
        "Europe",
        Format.ATOM,
        Validation.STRONG_TAG,
        "#0b7285",
    ),
    Source(
        "ledger",
        "Northfield Ledger",
        "Northfield Group",
        "en",
        "Business",
        Format.JSON,
        Validation.STRONG_TAG,
        "#8d5a00",
        full_text=True,
    ),
    Source(
        "lantern",
        "Lantern Review",
        "Meridian Media",
        "en",
        "Technology",
        Format.ATOM,
        Validation.WEAK_TAG,
        "#6741d9",
        full_text=True,
    ),
    Source(
        "tidepool",
        "Tidepool",
        "Tidepool Foundation",
        "en",
        "Science",
        Format.JSON,
        Validation.WEAK_TAG,
        "#087f5b",
        full_text=True,
    ),
    Source(
        "touchline",
        "Touchline",
        "Touchline Sport",
        "en",
        "Sport",
        Format.RSS,
        Validation.DATE,
        "#2b8a3e",
    ),
    Source(
        "gallery",
        "The Gallery Walk",
        "Walk Press",
        "en",
        "Culture",
        Format.RSS,
        Validation.WEAK_TAG,
        "#a61e4d",
    ),
    Source(
        "kuryer",
        "Наддніпрянський кур'єр",
        "Кур'єр Медіа",
        "uk",
        "Ukraine",
        Format.RSS,
        Validation.STRONG_TAG,
        "#1864ab",
        trusted=True,
        full_text=True,
    ),
    Source(
        "nordufer",
        "Nordufer Zeitung",
        "Nordufer Verlag",
        "de",
        "Europe",
        Format.ATOM,
        Validation.STRONG_TAG,
        "#5c3d2e",
        trusted=True,
    ),
    Source(
        "polden",
        "Полдень",
        "Полдень Медиа",
        "ru",
        "World",
        Format.RSS,
        Validation.DATE,
        "#b35900",
        trusted=True,
        full_text=True,
    ),
)
