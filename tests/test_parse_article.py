"""A real article's anatomy: lede, text, picture with caption and credit, author, related links."""

import pytest

from bot.models.entries import ParsedEntry, Picture
from bot.news.parse import parse_document

NAMESPACES = (
    'xmlns:media="http://search.yahoo.com/mrss/" '
    'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
    'xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" '
    'xmlns:yandex="http://news.yandex.ru"'
)


def entry_with(elements: str) -> ParsedEntry:
    document = (
        f'<rss version="2.0" {NAMESPACES}><channel><title>c</title><item><title>Dam fails</title>'
        f"<link>https://example.net/a/1</link>{elements}</item></channel></rss>"
    )
    (entry,) = parse_document(document.encode(), url="https://example.net/rss").entries
    return entry


def content(markup: str) -> str:
    return f"<content:encoded><![CDATA[{markup}]]></content:encoded>"


FILLER = "<p>" + "The eastern wall of the dam gave way overnight, officials said. " * 12 + "</p>"

ARTICLE = f"""
<figure><img src="/p/dam.jpg" width="1200"><figcaption>The dam at dawn.
  <span class="credit">Photo: A. Person / Agency</span></figcaption></figure>
<p class="byline">By Jane Doe</p>
<p>Water rose two metres.</p>
{FILLER}
<blockquote>“We ran,” a man said.</blockquote>
<p>Related: <a href="/a/0">River levels rise</a></p>
<div class="related-articles"><ul><li><a href="https://example.net/b?utm_source=x">Old dams</a></li>
<li><a href="javascript:no()">bad</a></li></ul></div>
<script>track()</script><style>p {{}}</style><!-- hidden -->
<p>About the author: Jane Doe has covered rivers for ten years.</p>
<p>Continue reading...</p>
"""


def test_the_anatomy_of_an_article() -> None:
    entry = entry_with("<description>Water rose overnight.</description>" + content(ARTICLE))
    assert entry.lede == "Water rose overnight."
    paragraphs = entry.text.split("\n\n")
    assert paragraphs[0] == "Water rose two metres."
    assert paragraphs[-1] == "“We ran,” a man said."
    assert len(paragraphs) == 3
    assert entry.author == "Jane Doe"
    assert entry.author_about == "Jane Doe has covered rivers for ten years."
    assert entry.related == (
        ("River levels rise", "https://example.net/a/0"),
        ("Old dams", "https://example.net/b?utm_source=x"),
    )
    assert entry.picture == Picture(
        "https://example.net/p/dam.jpg", "The dam at dawn.", "A. Person / Agency"
    )


def test_without_a_summary_the_first_paragraphs_are_the_lede() -> None:
    entry = entry_with(content("<p>One.</p><p>Two.</p>" + FILLER))
    assert entry.lede.startswith("One. Two. The eastern wall")
    assert len(entry.lede) <= 600
    assert entry.lede.endswith("…")
    assert entry.text.startswith("One.\n\nTwo.\n\n")


def test_a_teaser_told_twice_is_no_full_text() -> None:
    entry = entry_with("<description>Short.</description>" + content("<p>Short.</p>"))
    assert (entry.lede, entry.text) == ("Short.", "")


def test_a_long_summary_is_the_full_text() -> None:
    markup = (FILLER * 2).replace("<", "&lt;")
    entry = entry_with(f"<description>{markup}</description>")
    assert entry.text.count("\n\n") == 1
    assert len(entry.lede) <= 600


def test_full_text_elsewhere_and_escaped_twice() -> None:
    full = "&lt;p&gt;" + "Word &amp;amp; word. " * 60 + "&lt;/p&gt;"
    entry = entry_with(f"<description>S.</description><yandex:full-text>{full}</yandex:full-text>")
    assert entry.text.startswith("Word & word.")
    escaped = content("&lt;p&gt;One.&lt;/p&gt;&lt;p&gt;Two.&lt;/p&gt;")
    assert entry_with(escaped).lede == "One. Two."


def test_ways_to_go_on_are_not_related() -> None:
    entry = entry_with(
        content(
            "<p>Water rose.</p><p>Read also:</p><ul><li><a href='/b'>Other</a></li></ul>"
            "<p><a href='/c'>Read more</a></p>"
            "<p>Related: <a href='https://example.net/a/1?utm_source=x'>Dam fails</a></p>"
            "<p>Related to the dam is the mill, <a href='/m'>they</a> said in a long sentence.</p>"
        )
    )
    assert entry.related == (("Other", "https://example.net/b"),)
    assert entry.lede.startswith("Water rose. Related to the dam")


