"""What a target wants of a story, and whether it may make a sound for it.

Pure: subscriptions and settings are values, the time is an argument. Finding the chats is the
fan-out's work; what is done with a story is bot.news.deliveries.

Rule: a subscription matches real reports (never a first poll's) that arrived after it was made. One
to everything or to a topic matches the chat's news languages; a feed or source chosen by name
matches in any. Muted topics are left out of breaking alerts over everything. Known exception: a
report whose language nobody stated matches every chat.
Of the reports that match, one in the language that the chat named first leads, then the story's
own lead, then the earliest; so that a chat's headline only ever changes for one it reads better.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from bot.models.chats import Settings
from bot.models.identifiers import ThreadId
from bot.models.stories import Report, Story
from bot.models.subscriptions import Subscription, SubscriptionKind

RING_GAP: Final = timedelta(minutes=15)
RING_FRESH: Final = timedelta(hours=6)
"""Since the story was first reported."""
FLAG_FRESH: Final = timedelta(minutes=60)
"""Since it was flagged, and last reported: after an outage nobody wants the backlog to ring."""


def rules_of(story: Story) -> tuple[str, ...]:
    """Every Subscription.rule that may want this story, sorted; none while it is a baseline."""
    rules: set[str] = set()
    for report in story.reports:
        if not report.baseline:
            rules |= _rules_of_report(report)
    if story.breaking is not None:
        rules |= {f"breaking:{rule}" for rule in rules}
    return tuple(sorted(rules))


def wanted(
    story: Story,
    subscriptions: Iterable[Subscription],
    settings: Settings,
    *,
    thread: ThreadId,
) -> Report | None:
    """The report that leads the story for a target (a chat's thread); None: it wants none."""
    own = [subscription for subscription in subscriptions if subscription.thread == thread]
    matching = [
        report
        for report in story.reports
        if any(_matches(subscription, report, story, settings) for subscription in own)
    ]
    return min(matching, key=lambda report: _rank(report, story, settings), default=None)


def ring_allowed(
    settings: Settings, now: datetime, rings_today: Sequence[datetime], story: Story
) -> bool:
    """Whether a breaking story may make a sound in a chat now.

    `rings_today`: when it rang before; what lies on an earlier local day counts only for the gap.
    """
    if not is_fresh_alert(story, now):
        return False
    zone = _zone(settings.timezone)
    local = now.astimezone(zone)
    if settings.quiet and _within(local.time(), settings.quiet_from, settings.quiet_until):
        return False
    rings = [ring.astimezone(zone) for ring in rings_today if ring <= now]
    if sum(ring.date() == local.date() for ring in rings) >= settings.rings_a_day:
        return False
    return all(now - ring >= RING_GAP for ring in rings)


def is_fresh_alert(story: Story, now: datetime) -> bool:
    """Whether a story is breaking and that is news.

    Observation: after an outage of the bot itself old alerts are flagged at the moment at which
    they are read at last. Rule: first reported within 6 hours, flagged and last reported within 60
    minutes. Exception: what an operator flags needs no report of the last hour.
    """
    if story.breaking is None:
        return False
    if now - story.first_reported > RING_FRESH or now - story.breaking.at > FLAG_FRESH:
        return False
    last = max(report.published for report in story.reports)
    return story.breaking.by_operator or now - last <= FLAG_FRESH


def _rules_of_report(report: Report) -> set[str]:
    rules = {f"{SubscriptionKind.FEED}:{report.feed}"}
    if report.listed:
        rules.add(str(SubscriptionKind.ALL))
    if report.listed and report.topic is not None:
        rules.add(f"{SubscriptionKind.TOPIC}:{report.topic}")
    if report.listed and report.feed_title:
        rules.add(f"{SubscriptionKind.SOURCE}:{report.feed_title.lower()}")
    return rules


def _matches(subscription: Subscription, report: Report, story: Story, settings: Settings) -> bool:
    if report.baseline or report.arrived <= subscription.since:
        return False
    if subscription.breaking_only and story.breaking is None:
        return False
    match subscription.kind:
        case SubscriptionKind.FEED:
            return subscription.value == report.feed
        case SubscriptionKind.SOURCE:
            return report.listed and subscription.value == report.feed_title.lower()
        case SubscriptionKind.TOPIC:
            return (
                report.listed and subscription.value == report.topic and _readable(report, settings)
            )
        case SubscriptionKind.ALL:
            muted = subscription.breaking_only and report.topic in settings.muted_topics
            return report.listed and not muted and _readable(report, settings)


def _readable(report: Report, settings: Settings) -> bool:
    languages = settings.news_languages
    return not languages or not report.language or report.language in languages


def _rank(report: Report, story: Story, settings: Settings) -> tuple[int, bool, datetime]:
    languages = settings.news_languages
    preference = (
        languages.index(report.language) if report.language in languages else len(languages)
    )
    return preference, report.entry != story.lead, report.arrived


def _within(at: time, start: time, end: time) -> bool:
    """Whether a time of day lies in [start, end), across midnight if start is the later."""
    if start <= end:
        return start <= at < end
    return at >= start or at < end


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
