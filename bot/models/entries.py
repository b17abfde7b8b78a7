"""An entry of a feed: as parsed, and as the wire keeps it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.models.identifiers import EntryId, FeedId, Language, Topic


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that belongs to an entry; an http(s) address and plain texts."""

    url: str
    caption: str = ""
    credit: str = ""


@dataclass(frozen=True, slots=True)
class ParsedEntry:
    """One entry of a document, cleaned: plain text only, absolute http(s) link or ""."""

    identity: str
    """32 hexadecimal digits, unique within the document."""
    title: str
    link: str
    lede: str
    """Plain text, at most 600 characters, cut at a word."""
    text: str
    """The feed's own full text, plain paragraphs separated by blank lines; "" when it has none."""
    author: str = ""
    author_about: str = ""
    published: datetime | None = None
    picture: Picture | None = None
    related: tuple[tuple[str, str], ...] = ()
    """(title, link) pairs that the text itself points to as related."""


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A parsed document: channel facts and its newest entries in document order."""

    title: str
    site: str
    language: Language
    entries: tuple[ParsedEntry, ...]
    further: tuple[tuple[str, str], ...] = ()
    """(identity, content print) of the entries that are too many: seen, but not on the wire."""


class EntryEvent(StrEnum):
    """Why an entry stands in the stream."""

    BASELINE = "baseline"
    NEW = "new"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it travels from poll to desk and is kept for reading and search."""

    id: EntryId
    event: EntryEvent
    feed: FeedId
    feed_title: str
    source: str
    """Registered domain of the link (public suffix list), or the address for an IP literal."""
    owner: str
    trusted: bool
    state: str
    language: Language
    topic: Topic | None
    title: str
    link: str
    lede: str
    text: str
    author: str
    author_about: str
    picture: Picture | None
    related: tuple[tuple[str, str], ...]
    published: datetime
    """Clamped: what is missing, before 1990 or over an hour ahead is the time of arrival."""
    arrived: datetime
    content_print: str
    """16 hexadecimal digits over normalised title, lede and text: tells a changed entry."""
    listed: bool = True
    """Of a listed feed (Feed.listed)."""
