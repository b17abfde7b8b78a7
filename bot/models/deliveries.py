"""Values of the delivery queue: classes, events, pending items, sent records."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum

from bot.models.identifiers import Address, ChatId, MessageId, StoryId, ThreadId


class DeliveryClass(IntEnum):
    """Lower goes first."""

    BREAKING = 0
    CORRECTION = 1
    NEWS = 2
    DIGEST = 3
    EDIT = 4


class EventKind(StrEnum):
    """What happened to a story."""

    NEW = "new"
    WIDER = "wider"
    BREAKING = "breaking"
    CHANGED = "changed"
    CORRECTED = "corrected"


@dataclass(frozen=True, slots=True)
class FanOutEvent:
    """A story's new version and the subscription rules that want it."""

    kind: EventKind
    stories: tuple[StoryId, ...]
    """Every id the story is known by, its own first."""
    version: int
    rules: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class Target:
    """Where a delivery goes: a chat and, in forums, a topic."""

    chat: ChatId
    thread: ThreadId


@dataclass(frozen=True, slots=True)
class PendingItem:
    """A story that a target still has to get, at the highest version and priority wanted."""

    story: StoryId
    thread: ThreadId
    version: int
    delivery_class: DeliveryClass
    raised: datetime
    not_before: datetime
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A delivery that was given up: what operators see of it, and all that a replay needs."""

    chat: ChatId
    thread: ThreadId
    story: StoryId
    version: int
    delivery_class: DeliveryClass
    reason: str
    """A sentence, with Telegram's own words where it refused."""
    at: datetime
    text: str = ""
    """As tried (Telegram HTML, cut after 6,000 characters); "" when it could not be rendered."""


@dataclass(frozen=True, slots=True)
class SentRecord:
    """What a target got of a story."""

    message_id: MessageId
    version: int
    """The version that was rendered."""
    sent_at: datetime
    view_print: str
    """Print of the rendered view: an edit that would change nothing is not sent."""
    rang: bool = False
    """A sound was made for this story: by the message itself or by its ringing reply."""
    edits: int = 0
    edited_at: datetime | None = None
    bundle: bool = False
    """The message is a bundle of several stories."""
    address: Address | None = None
    """Where the message stands: an upgraded group numbers its messages anew."""
    alerted: bool = False
    """Was sent, or announced by a reply, as breaking."""
