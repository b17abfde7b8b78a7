"""What a request of the delivery led to, as settlements and sent records. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import blake2b

from bot.messenger.refusals import Action
from bot.models.deliveries import DeliveryClass, PendingItem, SentRecord
from bot.models.identifiers import Address, MessageId
from bot.models.messages import View
from bot.models.stories import Story
from bot.news.missed import MISSED_BACK
from bot.store.deliveries import Fate, Settlement

GIVE_UP_AFTER = timedelta(hours=24)
"""Since the story was wanted, for what was tried often enough."""
TRIED_ENOUGH = 5
NEVER_AGAIN = 99
"""Edits counted for a message that is gone, so that none is tried again."""
ENDS_EDIT = frozenset({Action.ACCEPTED, Action.SAME, Action.GONE})
"""What ends an edit: there is nothing left to change."""


@dataclass(frozen=True, slots=True)
class Result:
    """What one request led to: settlements, when the chat may get more, and the ring it made."""

    settlements: tuple[Settlement, ...]
    not_before: datetime | None = None
    rang: bool = False

    @property
    def held_back(self) -> bool:
        """Nothing more may be sent to the chat for now."""
        return self.not_before is not None


def sent_record(
    address: Address,
    message_id: MessageId,
    story: Story,
    view: View,
    now: datetime,
    *,
    rang: bool = False,
    bundle: bool = False,
) -> SentRecord:
    """What a target got by a first message of a story."""
    return SentRecord(
        address=address,
        message_id=message_id,
        version=story.version,
        sent_at=now,
        view_print=view_print(view),
        rang=rang,
        bundle=bundle,
        alerted=story.breaking is not None,
    )


@lru_cache(maxsize=500)
def view_print(view: View) -> str:
    """Tells two rendered views apart, text, buttons and preview."""
    return blake2b(repr(view).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def alerted(story: Story, sent: SentRecord) -> bool:
    """Whether the target knows after an edit that the story is breaking."""
    return sent.alerted or story.breaking is not None


def done(item: PendingItem, story: Story, record: SentRecord) -> Settlement:
    """Shown. The story was read after the item, so that it covers the item's version."""
    return Settlement(item, Fate.DONE, max(story.version, item.version), record)


def hopeless(item: PendingItem, now: datetime) -> bool:
    """Both old and tried: after an outage everything is old, and nothing was tried. What a chat
    missed carries the time since when, a day before it became pending at most.
    """
    missed = item.delivery_class is DeliveryClass.DIGEST
    patience = GIVE_UP_AFTER + MISSED_BACK if missed else GIVE_UP_AFTER
    return now - item.raised >= patience and item.attempts >= TRIED_ENOUGH


def every(items: Sequence[PendingItem], fate: Fate, until: datetime) -> tuple[Settlement, ...]:
    """The same fate for all, until a time."""
    return tuple(Settlement(item, fate, not_before=until) for item in items)
