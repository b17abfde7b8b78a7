"""The form of feeds.opml: what a newcomer's database is seeded with.

Whether the addresses answer is for ``newsflash doctor`` to say; here stands only what can be judged
without the internet. Read with the standard library, so that the file is judged by its format and
not by the reader that the bot happens to have.
"""

import re
from collections import Counter, defaultdict
from pathlib import Path
from urllib.parse import urlsplit
from xml.etree import ElementTree

import pytest

FILE = Path(__file__).resolve().parent.parent / "feeds.opml"
TOPICS = [
    "World",
    "Ukraine",
    "Europe",
    "Business",
    "Technology",
    "Science",
    "Sport",
    "Culture",
]
OWN = "{urn:newsflash:opml:1}"
KNOWN_ATTRIBUTES = {"type", "text", "title", "xmlUrl", "htmlUrl", "language"} | {
    f"{OWN}{name}" for name in ("owner", "trusted", "state")
}


@pytest.fixture(scope="module")
def document() -> ElementTree.Element:
    return ElementTree.parse(FILE).getroot()


@pytest.fixture(scope="module")
def feeds(document: ElementTree.Element) -> list[ElementTree.Element]:
    return document.findall("body/outline/outline")


def test_is_opml_2_with_one_folder_per_topic(document: ElementTree.Element) -> None:
    assert document.tag == "opml"
    assert document.get("version") == "2.0"
    assert document.findtext("head/title")
    folders = document.findall("body/outline")
    assert [folder.get("text") for folder in folders] == TOPICS
    assert all(folder.get("xmlUrl") is None for folder in folders)
    assert all(len(folder) >= 5 for folder in folders)


def test_counts(feeds: list[ElementTree.Element]) -> None:
    assert len(feeds) >= 90
    assert len({feed.get(f"{OWN}owner") for feed in feeds}) >= 25
    assert len({feed.get("language") for feed in feeds}) >= 8


def test_every_feed_is_complete(feeds: list[ElementTree.Element]) -> None:
    for feed in feeds:
        assert set(feed.attrib) <= KNOWN_ATTRIBUTES, feed.attrib
        assert feed.get("type") == "rss"
        assert feed.get("text")
        assert feed.get("title") == feed.get("text")
        assert feed.get(f"{OWN}owner")
        assert re.fullmatch(r"[a-z]{2}", feed.get("language", "")), feed.attrib
        assert feed.get(f"{OWN}trusted") in (None, "yes")
        assert re.fullmatch(r"[A-Z]{2}", feed.get(f"{OWN}state", "XX")), feed.attrib
        assert len(feed) == 0


def test_no_state_outlet_is_trusted(feeds: list[ElementTree.Element]) -> None:
    assert not [
        feed.get("text") for feed in feeds if feed.get(f"{OWN}state") and feed.get(f"{OWN}trusted")
    ]


def test_addresses_are_absolute_unique_and_public(feeds: list[ElementTree.Element]) -> None:
    for feed in feeds:
        for attribute in ("xmlUrl", "htmlUrl"):
            address = urlsplit(feed.get(attribute, ""))
            assert address.scheme in ("http", "https"), feed.attrib
            assert re.search(r"\.[a-z]{2,}$", address.hostname or ""), feed.attrib
            assert not address.fragment
            assert address.username is None
    seen = Counter(re.sub(r"^https?://(www\.)?", "", feed.get("xmlUrl", "")) for feed in feeds)
    assert [address for address, times in seen.items() if times > 1] == []
    names = Counter(feed.get("text") for feed in feeds)
    assert [name for name, times in names.items() if times > 1] == []


def test_every_language_has_enough_independent_owners(feeds: list[ElementTree.Element]) -> None:
    owners: defaultdict[str, set[str]] = defaultdict(set)
    for feed in feeds:
        owners[feed.get("language", "")].add(feed.get(f"{OWN}owner", ""))
    for language in ("en", "uk", "ru", "de"):
        assert len(owners[language]) >= 6, language
    assert {"fr", "es", "pl", "it"} <= set(owners)
    few = {language: names for language, names in owners.items() if len(names) < 3}
    assert few == {}


def test_each_main_language_has_a_trusted_newsroom(feeds: list[ElementTree.Element]) -> None:
    trusted = {feed.get("language") for feed in feeds if feed.get(f"{OWN}trusted") == "yes"}
    assert {"en", "uk", "ru", "de", "fr", "es", "pl", "it"} <= trusted
