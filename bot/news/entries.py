"""From an entry of a document to an entry of the wire: dates believed or not, source, order."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

from bot.models.entries import Entry, EntryEvent, ParsedEntry
from bot.models.feeds import Feed
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
        content_print=content_print(parsed.title, parsed.lede, parsed.text),
        listed=feed.listed,
    )


def oldest_first(entries: Iterable[DatedValue]) -> list[DatedValue]:
    """Reading order of entries given in document order: by date, equal dates from the document's
    end, because feeds put the newest first."""
    from_the_end = list(entries)[::-1]
    return sorted(from_the_end, key=lambda entry: entry.published)
