"""Which reports of a story a chat may see. Pure.

Observation: anyone may subscribe a chat to any feed. Were such a feed part of the wire, a stranger
could write into every chat, and a private address would be found by everybody's search.
Rule: a feed is listed when the feeds file or an operator added it. Reports of others are seen by
the chats that subscribed to that feed, and by nobody else; beside listed ones they are no voices.
A source chosen by name means the listed feeds of that name: a stranger may give his the same.
Known exception: whoever knows a story's id (a shared link) may open it. Rejected: feeds of
strangers waiting for an operator's consent (nobody gets what he asked for).
"""

from collections.abc import Iterable
from dataclasses import replace

from bot.models.stories import Report, Story
from bot.models.subscriptions import Subscription, SubscriptionKind


def visible_to(story: Story, subscriptions: Iterable[Subscription]) -> Story | None:
    """The story as these subscriptions' chat may see it; None when it may see nothing of it."""
    if all(report.listed for report in story.reports):
        return story
    named = {(each.kind, each.value) for each in subscriptions}
    reports = tuple(each for each in story.reports if each.listed or _chosen(each, named))
    if not reports:
        return None
    kept = any(report.entry == story.lead for report in reports)
    return replace(story, reports=reports, lead=story.lead if kept else reports[0].entry)


def voicing(reports: Iterable[Report]) -> tuple[Report, ...]:
    """The reports whose voices count: the listed ones, or all where none is listed."""
    every = tuple(reports)
    return tuple(report for report in every if report.listed) or every


def _chosen(report: Report, named: set[tuple[SubscriptionKind, str]]) -> bool:
    return (SubscriptionKind.FEED, report.feed) in named
