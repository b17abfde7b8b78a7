"""The sandbox's own judges of text and links agree with TDLib, faults included."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox import detection, hypertext, links, tdlib
from sandbox.markup import Formatted, fix, read_text
from sandbox.values import Refusal

PIECES = [
    *("<b>", "</b>", "<B>", "</b >", "<i>", "</i>", "<u>", "</u>", "<code>", "</code>", "<pre>"),
    *("</pre>", "<blockquote>", "<blockquote expandable>", "</blockquote>", "<tg-spoiler>"),
    *("</tg-spoiler>", '<span class="tg-spoiler">', "<span>", "</span>", "</a>", "<a>", "</>"),
    *('<a href="https://e.org/">', "<a href='localhost'>", "<a href=x.org>", "<a\nhref='e.org'>"),
    *('<code class="language-py">', '<pre><code class="language-c">x</code></pre>', "<pre a=b>"),
    *('<tg-time unix="5" format="wDt">', "<tg-time>", '<tg-time unix="5" format="r">'),
    *('<tg-emoji emoji-id="5">', "<tg-emoji>", "</tg-emoji>", "</tg-time>", "<tg-time unix=x>"),
    *("&lt;", "&amp", "&nbsp;", "&apos;", "&#65;", "&#x1F600;", "&#0;", "&"),
    *("text", "é", "😀", " ", "\n", "https://x.org", "<", "<b", "< b>", "<p>", "</ b>", ">"),
    *("<b class>", "<b class=>", "<b =x>", "<b a='1' b>", "<b a='1'c=\"2\">", "<b a=x/>"),
    *("<br/>", "<!-- c -->", '<b"x">', '<a href="tg://user?id=5">', '<a href="'),
]


def judged(parse: object, text: str) -> tuple[object, ...]:
    """What a parser makes of a text, entities in a fixed order, or the fault it finds."""
    assert callable(parse)
    try:
        plain, entities = parse(text, "html")
    except Refusal as refusal:
        return ("refused", refusal.description)
    return (plain, sorted(json.dumps(entity, sort_keys=True) for entity in entities))


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join), st.integers(0, 200))
def test_html_is_judged_as_tdlib_judges_it(text: str, length: int) -> None:
    for written in (text, text[:length]):
        assert judged(hypertext.parse, written) == judged(tdlib.parse, written), written


@pytest.mark.parametrize(
    "address",
    [
        *("http://localhost/", "http://127.0.0.1:80/x", "t.me/x?start=1", "https://e.org", ""),
        *("tg://resolve?domain=x", "javascript:1", "http://a b.com", "mailto:x@y.z", "//e.org"),
        *("HTTPS://E.org/A?b=1&c=2#f", "https://x..y/", "http://[::1]:80/a", "https://e.org:0/"),
        *("https://e.org:99999/", "ftp://e.org/", "https://ünï.de/ä", "https://e.org?x=1"),
        *("https://e.org#f", "https://user:p@e.org/", "https://e.org/ x", "https:///e.org"),
        *("https://e", "e.org", "http://e.org:", "https://e.org/%20", 'https://e.org/"<'),
    ],
)
def test_links_are_judged_as_tdlib_judges_them(address: str) -> None:
    assert links.checked_without_tdlib(address) == links.checked_link(address)


@pytest.mark.parametrize(
    "text",
    [
        "/start@bot and /help, not a/b",
        "See https://e.org/a?b=1. Or (http://x.org/y)",
        "@someone #tag user@e.org 😀 /list",
        "😀 #новини www.e.org",
        "nothing here",
    ],
)
def test_what_telegram_finds_by_itself(text: str) -> None:
    assert detection.detect(text) == tdlib.detect(text)


def test_white_space_at_the_ends_goes_and_entities_move() -> None:
    assert fix("  hi there \n", [{"type": "bold", "offset": 5, "length": 7}]) == Formatted(
        "hi there", [{"type": "bold", "offset": 3, "length": 5}]
    )
    assert fix(" a", [{"type": "bold", "offset": 0, "length": 1}]) == Formatted("a", [])


def test_code_stands_alone() -> None:
    assert read_text("<b>a<code>😀</code>b</b>", "HTML", None).entities == [
        {"type": "bold", "offset": 0, "length": 1},
        {"type": "code", "offset": 1, "length": 2},
        {"type": "bold", "offset": 3, "length": 1},
    ]


def test_entities_may_be_given_instead_of_markup() -> None:
    given_entities = [
        {"type": "bold", "offset": 0, "length": 1, "unknown": 1},
        {"type": "text_link", "offset": 2, "length": 1, "url": "http://localhost"},
        {"type": "text_link", "offset": 4, "length": 99, "url": "e.org"},
        {"type": "url", "offset": 0, "length": 1},
    ]
    assert read_text("a b c", "", given_entities).entities == [
        {"type": "bold", "offset": 0, "length": 1},
        {"type": "text_link", "offset": 4, "length": 1, "url": "http://e.org/"},
    ]
    with pytest.raises(Refusal, match="can't parse entities"):
        read_text("a", "", [{"type": "bold"}])


def test_at_most_a_hundred_entities_stay() -> None:
    assert len(read_text("<b>a</b> <i>b</i> " * 100, "HTML", None).entities) == 100


@given(st.text(alphabet="ab é😀\n<>&/", max_size=60), st.booleans())
def test_every_text_is_shown_or_refused(text: str, marked: bool) -> None:
    try:
        formatted = read_text(text, "HTML" if marked else "", None)
    except Refusal:
        return
    assert formatted.text == formatted.text.strip()
    size = detection.units(formatted.text)
    for entity in formatted.entities:
        assert 0 <= entity["offset"] < entity["offset"] + entity["length"] <= size
