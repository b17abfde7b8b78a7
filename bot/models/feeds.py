"""What is known of a feed and of its polling. No rules: those are in bot.news."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.models.identifiers import FeedId, Language, Topic, UserId


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed as an operator, a chat or the feeds file described it."""

    id: FeedId
    url: str
    title: str
    """The source's name as readers see it."""
    owner: str
    """Who controls the outlet; outlets of one owner are one voice. "" when unknown."""
    language: Language
    topic: Topic | None
    trusted: bool = False
    """Its urgent markers are believed."""
    state: str = ""
    """ISO country code of the state that controls the outlet; "" for none."""
    site: str = ""
    added_by: UserId | None = None
    """None: from the feeds file."""
    listed: bool = True
    """Part of the wire for everyone: from the feeds file or an operator, not from a stranger."""


@dataclass(frozen=True, slots=True)
class Validators:
    """HTTP validators, opaque and returned byte for byte (RFC 9110 section 8.8)."""

    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class PollState:
    """What the last polls of a feed left behind."""

    validators: Validators
    next_poll: datetime
    interval: timedelta
    failures: int = 0
    """Failures in a row; 0 after a success."""
    last_error: str = ""
    """One clear sentence."""
    last_success: datetime | None = None
    last_poll: datetime | None = None
    baseline_done: bool = False
    """The first successful poll is behind it: what is new from now on is news."""
    document_print: str = ""
    """Print of the last document without its channel-level dates."""
    entries: int = 0
    """Entries in the last document."""
