"""Prints of feeds, entries, texts and documents."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.news.identity import (
    Marks,
    content_print,
    document_print,
    entry_id,
    feed_id,
    identities,
)

SITE = "https://example.net/"


def entry(guid: str = "", link: str = "", title: str = "T", summary: str = "") -> Marks:
    return Marks(guid, link, title, summary)


def distinct(*entries: Marks, site: str = SITE) -> int:
    return len(set(identities(entries, site)))


def one(mark: Marks, *others: Marks) -> str:
    return identities((mark, *others), SITE)[0]


def test_a_guid_is_the_identity_whatever_else_changes() -> None:
    assert one(entry("g", "https://e.net/1", "Old")) == one(entry("g", "https://e.net/2", "New"))


def test_guids_are_compared_exactly() -> None:
    guids = [
        "http://e.net/1",
        "https://e.net/1",
        "HTTP://e.net/1",
        "http://e.net/1/",
        "http://E.net/1",
    ]
    assert distinct(*(entry(guid) for guid in guids)) == len(guids)


def test_a_repeated_guid_is_joined_by_the_link() -> None:
    same = [entry("same", f"https://e.net/{n}", f"T{n}") for n in range(3)]
    assert distinct(*same) == 3
    assert one(same[0], *same[1:]) == one(entry("same", "https://e.net/0", "Changed"), *same[1:])


def test_guid_and_link_repeated_leave_the_title() -> None:
    assert distinct(*(entry("same", SITE, f"T{n}") for n in range(3))) == 3


def test_an_entry_listed_twice_is_no_repetition() -> None:
    twice = entry("g", "https://e.net/1", "T")
    assert distinct(twice, twice) == 1
    assert one(twice, twice) == one(twice)


def test_without_guid_the_link_without_its_campaign() -> None:
    link = "https://e.net/a"
    assert one(entry(link=link)) == one(entry(link=link + "?utm_source=rss", title="Changed"))


@pytest.mark.parametrize("link", [SITE, "http://www.example.net", "https://e.net/all"])
def test_one_link_for_all_is_joined_by_the_title(link: str) -> None:
    entries = [entry(link=link, title=f"T{n}") for n in range(3)]
    assert distinct(*entries) == 3


def test_the_sites_own_link_says_nothing_even_alone() -> None:
    assert one(entry(link=SITE, title="A")) != one(entry(link=SITE, title="B"))


def test_without_guid_and_link_the_words() -> None:
    assert distinct(entry(title="A"), entry(title="B"), entry(title="A", summary="s")) == 3


@given(st.lists(st.tuples(*[st.text(max_size=6)] * 4), max_size=12))
def test_identities_are_stable_prints(rows: list[tuple[str, str, str, str]]) -> None:
    entries = [Marks(*row) for row in rows]
    found = identities(entries, SITE)
    assert found == identities(entries, SITE)
    assert all(len(identity) == 32 and int(identity, 16) >= 0 for identity in found)
    assert [found[n] for n in range(len(entries))][::-1] == identities(entries[::-1], SITE)


def test_ids_of_feeds_and_entries() -> None:
    assert feed_id("HTTPS://Example.NET") == feed_id(" https://example.net/#top ")
    assert feed_id("https://example.net/A") != feed_id("https://example.net/a")
    assert len(feed_id("https://example.net/")) == 16
    assert len(feed_id("http://[bad")) == 16
    first, second = feed_id("https://a.net/"), feed_id("https://b.net/")
    assert entry_id(first, "1") != entry_id(second, "1")
    assert len(entry_id(first, "1")) == 32


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('He said: "No" - twice', "He said: “No” — twice"),
        ("Two  words\n", "two words"),
        ("It's over...", "It’s over…"),
        ("ﬁne Cafe\u0301", "Fine Café"),
    ],
)
def test_typography_is_no_change(before: str, after: str) -> None:
    assert content_print(before, before, before) == content_print(after, after, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [("5 dead", "6 dead"), ("1.5 m", "15 m"), ("costs 5 €", "costs 5 $"), ("a b", "a c")],
)
def test_words_and_numbers_are_a_change(before: str, after: str) -> None:
    assert content_print(before, "", "") != content_print(after, "", "")


def test_the_fields_of_a_content_print_do_not_run_together() -> None:
    assert content_print("a", "b", "") != content_print("ab", "", "")
    assert len(content_print("", "", "")) == 16


CHANNEL = "<rss><channel><title>t</title>{dates}{items}{after}</channel></rss>"
ITEM = "<item><title>{title}</title><pubDate>{date}</pubDate></item>"


def document(title: str = "T", item_date: str = "1", dates: str = "", after: str = "") -> bytes:
    items = ITEM.format(title=title, date=item_date)
    return CHANNEL.format(dates=dates, items=items, after=after).encode()


def test_a_channels_own_dates_are_no_change() -> None:
    dated = [
        "<lastBuildDate>Mon</lastBuildDate><pubDate>Mon</pubDate>",
        "<lastBuildDate>Tue</lastBuildDate>\t<pubDate>Tue</pubDate><!-- built in 3 ms -->",
    ]
    first, second = (document(dates=dates.replace("\t", "")) for dates in dated)
    assert document_print(first) == document_print(second)
    ends = [document(after=f"<lastBuildDate>{day}</lastBuildDate>") for day in ("Mon", "Tue")]
    assert document_print(ends[0]) == document_print(ends[1])
    atom = [
        f"<feed><updated>{day}</updated><entry><updated>1</updated></entry></feed>".encode()
        for day in ("1", "2")
    ]
    assert document_print(atom[0]) == document_print(atom[1])


def test_everything_else_is_a_change() -> None:
    assert document_print(document("A")) != document_print(document("B"))
    assert document_print(document(item_date="1")) != document_print(document(item_date="2"))
    assert document_print(b"{}") != document_print(b"[]")
    assert document_print(b"") == document_print(b"")
