"""The sample wire against the desk's own rules: what a newcomer sees arrive is what was meant.

The wire's stories are written so that two tellings of one event are one story and two events are
two. Whoever changes a story or a rule learns here when a newcomer would see it told twice.
"""

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from bot.models.entries import Entry, EntryEvent
from bot.models.identifiers import EntryId, FeedId, Language, StoryId
from bot.news.breaking import judge
from bot.news.parse import parse_document
from bot.news.stories import StoryIndex, with_breaking
from sandbox.wire import SampleWire
from sandbox.wire_articles import slug_of
from sandbox.wire_library import Publication, Tale, library
from sandbox.wire_sources import SOURCES, Source

START = 1_790_000_000.0


@dataclass
class Desk:
    """The desk's rules over parsed entries, without store and network."""

    index: StoryIndex = field(default_factory=StoryIndex)
    homes: dict[str, StoryId] = field(default_factory=dict)
    """Story by article slug."""
    flagged: list[str] = field(default_factory=list)
    """Slugs of the entries at which a story became breaking."""

    def take(self, entry: Entry) -> None:
        slug = entry.link.rpartition("/")[2]
        story = self.index.place(entry).story
        self.homes.setdefault(slug, story.id)
        breaking = judge(story, entry, now=entry.arrived)
        if breaking is not None:
            self.index.adopt(with_breaking(story, breaking))
            self.flagged.append(slug)


def entries(source: Source, told: list[Publication], at: float, event: EntryEvent) -> list[Entry]:
    """Articles as the bot reads them from the source's own document."""
    wire = SampleWire(quiet=True, clock=lambda: at)
    wire.base_url = "http://127.0.0.1:8081"
    for publication in told:
        wire.publish(source.id, publication.article)
    parsed = parse_document(
        wire.document(source.id), url=wire.feed_url(source.id), content_type=source.content_type
    )
    moment = datetime.fromtimestamp(at, UTC)
    return [
        Entry(
            id=EntryId(hashlib.sha256(found.link.encode()).hexdigest()[:32]),
            event=event,
            feed=FeedId(source.id),
            feed_title=source.name,
            source="127.0.0.1",
            owner=source.owner,
            trusted=source.trusted,
            state="",
            language=Language(source.language),
            topic=None,
            title=found.title,
            link=found.link,
            lede=found.lede,
            text=found.text,
            author=found.author,
            author_about=found.author_about,
            picture=found.picture,
            related=found.related,
            published=found.published or moment,
            arrived=moment,
            content_print=hashlib.sha256(found.title.encode()).hexdigest()[:16],
        )
        for found in reversed(parsed.entries)
    ]


@pytest.fixture(scope="module")
def desk() -> Desk:
    """A desk that has seen the baseline and every written story in turn."""
    desk = Desk()
    sources = {source.id: source for source in SOURCES}
    for source in SOURCES:
        older = [told for told in library().older if told.source == source.id]
        for entry in entries(source, older, START - 3600, EntryEvent.BASELINE):
            desk.take(entry)
    at = START
    alone = [Tale((library().related,)), Tale((library().feature,))]
    for tale in [*library().ordinary, *alone, *library().breaking]:
        for told in tale.tellings:
            at += 6
            for entry in entries(sources[told.source], [told], at, EntryEvent.NEW):
                desk.take(entry)
    return desk


def test_all_tellings_of_a_tale_are_one_story(desk: Desk) -> None:
    for tale in [*library().ordinary, *library().breaking]:
        homes = {desk.homes[told.article.slug] for told in tale.tellings}
        assert len(homes) == 1, [told.article.title for told in tale.tellings]


def test_different_tales_are_different_stories(desk: Desk) -> None:
    tales: defaultdict[StoryId, set[int]] = defaultdict(set)
    for number, tale in enumerate([*library().ordinary, *library().breaking]):
        for told in tale.tellings:
            tales[desk.homes[told.article.slug]].add(number)
    assert [story for story, numbers in tales.items() if len(numbers) > 1] == []
    older = {desk.homes[told.article.slug] for told in library().older}
    assert len(older) == len(library().older)
    assert older.isdisjoint(tales)


def test_exactly_the_breaking_tales_break(desk: Desk) -> None:
    flagged = {desk.homes[slug] for slug in desk.flagged}
    meant = {desk.homes[tale.tellings[0].article.slug] for tale in library().breaking}
    assert flagged == meant


def test_the_feature_is_read_completely() -> None:
    meridian = next(source for source in SOURCES if source.id == "meridian")
    told = [library().related, library().feature]
    feature = next(
        entry
        for entry in entries(meridian, told, START, EntryEvent.NEW)
        if entry.link.endswith(slug_of(library().feature.article.title))
    )
    assert feature.author == "Ilse Varnholt"
    assert feature.author_about.startswith("Ilse Varnholt writes about coasts")
    assert [title for title, _ in feature.related] == [library().related.article.title]
    assert feature.picture is not None
    assert feature.picture.url.endswith(".png")
    assert feature.picture.caption.startswith("The third of Skerrabrae")
    assert feature.picture.credit == "T. Okonjo / Meridian Pictures"
    assert 400 <= len(feature.text.split()) <= 600
