"""Which first messages go out as one, how long late ones gather, and in what order they stand.

Pure. Which step an item needs is bot.news.deliveries.

Observation: after an outage hundreds of stories are new to a chat, and they come over half a
minute, as feeds are polled one after the other. One by one they are a flood; whoever reads them
wants the important ones and the rest in reach.
Rule: four or more ordinary stories that wait for one target, or several of which one is late, are
one silent message. A story is late 30 minutes after it was published or was first wanted. Late ones
gather until nothing new has come for 3 seconds; once they are four, which looks like the end of an
outage, for 20 seconds; 60 at most. Stories on time are not held back, unless four late ones gather:
then the list is coming anyway, and they join it. Breaking stories go alone and first, as long as
they are fresh (bot.news.matching); later they are list entries like others. What was first reported
over a day ago is no news: it never goes alone while there is something to go with, and stands at
the end.
Up to ten stand in the order in which they came. More than that are pages of one message, and on the
first page stands what a reader must not miss: breaking, then what most outlets report, then the
newest. What a chat missed (class DIGEST) is always ordered so.
Known exceptions: a feed that dates its entries wrongly is always late, which costs its readers
seconds. A single story of yesterday goes out as any other: dropping by date would silence feeds
that date by the day or not at all.
Measured: eight hours of 60 real English feeds (453 entries, 308 stories) read at once by a bot that
starts: one message 25 seconds after the start, nothing rang.
Rejected: several messages of ten (thirty of them after an outage; nobody scrolls back through
them); dropping all but the top (news is lost); newest first (the flood of the last quarter of an
hour hides the event of the night); fixed windows of time instead of gathering (they cut every third
burst in two); holding every story for some seconds (breaking news is what the wire is for).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.models.deliveries import DeliveryClass, PendingItem, SentRecord
from bot.models.identifiers import StoryId, ThreadId
from bot.models.stories import Report, Story
from bot.news.deliveries import Decision, Step
from bot.news.voices import outlet

BUNDLE_FROM = 4
"""So many pending ordinary stories of one target go out as one message."""
ONE_PAGE = 10
"""Headlines that stand in one message without pages, oldest first."""
LATE = timedelta(minutes=30)
QUIET_FEW = timedelta(seconds=3)
"""Fewer than BUNDLE_FROM late stories have gathered when none has come for so long,"""
QUIET_FOR = timedelta(seconds=20)
"""that many when none has for so long."""
GATHER_MOST = timedelta(seconds=60)
STALE = timedelta(hours=24)

Place = tuple[ThreadId, StoryId]
"""A story in a chat's topic."""


def gathering(
    actions: Sequence[Decision], pending: Iterable[PendingItem], *, now: datetime
) -> tuple[Decision, ...]:
    """The decisions that wait for others to come, as WAIT.

    `pending`: everything that the chat still has to get. What is not due was held before, and when
    stories were raised tells when the gathering ends.
    """
    ordinary: dict[ThreadId, list[PendingItem]] = {}
    for item in pending:
        if item.delivery_class in (DeliveryClass.BREAKING, DeliveryClass.NEWS):
            ordinary.setdefault(item.thread, []).append(item)
    waiting: list[Decision] = []
    for thread, found in _ordinary(actions).items():
        together = [one for one in found if not _missed(one)]
        late = [one for one in together if is_late(one, now)]
        known = ordinary.get(thread, [])
        held = sum(item.not_before > now and not item.attempts for item in known)
        join = len(late) + held >= BUNDLE_FROM
        if not known or not (late or join):
            continue
        times = [item.raised for item in known]
        quiet = QUIET_FOR if join else QUIET_FEW
        until = min(max(times) + quiet, min(times) + GATHER_MOST)
        if until > now:
            members = together if join else late
            waiting += [replace(one, step=Step.WAIT, until=until) for one in members]
    return tuple(waiting)


def bundle(decisions: Sequence[Decision], *, now: datetime) -> tuple[Decision, ...]:
    """Those first silent sends that go out together, oldest first; () when each goes alone."""
    for ordinary in _ordinary(decisions).values():
        missed = [one for one in ordinary if _missed(one)]
        together = [one for one in ordinary if not _missed(one)]
        late = any(is_late(one, now) for one in together)
        if len(together) < BUNDLE_FROM and not (late and len(ordinary) > 1):
            together = []
        if len(together) + len(missed) > 1:
            return tuple(sorted([*together, *missed], key=_age))
    return ()


def requests(
    actions: Sequence[Decision], sent: Mapping[Place, SentRecord], *, now: datetime
) -> tuple[tuple[Decision, ...], ...]:
    """The requests to make, in the order of `actions`; several decisions in one are one message.

    `sent`: what the target got of each item's story. Stories of one bundle change together.
    """
    together = bundle(actions, now=now)
    members = {_place(one) for one in together}
    groups: dict[object, list[Decision]] = {}
    for one in actions:
        record = sent.get(_place(one))
        key: object = _place(one)
        if one.step is Step.SEND and key in members:
            key = "bundle"
        elif one.step is Step.EDIT and record is not None and record.bundle:
            key = record.address, record.message_id
        groups.setdefault(key, []).append(one)
    return tuple(together if key == "bundle" else tuple(group) for key, group in groups.items())


def is_late(decision: Decision, now: datetime) -> bool:
    """Whether an ordinary story comes long after it was published, or was first wanted."""
    report = decision.report
    since = min(report.published, decision.item.raised) if report else decision.item.raised
    return now - since >= LATE


def most_important_first(
    shown: Iterable[tuple[Story, Report]], *, now: datetime
) -> tuple[tuple[Story, Report], ...]:
    """What stands on the first page: see the rule."""
    return tuple(sorted(shown, key=lambda one: _importance(*one, now=now)))


def in_bundle_order(
    together: Sequence[Decision], stories: Mapping[StoryId, Story], *, now: datetime
) -> tuple[tuple[Story, Report], ...]:
    """What a bundle shows, in order; `stories` by the ids that the items name."""
    shown = [(stories[one.item.story], one.report) for one in together if one.report is not None]
    if len(shown) <= ONE_PAGE and not any(_missed(one) for one in together):
        return tuple(shown)
    return most_important_first(shown, now=now)


def missed_since(together: Iterable[Decision]) -> datetime | None:
    """Since when the stories of a bundle were missed; None when they were only waiting."""
    return min((one.item.raised for one in together if _missed(one)), default=None)


def _importance(
    story: Story, report: Report, *, now: datetime
) -> tuple[bool, bool, int, float, StoryId]:
    stale = now - report.published >= STALE
    outlets = len({outlet(each) for each in story.reports if not each.baseline})
    return stale, story.breaking is None, -outlets, -report.published.timestamp(), story.id


def _ordinary(decisions: Iterable[Decision]) -> dict[ThreadId, list[Decision]]:
    """First silent sends that need not go alone, by topic."""
    found: dict[ThreadId, list[Decision]] = {}
    for one in decisions:
        if one.step is Step.SEND and one.silent and not one.alone:
            found.setdefault(one.item.thread, []).append(one)
    return found


def _missed(decision: Decision) -> bool:
    return decision.item.delivery_class is DeliveryClass.DIGEST


def _age(decision: Decision) -> tuple[datetime, StoryId]:
    return decision.item.raised, decision.item.story


def _place(decision: Decision) -> Place:
    return decision.item.thread, decision.item.story