@pytest.mark.parametrize(
    "ending",
    [
        "<p>Continue reading…</p>",
        '<p><a href="https://example.net/a/1">Read more</a></p>',
        "<p>The post Dam fails appeared first on Example Times.</p>",
        " [&#8230;]",
    ],
)
def test_boilerplate_at_the_end_is_no_text(ending: str) -> None:
    entry = entry_with(f"<description><![CDATA[<p>Water rose.</p>{ending}]]></description>")
    assert entry.lede == "Water rose."


def test_the_largest_picture_with_its_own_words() -> None:
    entry = entry_with(
        "<description>Body</description><media:group>"
        '<media:content url="https://i.example/1.jpg" width="140" type="image/jpeg"/>'
        '<media:content url="https://i.example/2.jpg" width="1200" medium="image">'
        '<media:description type="plain"><![CDATA[The dam &amp; the river. A. Person]]>'
        '</media:description><media:credit role="author">A. Person</media:credit></media:content>'
        '<media:content url="https://i.example/3.mp4" width="4000" type="video/mp4"/>'
        '<media:content url="https://i.example/4.jpg" width="300"><media:description>Other'
        "</media:description></media:content></media:group>"
    )
    assert entry.picture == Picture("https://i.example/2.jpg", "The dam & the river.", "A. Person")
    assert (entry.lede, entry.text) == ("Body", "")


def test_picture_words_beside_the_picture() -> None:
    entry = entry_with(
        '<media:thumbnail url="https://i.example/t.jpg"/><media:description>The dam (Photo: X / Y)'
        "</media:description><description>Body</description>"
    )
    assert entry.picture == Picture("https://i.example/t.jpg", "The dam", "X / Y")
    assert entry.lede == "Body"


@pytest.mark.parametrize(
    ("elements", "url"),
    [
        ('<enclosure url="/i/a.jpg" type="image/jpeg" length="1"/>', "https://example.net/i/a.jpg"),
        ('<enclosure url="https://e.net/a.mp3" type="audio/mpeg"/>', ""),
        ('<itunes:image href="https://e.net/c.png"/>', "https://e.net/c.png"),
        (
            content('<img data-src="/i/l.jpg" src="data:image/gif;base64,R0"><img src="/i/2.jpg">'),
            "https://example.net/i/l.jpg",
        ),
        (
            content('<img srcset="/i/s.jpg 300w, /i/b.jpg 1200w" src="">'),
            "https://example.net/i/b.jpg",
        ),
        (
            content(
                '<img src="https://e.net/x.gif" width="1" height="1">'
                '<img src="https://pixel.e.net/a"><img src="https://ad.doubleclick.net/x.jpg">'
                '<img src="https://e.net/logo.svg"><img src="https://e.net/real.jpg?w=2&amp;h=3">'
            ),
            "https://e.net/real.jpg?w=2&h=3",
        ),
        (content("<p>No picture</p>"), ""),
    ],
)
def test_where_pictures_come_from(elements: str, url: str) -> None:
    picture = entry_with(elements).picture
    assert (picture.url if picture else "") == url


def test_a_film_feed_has_its_description_as_lede() -> None:
    document = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:media="http://search.yahoo.com/mrss/">'
        "<title>c</title><entry><id>1</id><title>Film</title><media:group>"
        '<media:content url="https://e.net/f.swf" type="application/x-shockwave-flash"/>'
        '<media:thumbnail url="https://e.net/t.jpg"/><media:description>First.\n\nSecond.'
        "</media:description></media:group></entry></feed>"
    )
    (entry,) = parse_document(document.encode(), url="https://example.net/").entries
    assert entry.lede == "First. Second."
    assert entry.picture == Picture("https://e.net/t.jpg")


@pytest.mark.parametrize(
    ("author", "name"),
    [
        ("jane@example.net (Jane Doe)", "Jane Doe"),
        ("desk@example.net", ""),
        ("By &lt;b&gt;Jane Doe&lt;/b&gt;", "Jane Doe"),
    ],
)
def test_authors_are_names(author: str, name: str) -> None:
    assert entry_with(f"<author>{author}</author>").author == name
