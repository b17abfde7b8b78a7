"""A chat and its settings."""

from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum

from bot.models.identifiers import Address, ChatId, Language, ThreadId, Topic


class ChatKind(StrEnum):
    """Telegram's four kinds of chat (Bot API, Chat.type)."""

    PRIVATE = "private"
    GROUP = "group"
    SUPERGROUP = "supergroup"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a chat chose. Times are local to its time zone."""

    language: Language
    """Of the interface."""
    news_languages: tuple[Language, ...]
    """Of stories matched by topic or by everything; a feed or source chosen by name ignores it."""
    timezone: str
    """An IANA name."""
    quiet: bool = True
    quiet_from: time = time(22, 30)
    quiet_until: time = time(7, 30)
    rings_a_day: int = 4
    previews: bool = True
    muted_topics: tuple[Topic, ...] = (Topic.SPORT, Topic.CULTURE)
    """Left out of breaking alerts over everything."""


@dataclass(frozen=True, slots=True)
class ClosedTopic:
    """A forum topic that refused a story because it is closed or deleted; its chat was told."""

    thread: ThreadId
    until: datetime
    """So long nothing is sent there."""


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat that the bot knows."""

    id: ChatId
    address: Address
    kind: ChatKind
    title: str
    settings: Settings
    created: datetime
    paused: str = ""
    """Why nothing is sent there (a sentence); "" while it is reachable."""
    username: str = field(default="")
    paused_since: datetime | None = None
    """None while it is reachable, and for a chat paused before this was noted."""
    closed_topics: tuple[ClosedTopic, ...] = ()

    def closed_topic(self, thread: ThreadId) -> ClosedTopic | None:
        """What is known of a closed topic."""
        return next((each for each in self.closed_topics if each.thread == thread), None)

    def leaves_alone(self, thread: ThreadId, now: datetime) -> bool:
        """Nothing is sent to this topic now."""
        return any(each.thread == thread and now < each.until for each in self.closed_topics)
