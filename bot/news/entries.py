"""From entries of a document to entries of the wire: which are new, dates believed, order."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from bot.models.entries import Entry, EntryEvent, ParsedEntry, ParsedFeed
from bot.models.feeds import Feed, PollState
from bot.news.identity import content_print, entry_id
from bot.news.links import registered_domain

_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(hours=1)


class Dated(Protocol):
    """Anything with a date of publication."""

    @property
    def published(self) -> datetime: ...


DatedValue = TypeVar("DatedValue", bound=Dated)


def clamp_published(published: datetime | None, arrived: datetime) -> datetime:
    """The date if it can be believed, else the time of arrival.

    Observation: feeds date entries 1970, 0001, or next week (planned posts, wrong zones). Rule:
    what is missing, before 1990 or more than an hour ahead is the time of arrival.
    """
    if published is None or published < _EARLIEST or published > arrived + _AHEAD:
        return arrived
    return published


def print_of(parsed: ParsedEntry) -> str:
    """The content print of an entry as it stands in a document."""
    return content_print(parsed.title, parsed.lede, parsed.text)


def to_entry(parsed: ParsedEntry, feed: Feed, *, event: EntryEvent, arrived: datetime) -> Entry:
    """The entry as the wire keeps it. Without a link its source is the feed's own site."""
    source = (registered_domain(link) for link in (parsed.link, feed.site, feed.url))
    return Entry(
        id=entry_id(feed.id, parsed.identity),
        event=event,
        feed=feed.id,
        feed_title=feed.title,
        source=next(filter(None, source), ""),
        owner=feed.owner,
        trusted=feed.trusted,
        state=feed.state,
        language=feed.language,
        topic=feed.topic,
        title=parsed.title,
        link=parsed.link,
        lede=parsed.lede,
        text=parsed.text,
        author=parsed.author,
        author_about=parsed.author_about,
        picture=parsed.picture,
        related=parsed.related,
        published=clamp_published(parsed.published, arrived),
        arrived=arrived,
        content_print=print_of(parsed),
        listed=feed.listed,
    )


def oldest_first(entries: Iterable[DatedValue]) -> list[DatedValue]:
    """Reading order of entries given in document order: by date, equal dates from the document's
    end, because feeds put the newest first."""
    from_the_end = list(entries)[::-1]
    return sorted(from_the_end, key=lambda entry: entry.published)


def classify(
    feed: Feed,
    state: PollState,
    parsed: ParsedFeed,
    known: Mapping[str, str],
    *,
    arrived: datetime,
) -> tuple[Entry, ...]:
    """The document's entries that are new or changed, oldest first.

    Until the first poll is committed all of them are the baseline: found, never pushed.

    Observation: when entries are withdrawn from a document that is longer than what is read of it,
    old ones move up that were never marked as seen. Rule: while the document is cut, an unknown
    entry from before the oldest known one of those kept is baseline too. Known exception: one that
    was published late with so early a date is found, but not pushed. Rejected: judging by age
    alone, which would hush whoever publishes late everywhere.
    """
    entries = []
    beginning = _beginning(parsed, known)
    for entry in parsed.entries:
        former = known.get(entry.identity)
        if former == print_of(entry):
            continue
        event = EntryEvent.CHANGED if former is not None else EntryEvent.NEW
        early = former is None and entry.published is not None and entry.published < beginning
        if early or not state.baseline_done:
            event = EntryEvent.BASELINE
        entries.append(to_entry(entry, feed, event=event, arrived=arrived))
    return tuple(oldest_first(entries))


def _beginning(parsed: ParsedFeed, known: Mapping[str, str]) -> datetime:
    """When what is known of a cut document begins; the beginning of time for a whole one."""
    dates = [
        entry.published
        for entry in parsed.entries
        if parsed.further and entry.published and entry.identity in known
    ]
    return min(dates, default=datetime.min.replace(tzinfo=UTC))
