"""Cleaning, cutting, escaping and building: properties, judged by Telegram's own parser."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.views.html import (
    Builder,
    bold,
    clean,
    cut,
    escape,
    is_link,
    italic,
    join,
    link,
    plain,
    to_plain,
    units,
)
from tests.telegram_parser import accepts_link, read
from tests.view_samples import HOSTILE, links, texts


@given(texts)
def test_cleaned_text_is_encodable_single_spaced_and_stays_clean(text: str) -> None:
    cleaned = clean(text)
    cleaned.encode()
    assert cleaned == cleaned.strip()
    assert not any(unicodedata.category(each) in {"Cc", "Cs"} for each in cleaned)
    assert not set(cleaned) & set("\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200b\ufeff")
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    "text", ["\u200b\u2060", "\u3164", "\u200d\u200c", "\x00\x07", " \n ", "\u2800"]
)
def test_what_shows_nothing_is_empty(text: str) -> None:
    assert clean(text) == ""


def test_surrogate_pairs_become_their_character_and_halves_a_replacement() -> None:
    assert clean("a \ud83d\ude00 b \ud83d c") == "a 😀 b \ufffd c"


def test_paragraphs_survive_when_asked_for() -> None:
    assert clean("one\r\n\r\n\r\n  two \u2028three\t x", lines=True) == "one\n\ntwo\nthree x"


def test_joiners_and_direction_marks_stay() -> None:
    assert clean("می\u200cخواهم 👩\u200d🚀 \u200fא") == "می\u200cخواهم 👩\u200d🚀 \u200fא"


@given(texts, st.integers(0, 400))
def test_a_cut_never_exceeds_its_units_and_keeps_what_fits(text: str, limit: int) -> None:
    cleaned = clean(text)
    shown = cut(cleaned, limit)
    assert units(shown) <= limit
    if units(cleaned) <= limit:
        assert shown == cleaned
    elif limit:
        assert shown.endswith("…")
        assert cleaned.startswith(shown[:-1])


@given(st.integers(0, 60))
def test_a_cut_tears_no_cluster(limit: int) -> None:
    clusters = ["👨‍👩‍👧‍👦", "🇺🇦", "👍🏽", "e\u0301", "각", "한", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "❤\ufe0f", "ก็"]
    shown = cut("".join(clusters), limit)
    rest = shown.removesuffix("…")
    for cluster in clusters:
        if not rest:
            break
        if len(rest) < len(cluster):
            # Only a first cluster longer than the limit may be cut inside.
            assert shown.removesuffix("…") == rest
            assert cluster is clusters[0]
            break
        assert rest.startswith(cluster)
        rest = rest[len(cluster) :]


def test_a_cut_prefers_the_end_of_a_word() -> None:
    assert cut("The quick brown fox jumps over the dog", 20) == "The quick brown fox…"
    assert cut("The quick brown, and the rest", 19) == "The quick brown…"
    assert cut("Donaudampfschifffahrtsgesellschaft", 12) == "Donaudampfs…"


@given(texts)
def test_escaped_text_comes_back_as_it_was(text: str) -> None:
    shown = cut(clean(text), 4000)
    if shown:
        assert to_plain(escape(shown)) == shown
        # Telegram trims and removes a few characters more, but never finds markup in it.
        assert not [
            kind
            for kind, _ in read("x " + escape(shown) + " x").entities
            if kind.removeprefix("textEntityType") in {"Bold", "TextUrl", "Italic", "Code"}
        ]


@given(texts, links)
def test_markup_has_the_size_that_telegram_counts(text: str, url: str) -> None:
    piece = bold(link(plain(text, 500), url)) + plain(" . ") + italic(plain(text, 100))
    if piece:
        shown = read(piece.html)
        assert units(shown.text) <= piece.units
        assert len(shown.entities) <= piece.entities


@given(links)
def test_what_counts_as_a_link_telegram_links(url: str) -> None:
    if is_link(url):
        assert accepts_link(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://example.com", True),
        ("http://127.0.0.1:8080/wire/a?b=c&d=e", True),
        ("https://xn--80ak6aa92e.com/", True),
        ("https://новини.укр/стаття", True),
        ("http://localhost/a", False),
        ("javascript:alert(1)", False),
        ("https://example.com@evil.com/", False),
        ("https://example.com:99999/", False),
        ("https://example.com/\u202egpj.exe", False),
        ("https://example.com/" + "x" * 2_000, False),
        ("", False),
    ],
)
def test_links_are_absolute_honest_and_short(url: str, expected: bool) -> None:
    assert is_link(url) is expected


@given(st.lists(texts, max_size=60))
def test_a_built_message_fits_whatever_is_added(pieces: list[str]) -> None:
    text = Builder()
    for piece in pieces:
        text.add(bold(link(plain(piece, 900), "https://example.com/" + "é" * 900)))
    assert len(text.html.encode()) <= 32_768
    if text.html:
        shown = read(text.html)
        assert units(shown.text) <= 4096
        assert len(shown.entities) <= 100


def test_a_line_that_does_not_fit_is_refused_whole() -> None:
    text = Builder(10)
    assert text.add(plain("12345"))
    assert not text.add(plain("67890"))
    assert text.add(plain("6789"))
    assert text.html == "12345\n6789"
    assert text.room == 0


def test_joining_leaves_out_what_is_empty() -> None:
    assert join(" · ", (plain("a"), plain(""), plain("<"))).html == "a · &lt;"


@pytest.mark.parametrize("text", HOSTILE)
def test_plain_text_of_markup_is_what_was_shown(text: str) -> None:
    piece = bold(plain(text, 1_000))
    assert to_plain(piece.html) == cut(clean(text), 1_000)
