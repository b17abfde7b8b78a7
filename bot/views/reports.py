"""The parts that every view of a story is made of: headline, source line, names, times.

No whole messages: those are in stories.py, reading.py and pages.py.
"""

from collections.abc import Sequence
from datetime import datetime
from ipaddress import ip_address

from bot.models.stories import Report, Story
from bot.views.html import Rich, bold, clean, cut, join, link, plain, quoted
from bot.views.markers import strip_marker
from bot.views.times import moment_text

TITLE_UNITS = 300
LISTED_TITLE_UNITS = 160
SOURCE_UNITS = 60
WORDS_A_MINUTE = 220
BREAKING_PREFIX = "🔴 Breaking: "
STATE_MEDIA = "state media"
UNTITLED = "Untitled"
_NAMED_OTHERS = 3


def headline(report: Report, *, breaking: bool, limit: int = TITLE_UNITS) -> Rich:
    """The report's title, linked; with the prefix and without the source's own when breaking."""
    title = quoted(title_text(report, breaking=breaking), limit)
    shown = link(title, report.link)
    return plain_prefix(BREAKING_PREFIX) + shown if breaking else shown


def strong_headline(report: Report, *, breaking: bool) -> Rich:
    """Line 1 of a story: alone on a lock screen, bold and linked."""
    return bold(headline(report, breaking=breaking))


def title_text(report: Report, *, breaking: bool) -> str:
    """The report's title as plain text; never empty."""
    title = clean(report.title)
    return (strip_marker(title) if breaking else title) or UNTITLED


def plain_prefix(text: str) -> Rich:
    """Own words, ending in the space that cleaning would take away."""
    return Rich(plain(text).html + " ", plain(text).units + 1)


def source_name(report: Report, limit: int = SOURCE_UNITS) -> Rich:
    """The source as readers know it; outlets under a state's control are labelled."""
    name = quoted(source_text(report), limit)
    return join(" ", (name, plain(f"({STATE_MEDIA})"))) if report.state else name


def source_text(report: Report) -> str:
    """The source's name as plain text; its domain when the feed has no title."""
    return clean(report.feed_title) or clean(report.source) or UNTITLED


def reading_minutes(words: int) -> int:
    """Whole minutes for so many words, at least one."""
    return max(1, round(words / WORDS_A_MINUTE))


def distinct_sources(story: Story) -> tuple[Report, ...]:
    """The first report of each source, in order of arrival."""
    first: dict[str, Report] = {}
    for report in story.reports:
        first.setdefault(source_key(report), report)
    return tuple(first.values())


def source_key(report: Report) -> str:
    """What tells sources apart: the registered domain; behind a bare address, the name."""
    try:
        ip_address(report.source.strip("[]"))
    except ValueError:
        return report.source or source_text(report)
    return source_text(report)


def source_line(story: Story, report: Report, *, now: datetime, timezone: str) -> Rich:
    """ "Example Times · 2 min read · 14:05 · also: Daily Example, Wire"."""
    minutes = f"{reading_minutes(report.words)} min read" if report.words else ""
    when = moment_text(report.published, now=now, timezone=timezone)
    return join(
        " · ", (source_name(report), plain(minutes), plain(when), other_sources(story, report))
    )


def other_sources(story: Story, report: Report) -> Rich:
    """ "also: Daily Example, Wire and 2 more", or empty."""
    own = source_key(report)
    names = [source_text(other) for other in distinct_sources(story) if source_key(other) != own]
    distinct = list(dict.fromkeys(name for name in names if name != source_text(report)))
    if not distinct:
        return Rich()
    text = ", ".join(cut(name, SOURCE_UNITS) for name in distinct[:_NAMED_OTHERS])
    left = len(distinct) - _NAMED_OTHERS
    return quoted(f"also: {text} and {left} more" if left > 0 else f"also: {text}")


def updated_line(report: Report, *, now: datetime, timezone: str) -> Rich:
    """ "(Updated 14:31)" once the reader's text has changed."""
    if report.changed is None:
        return Rich()
    return plain(f"(Updated {moment_text(report.changed, now=now, timezone=timezone)})")


def numbered(
    items: Sequence[tuple[Story, Report]], *, start: int, now: datetime, timezone: str
) -> tuple[Rich, ...]:
    """ "3. Headline" and, below it, "Example Times · 14:05 · 3 sources", for lists of stories.

    At most 320 units each: ten of them fit into one message.
    """
    return tuple(
        plain_prefix(f"{start + place}.")
        + headline(report, breaking=story.breaking is not None, limit=LISTED_TITLE_UNITS)
        + Rich("\n", 1)
        + _short_line(story, report, now=now, timezone=timezone)
        for place, (story, report) in enumerate(items)
    )


def _short_line(story: Story, report: Report, *, now: datetime, timezone: str) -> Rich:
    count = len(distinct_sources(story))
    return join(
        " · ",
        (
            source_name(report),
            plain(moment_text(report.published, now=now, timezone=timezone)),
            plain(sources_text(count)) if count > 1 else Rich(),
        ),
    )


def sources_text(count: int) -> str:
    """ "1 source", "3 sources"."""
    return "1 source" if count == 1 else f"{count} sources"
