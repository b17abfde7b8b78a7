"""Plain text for readers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.news.text import (
    excerpt,
    paragraphs,
    plain_text,
    plain_title,
    reading_minutes,
    word_count,
)

PIECES = [
    "<p>",
    "</p>",
    "<br>",
    "<a\thref='x'>",
    "</a>",
    "<script>",
    "</script>",
    "<!--",
    "-->",
    "<",
    ">",
    "&amp;",
    "&lt;",
    "&#xD83D;",
    "&#0;",
    "\x00",
    "\u202e",
    "\u2028",
    "<img\tsrc=x",
]
MARKUP = st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=10)), max_size=30).map(
    "".join
)


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>One<br>two<br/><br/>three</p>four", "One\ntwo\n\nthree\n\nfour"),
        ("<ul><li>a<li>b</ul>", "• a\n\n• b"),
        ("One\ntwo\n\nthree", "One two\n\nthree"),
        ("a<script>x<p></script>b<style>p{}</style><!-- c -->", "ab"),
        ("<p>1 < 2 & 3 > 2 &copy; &#8211;</p>", "1 < 2 & 3 > 2 © –"),
        ('<a title="x > y" href=z>link</a>', "link"),
        ('<a title="x"y">odd</a>', "odd"),
        ("&lt;p&gt;One&lt;/p&gt;&lt;p&gt;two&lt;/p&gt;", "One\n\ntwo"),
        ("<p>cut in the <b", "cut in the <b"),
        ("", ""),
    ],
)
def test_paragraphs(markup: str, text: str) -> None:
    assert paragraphs(markup) == text


def test_plain_text_is_one_line() -> None:
    assert plain_text("<p>One</p>\n<p>two <b>three</b></p>") == "One two three"


@given(MARKUP)
def test_no_control_leaves_the_text(markup: str) -> None:
    for text in (plain_text(markup), plain_title(markup), paragraphs(markup)):
        assert not any(ord(character) < 32 and character != "\n" for character in text)
        assert "\u202e" not in text
        assert text == text.strip()
        text.encode()


@given(MARKUP)
def test_a_title_stays_a_title(markup: str) -> None:
    title = plain_title(markup)
    assert "\n" not in title
    assert "<script>" not in title


@given(st.text(), st.integers(min_value=1, max_value=60))
def test_an_excerpt_is_short_and_a_beginning(text: str, limit: int) -> None:
    cut = excerpt(text, limit)
    assert len(cut) <= limit
    assert text.startswith(cut.removesuffix("…")) or cut == text


def test_an_excerpt_ends_at_a_word() -> None:
    assert excerpt("Water rose overnight", 15) == "Water rose…"
    assert excerpt("Water rose", 10) == "Water rose"
    assert excerpt("Water rose, then fell", 12) == "Water rose…"
    assert excerpt("a" * 30, 10) == "a" * 9 + "…"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("One, two – three!", 3),
        ("It’s twenty-one o'clock", 3),
        ("Вода піднялася на 2 м", 5),
        ("水位上升", 2),
        ("...", 0),
    ],
)
def test_word_counts(text: str, words: int) -> None:
    assert word_count(text) == words


def test_reading_minutes() -> None:
    assert [reading_minutes(words) for words in (0, 1, 220, 480)] == [0, 1, 1, 2]
