"""Entries of documents become entries of the wire."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.models.entries import EntryEvent, ParsedEntry
from bot.models.feeds import Feed
from bot.models.identifiers import Language, Topic
from bot.news.entries import clamp_published, oldest_first, to_entry
from bot.news.identity import entry_id, feed_id

ARRIVED = datetime(2026, 11, 24, 12, tzinfo=UTC)
URL = "https://feeds.example.net/rss"
FEED = Feed(
    feed_id(URL), URL, "Example Times", "Example Media", Language("en"), Topic.WORLD, True, "XX"
)


def parsed(
    identity: str = "1" * 32, link: str = "https://www.example.co.uk/a", **more: str
) -> ParsedEntry:
    return ParsedEntry(identity, more.get("title", "Title"), link, "Lede", "Text")


def test_an_entry_carries_what_its_feed_is() -> None:
    entry = to_entry(parsed(), FEED, event=EntryEvent.NEW, arrived=ARRIVED)
    assert entry.id == entry_id(FEED.id, "1" * 32)
    assert (entry.feed, entry.feed_title, entry.owner) == (
        FEED.id,
        "Example Times",
        "Example Media",
    )
    assert (entry.trusted, entry.state, entry.language, entry.topic) == (
        True,
        "XX",
        "en",
        Topic.WORLD,
    )
    assert entry.source == "example.co.uk"
    assert entry.published == entry.arrived == ARRIVED
    assert len(entry.content_print) == 16


def test_without_a_link_the_feed_is_the_source() -> None:
    entry = to_entry(parsed(link=""), FEED, event=EntryEvent.BASELINE, arrived=ARRIVED)
    assert entry.source == "example.net"


def test_an_edit_changes_the_content_print_only() -> None:
    first = to_entry(parsed(), FEED, event=EntryEvent.NEW, arrived=ARRIVED)
    second = to_entry(parsed(title="Other"), FEED, event=EntryEvent.CHANGED, arrived=ARRIVED)
    assert first.id == second.id
    assert first.content_print != second.content_print


@pytest.mark.parametrize(
    ("published", "believed"),
    [
        (None, False),
        (datetime(1970, 1, 1, tzinfo=UTC), False),
        (ARRIVED + timedelta(hours=2), False),
        (ARRIVED + timedelta(minutes=59), True),
        (datetime(1990, 1, 1, tzinfo=UTC), True),
    ],
)
def test_dates_are_believed_within_reason(published: datetime | None, believed: bool) -> None:
    assert clamp_published(published, ARRIVED) == (published if believed else ARRIVED)


def test_reading_order() -> None:
    dates = [3, 1, 2, 2, 1]
    entries = [
        to_entry(
            ParsedEntry(str(n), str(n), "", "", "", published=ARRIVED - timedelta(hours=9 - hour)),
            FEED,
            event=EntryEvent.NEW,
            arrived=ARRIVED,
        )
        for n, hour in enumerate(dates)
    ]
    assert [entry.title for entry in oldest_first(entries)] == ["4", "1", "3", "2", "0"]
    assert oldest_first(entry for entry in entries) == oldest_first(entries)
