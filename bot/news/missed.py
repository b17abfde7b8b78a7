"""Which stories a target missed while it could not be reached, or had too many waiting. Pure.

Observation: who comes back after days wants to know what happened, not to read it all; what was on
its way when a chat was paused is lost to it like the rest.
Rule: once the chat can be reached again, or its backlog has drained, the up to 50 most important
stories (bot.news.bundles) of the time since it began to miss some, of the last 24 hours at most,
that its subscriptions match by a report that arrived in that time and that it did not get. The time
begins half an hour early, for what was on its way. Fewer than three are not worth a message, unless
one of them is breaking: an admin who takes the bot's rights for a moment loses no alert.
Known exceptions: of very many stories only the latest are looked at (LOOKED_AT in
bot.services.missed_stories); more than 500 at once are two lists, the first of what was pending.
Rejected: keeping everything for paused chats (they may never come back); telling a number only (it
is no news).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from bot.models.chats import Settings
from bot.models.identifiers import StoryId, ThreadId
from bot.models.stories import Report, Story
from bot.models.subscriptions import Subscription, SubscriptionKind
from bot.news.bundles import most_important_first
from bot.news.matching import wanted
from bot.news.visibility import visible_to

MISSED_MOST = 50
MISSED_LEAST = 3
MISSED_BACK = timedelta(hours=24)
ON_ITS_WAY = timedelta(minutes=30)


def missed_from(mark: datetime, now: datetime) -> datetime:
    """The beginning of the time that is told of."""
    return max(mark, now - MISSED_BACK)


def missed_by(
    stories: Iterable[Story],
    subscriptions: Sequence[Subscription],
    settings: Settings,
    *,
    thread: ThreadId,
    since: datetime,
) -> list[tuple[Story, Report]]:
    """Stories that the target wants by a report that arrived after `since`, which missed_from
    says; whether it got them is another question.
    """
    begin = since - ON_ITS_WAY
    later = [replace(each, since=max(each.since, begin)) for each in subscriptions]
    found = []
    for story in stories:
        seen = visible_to(story, subscriptions)
        report = wanted(seen, later, settings, thread=thread) if seen else None
        if seen is not None and report is not None:
            found.append((seen, report))
    return found


def worth_telling(
    missed: Iterable[tuple[Story, Report]], told: Collection[StoryId], *, now: datetime
) -> list[Story]:
    """The most important ones that the target did not get; none where they are too few and none of
    them is breaking.
    """
    new = [one for one in missed if not any(each in told for each in one[0].ids)]
    if len(new) < MISSED_LEAST and all(story.breaking is None for story, _ in new):
        return []
    return [story for story, _ in most_important_first(new, now=now)[:MISSED_MOST]]


def indices_for(subscriptions: Iterable[Subscription]) -> tuple[str, ...]:
    """The indices of stories in which a target's stories stand, sorted."""
    return tuple(sorted({_index(each) for each in subscriptions}))


def _index(subscription: Subscription) -> str:
    if subscription.breaking_only:
        return "breaking"
    if subscription.kind == SubscriptionKind.ALL:
        return "all"
    return f"{subscription.kind}:{subscription.value}"
