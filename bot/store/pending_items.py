"""How a pending item stands in its chat's hash, on the side of Python.

The scripts queue_raise and queue_done read and write the same form. It is short because a large
audience holds hundreds of thousands of them: what is zero is left out, and the hash of a chat
stays one packed block (see `keys_deliveries.pending`).
"""

import logging
from collections.abc import Mapping

from bot.models.deliveries import DeliveryClass, PendingItem
from bot.models.identifiers import StoryId, ThreadId
from bot.store.clock import from_milliseconds, milliseconds

log = logging.getLogger(__name__)


def field_of(item: PendingItem) -> str:
    """ "<story>", in a forum topic "<story>:<thread>"."""
    return f"{item.story}:{item.thread}" if item.thread else item.story


def value_of(item: PendingItem) -> str:
    """ "version|class|raised ms", then "|not before ms" and "|attempts" as far as not zero."""
    value = f"{item.version}|{int(item.delivery_class)}|{milliseconds(item.raised)}"
    not_before = milliseconds(item.not_before)
    if item.attempts:
        return f"{value}|{not_before}|{item.attempts}"
    return f"{value}|{not_before}" if not_before else value


def item_of(field: bytes, value: bytes) -> PendingItem:
    """The item of a field. Raises ValueError for what nobody wrote in this form."""
    story, _, thread = field.decode().partition(":")
    if thread == "0":
        raise ValueError("a field without a topic names none")
    parts = [int(part) for part in value.split(b"|")]
    version, number, raised, not_before, attempts = parts + [0] * (5 - max(len(parts), 3))
    return PendingItem(
        story=StoryId(story),
        thread=ThreadId(int(thread or 0)),
        version=version,
        delivery_class=DeliveryClass(number),
        raised=from_milliseconds(raised),
        not_before=from_milliseconds(not_before),
        attempts=attempts,
    )


def items_of(fields: Mapping[bytes, bytes]) -> tuple[PendingItem, ...]:
    """The items of a chat's hash. What cannot be read is told and left out; the script
    queue_done removes it.
    """
    items: list[PendingItem] = []
    for field, value in fields.items():
        try:
            items.append(item_of(field, value))
        except ValueError as error:
            log.warning("a pending item that cannot be read is dropped: %r: %s", field, error)
    return tuple(items)
