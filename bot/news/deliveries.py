"""What to do with a pending item: send, ring, edit, wait or drop. Pure; no clock, no I/O.

Which report a target sees, and whether a ring is allowed now, are decided in bot.news.matching;
this module receives the answers. What goes out together is bot.news.bundles.

Observation: a story that is told already and becomes breaking while nothing may ring (quiet hours,
the day's rings are used up) is one line of a bundle, or stands on a page that nobody looks at.
Rule: it gets one reply, with sound where a ring is allowed, silent from a bundle where it is not
and the alert is fresh; a stale one is shown by the edit alone. Told is told: who was told silently
is not rung later. Exception: a message of the story's own says so itself when it is edited; it gets
the reply only with sound. Rejected: holding the reply until a ring is allowed (in the morning it
is no news), and a message of its own instead of a reply (the story would stand there twice).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from bot.models.deliveries import DeliveryClass, PendingItem, SentRecord
from bot.models.identifiers import StoryId, ThreadId
from bot.models.stories import Report, Story
from bot.news.matching import is_fresh_alert

TRIED_LONG = 12
"""Attempts, over six minutes or so: longer than most outages, in which order shall hold."""


class Step(StrEnum):
    """What one pending item needs now."""

    SEND = "send"
    RING = "ring"
    """Announce by a reply what was sent before it broke; with sound or silently."""
    EDIT = "edit"
    WAIT = "wait"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class EditRule:
    """How often a sent message may change.

    Observation: a story gains sources for hours, and each edit costs a request of the chat's
    window. Rule: the first edit goes at once, the second no sooner than `first_gap` after it,
    further ones `gap` apart, `most` in all, none once the message is `age` old. A changed text
    matters more than one more source: it waits `text_gap` at most after the first edit.
    Exception: corrections are exempt. Rejected: one fixed gap, which held back the first
    corroboration, the most useful edit of all.
    """

    first_gap: timedelta = timedelta(minutes=3)
    gap: timedelta = timedelta(minutes=15)
    text_gap: timedelta = timedelta(seconds=30)
    most: int = 5
    age: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Decision:
    """A step for one item. `until` belongs to WAIT; `silent` to SEND and RING."""

    item: PendingItem
    step: Step
    report: Report | None = None
    silent: bool = True
    until: datetime | None = None
    alone: bool = False
    """Of SEND: a breaking story that is fresh never shares its message."""


def decide(
    item: PendingItem,
    story: Story | None,
    report: Report | None,
    sent: SentRecord | None,
    *,
    may_ring: bool,
    now: datetime,
    rule: EditRule,
) -> Decision:
    """The step for one item.

    `report` is what the target's subscriptions match now (None: nothing); `may_ring` whether a
    sound is allowed at this moment.
    """
    if story is None:
        return Decision(item, Step.DROP)
    if sent is None:
        return _first_time(item, story, report, may_ring=may_ring, now=now)
    if report and is_untold_alert(story, sent, may_ring=may_ring, now=now):
        return Decision(item, Step.RING, report, silent=not may_ring)
    if sent.version >= item.version:
        return Decision(item, Step.DROP)
    return _edit(item, report or story.lead_report, sent, now=now, rule=rule)


def is_untold_alert(story: Story, sent: SentRecord, *, may_ring: bool, now: datetime) -> bool:
    """Whether a story that the target got before has become breaking and needs a reply."""
    if story.breaking is None or sent.alerted or sent.rang:
        return False
    return may_ring or (sent.bundle and is_fresh_alert(story, now))


def _first_time(
    item: PendingItem, story: Story, report: Report | None, *, may_ring: bool, now: datetime
) -> Decision:
    if report is None:
        return Decision(item, Step.DROP)
    silent = not (story.breaking and may_ring)
    return Decision(item, Step.SEND, report, silent=silent, alone=is_fresh_alert(story, now))


def _edit(
    item: PendingItem, report: Report, sent: SentRecord, *, now: datetime, rule: EditRule
) -> Decision:
    if item.delivery_class is DeliveryClass.CORRECTION:
        return Decision(item, Step.EDIT, report)
    if now - sent.sent_at >= rule.age:
        return Decision(item, Step.DROP)
    if sent.edits >= rule.most:
        return Decision(item, Step.DROP)
    free = next_edit(report, sent, rule)
    if free > now:
        return Decision(item, Step.WAIT, report, until=free)
    return Decision(item, Step.EDIT, report)


def next_edit(report: Report, sent: SentRecord, rule: EditRule) -> datetime:
    """When the message may change next."""
    if sent.edits == 0 or sent.edited_at is None:
        return sent.sent_at
    if sent.edits > 1:
        return sent.edited_at + rule.gap
    text_changed = report.changed is not None and report.changed > sent.edited_at
    return sent.edited_at + (min(rule.text_gap, rule.first_gap) if text_changed else rule.first_gap)


def due_of(items: Sequence[PendingItem], now: datetime) -> list[PendingItem]:
    """Those whose time has come; with one that is tried again come all that were tried before.

    Observation: when Telegram is away, each story of a chat fails by itself, and each would be
    tried again at a time of its own: after the outage they would come one by one.
    """
    due = [item for item in items if item.not_before <= now]
    if not any(item.attempts for item in due):
        return due
    return due + [item for item in items if item.attempts and item.not_before > now]


def most_urgent(items: Sequence[PendingItem], most: int) -> list[PendingItem]:
    """The first so many, by class and then by the time the story was first wanted."""
    return sorted(items, key=lambda item: (item.delivery_class, item.raised, item.story))[:most]


def in_order(decisions: Sequence[Decision]) -> tuple[Decision, ...]:
    """By class, then by the time the story was first wanted: breaking ones before all others.

    What broke too long ago to be an alert has no precedence. What was refused again and again lets
    the others of its class pass: else one story that a server stumbles over would hold up a chat
    for the day after which it is given up.
    """
    return tuple(sorted(decisions, key=lambda one: (_class_now(one), _stuck(one), *_age(one))))


def as_sent(records: Sequence[SentRecord | None]) -> SentRecord | None:
    """What a target got of a story that was sent under several ids before they became one.

    The first message is the one that changes from now on; an alert under any id was an alert.
    """
    known = [record for record in records if record is not None]
    if not known:
        return None
    return replace(
        known[0],
        alerted=any(record.alerted for record in known),
        rang=any(record.rang for record in known),
    )


def told_once(
    actions: Sequence[Decision], stories: Mapping[StoryId, Story]
) -> tuple[tuple[Decision, ...], tuple[Decision, ...]]:
    """(the actions without twins, the twins as drops): of several ids of one story that wait to
    be sent to the same target, the first goes.
    """
    kept: list[Decision] = []
    twins: list[Decision] = []
    told: set[tuple[ThreadId, StoryId]] = set()
    for one in actions:
        place = (one.item.thread, stories[one.item.story].id)
        if one.step is Step.SEND and place in told:
            twins.append(replace(one, step=Step.DROP))
            continue
        if one.step is Step.SEND:
            told.add(place)
        kept.append(one)
    return tuple(kept), tuple(twins)


def _stuck(decision: Decision) -> bool:
    return decision.item.attempts >= TRIED_LONG


def _class_now(decision: Decision) -> DeliveryClass:
    given = decision.item.delivery_class
    if decision.step is Step.SEND and not decision.alone:
        return max(given, DeliveryClass.NEWS)
    return given


def _age(decision: Decision) -> tuple[datetime, str]:
    return (decision.item.raised, decision.item.story)


def retry_delay(attempts: int) -> timedelta:
    """Back-off after a request that may succeed later: 1 s doubling to 50 s.

    No longer, because a minute after an outage every chat shall have its news; the pace bounds how
    many chats try at once.
    """
    return timedelta(seconds=min(2 ** min(attempts, 6), 50))
