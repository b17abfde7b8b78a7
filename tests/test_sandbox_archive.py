"""The archive of stored polls over real HTTP on loopback."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.archive import ArchiveWire
from sandbox.archive_documents import document_cards, document_facts
from sandbox.archive_polls import LONGEST_GAP, read_archive
from sandbox.previews import Previews
from tests.wire_server import OWN, Clock, clock, http, parsed, served

__all__ = ["clock", "http"]


def rss(*titles: str, language: str = "") -> str:
    items = "".join(
        f"<item><title>{title}</title><link>https://news.example/{number}?utm_source=rss</link>"
        f"<description>About &lt;b&gt;{title}&lt;/b&gt;.</description>"
        f"<enclosure url='https://news.example/{number}.jpg' type='image/jpeg' length='1'/></item>"
        for number, title in enumerate(titles)
    )
    declared = f"<language>{language}</language>" if language else ""
    return (
        "<rss version='2.0'><channel><title>Example News</title>"
        f"<link>https://news.example/</link>{declared}{items}</channel></rss>"
    )


def store(folder: Path, polls: dict[int, str]) -> None:
    folder.mkdir(parents=True)
    for number, (moment, document) in enumerate(sorted(polls.items())):
        (folder / f"{number:04}_{moment}.xml").write_text(document, encoding="utf-8")


@pytest.fixture
def polls(tmp_path: Path) -> Path:
    start = 1_600_000_000
    store(
        tmp_path / "alpha",
        {start: rss("One"), start + 600: rss("Two", "One"), start + 1_200: rss("Three")},
    )
    store(tmp_path / "beta", {start + 300: rss("Erste"), start + 900: rss("Zweite")})
    (tmp_path / "README.md").write_text("Not a feed.")
    (tmp_path / "alpha" / "notes.txt").write_text("Not a poll.")
    return tmp_path


async def titles(http: aiohttp.ClientSession, url: str) -> list[str]:
    return [entry["title"] for entry in await entries_of_archive(http, url)]


async def entries_of_archive(http: aiohttp.ClientSession, url: str) -> list[Any]:
    async with http.get(url) as response:
        assert response.status == 200
        found: list[Any] = parsed(await response.read()).entries
        return found


async def test_the_archive_plays_all_feeds_on_one_timeline(
    polls: Path, http: aiohttp.ClientSession, clock: Clock
) -> None:
    archive = ArchiveWire(polls, speed=60, clock=clock)
    async with served(archive):
        alpha, beta = archive.feed_url("alpha"), archive.feed_url("beta")
        # Beta's first poll is five minutes later; it is served at once, as the baseline.
        assert await titles(http, alpha) == ["One"]
        assert await titles(http, beta) == ["Erste"]
        clock.now += 9.9
        assert await titles(http, alpha) == ["One"]
        clock.now += 0.1
        assert await titles(http, alpha) == ["Two", "One"]
        assert await titles(http, beta) == ["Erste"]
        clock.now += 5
        assert await titles(http, beta) == ["Zweite"]
        clock.now += 1_000_000
        assert await titles(http, alpha) == ["Three"]
        assert archive.elapsed > archive.length == 1_200


async def test_the_archive_serves_bytes_as_stored_with_validators(
    polls: Path, http: aiohttp.ClientSession, clock: Clock
) -> None:
    stored = "<?xml version='1.0' encoding='windows-1251'?><rss><channel/></rss>".encode("cp1251")
    (polls / "alpha" / "0000_1600000000.xml").write_bytes(stored)
    archive = ArchiveWire(polls, speed=1, clock=clock)
    async with served(archive):
        url = archive.feed_url("alpha")
        async with http.get(url) as response:
            assert await response.read() == stored
            assert response.charset is None
            tag, date = response.headers["ETag"], response.headers["Last-Modified"]
        assert date == "Sun, 13 Sep 2020 12:26:40 GMT"
        for headers in ({"If-None-Match": tag}, {"If-Modified-Since": date}):
            async with http.get(url, headers=headers) as response:
                assert response.status == 304
        clock.now += 600
        async with http.get(url, headers={"If-None-Match": tag}) as response:
            assert response.status == 200


async def test_the_archive_lists_its_feeds_and_registers_cards_as_it_plays(
    polls: Path, http: aiohttp.ClientSession, clock: Clock
) -> None:
    previews = Previews()
    archive = ArchiveWire(polls, speed=1, clock=clock)
    async with served(archive, previews):
        async with http.get(archive.feeds_url) as response:
            root = ElementTree.fromstring(await response.read())
        outlines = root.findall("body/outline/outline")
        assert [outline.get("xmlUrl") for outline in outlines] == [
            archive.feed_url("alpha"),
            archive.feed_url("beta"),
        ]
        assert {outline.get("title") for outline in outlines} == {"Example News"}
        assert {outline.get(f"{OWN}owner") for outline in outlines} == {None}
        for address in ("https://news.example/0?utm_source=rss", "https://news.example/0"):
            card = previews.preview("", [], {"url": address})
            assert card is not None
            assert card["image"] == "https://news.example/0.jpg"
            assert card["site"] == "Example News"
            assert card["description"].startswith("About ")
            assert "<" not in card["description"]
        clock.now += 600
        await titles(http, archive.feed_url("alpha"))
        card = previews.preview("", [], {"url": "https://news.example/0"})
        assert card is not None
        assert card["title"] == "Two"
        async with http.get(f"{archive.base_url}/wire/gamma/feed.xml") as response:
            assert response.status == 404


def test_eras_start_together_and_long_gaps_are_cut(tmp_path: Path) -> None:
    day = 86_400
    store(tmp_path / "old", {1_000: rss(), 1_000 + 30 * day: rss(), 1_060 + 30 * day: rss()})
    store(tmp_path / "new", {1_000 + 900 * day: rss(), 1_060 + 900 * day: rss()})
    old, new = sorted(read_archive(tmp_path), key=lambda feed: feed.polls[0].time)
    assert old.offsets == (0, LONGEST_GAP, LONGEST_GAP + 60)
    assert new.offsets == (0, 60)
    assert old.at(-5) == old.polls[0]
    assert new.at(59) == new.polls[0]
    assert new.at(60) == new.polls[1]


def test_an_archive_without_polls_says_what_was_expected(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        ArchiveWire(tmp_path / "nowhere", 1)
    with pytest.raises(ValueError, match="NNNN_<epoch seconds>"):
        ArchiveWire(tmp_path, 1)
    store(tmp_path / "alpha", {1: rss()})
    with pytest.raises(ValueError, match="speed"):
        ArchiveWire(tmp_path, 0)


@pytest.mark.parametrize(
    ("document", "language"),
    [
        (rss("One", language="en-GB"), "en"),
        (rss("Їжак і ґава живуть у її лісі"), "uk"),
        (rss("Ежи и выдры живут вместе, объявил лесник"), "ru"),
        (rss("Der Wald und das Meer sind nicht mit der Bahn zu erreichen"), "de"),
        (rss("The fox and the hen left for town with news from the farm"), "en"),
        (rss("123"), ""),
        ("no xml at all", ""),
    ],
)
def test_the_language_is_declared_or_guessed(document: str, language: str) -> None:
    assert document_facts(document.encode()).language == language


@given(st.binary(max_size=200))
def test_no_document_breaks_the_cards(document: bytes) -> None:
    assert list(document_cards(document, "Example")) == []
    assert document_facts(document).title == ""
