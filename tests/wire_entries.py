"""Entries and stories for tests of the rules: short to write, complete in every field."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from bot.models.entries import Entry, EntryEvent
from bot.models.identifiers import EntryId, FeedId, Language, Topic
from bot.models.stories import Story
from bot.news.reports import found, join

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def print_of(text: str, digits: int) -> str:
    """That many hexadecimal digits."""
    return blake2b(text.encode(), digest_size=digits // 2).hexdigest()


def wire_entry(
    title: str,
    *,
    outlet: str = "Example Times",
    lede: str = "",
    minutes: float = 0,
    event: EntryEvent = EntryEvent.NEW,
    identity: str = "",
    language: str = "en",
    topic: Topic | None = Topic.WORLD,
    feed: str = "",
    source: str = "",
    owner: str = "",
    trusted: bool = False,
    state: str = "",
    link: str = "",
    text: str = "",
) -> Entry:
    """An entry of an outlet that arrived and was published so many minutes after noon."""
    at = NOON + timedelta(minutes=minutes)
    domain = outlet.lower().replace(" ", "") + ".example"
    return Entry(
        id=EntryId(print_of(f"{outlet}/{feed}/{identity or title}", 32)),
        event=event,
        feed=FeedId(print_of(feed or outlet, 16)),
        feed_title=outlet,
        source=source or domain,
        owner=owner,
        trusted=trusted,
        state=state,
        language=Language(language),
        topic=topic,
        title=title,
        link=link or f"https://{domain}/{print_of(identity or title, 12)}",
        lede=lede,
        text=text,
        author="",
        author_about="",
        picture=None,
        related=(),
        published=at,
        arrived=at,
        content_print=print_of(f"{title}\n{lede}\n{text}", 16),
    )


def changed_entry(entry: Entry, *, title: str, lede: str = "", minutes: float) -> Entry:
    """The same entry as its source has it some minutes after noon."""
    return replace(
        entry,
        event=EntryEvent.CHANGED,
        title=title,
        lede=lede or entry.lede,
        arrived=NOON + timedelta(minutes=minutes),
        content_print=print_of(f"{title}\n{lede or entry.lede}\n{entry.text}", 16),
    )


def story_of(*entries: Entry) -> Story:
    """A story that these entries make in this order, whatever their words."""
    story, _ = found(entries[0])
    for entry in entries[1:]:
        story, _ = join(story, entry)
    return story
