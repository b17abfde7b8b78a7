"""What a chat, or one topic of a forum, asked for."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.models.identifiers import ChatId, ThreadId


class SubscriptionKind(StrEnum):
    """By what a subscription matches."""

    ALL = "all"
    FEED = "feed"
    TOPIC = "topic"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Subscription:
    """Matches entries that arrived after `since`."""

    chat: ChatId
    thread: ThreadId
    kind: SubscriptionKind
    value: str
    """A FeedId, a Topic, a source's feed title in lower case, or "" for ALL."""
    label: str
    """As the reader sees it."""
    breaking_only: bool
    since: datetime

    @property
    def key(self) -> str:
        """Unique within the chat; the mode is not part of it, so that a change replaces."""
        return f"{self.thread}:{self.kind}:{self.value}"

    @property
    def rule(self) -> str:
        """Under which the fan-out finds it; breaking-only ones stand apart."""
        plain = f"{self.kind}:{self.value}" if self.value else str(self.kind)
        return f"breaking:{plain}" if self.breaking_only else plain
