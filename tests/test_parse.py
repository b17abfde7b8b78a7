"""Documents of every format to entries; the samples are made up for the behaviour they show."""

import json
import pickle
from datetime import UTC, datetime

import pytest

from bot.errors import FeedError, FeedTrouble
from bot.models.entries import ParsedEntry, ParsedFeed
from bot.news.entries import print_of
from bot.news.parse import feed_links, parse_document

URL = "https://feeds.example.net/news/rss.xml"


def rss(*items: str, channel: str = "", attributes: str = "") -> str:
    body = "".join(f"<item>{item}</item>" for item in items)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" {attributes}>'
        "<channel><title>Example Times</title><link>https://example.net/</link>"
        f"{channel}{body}</channel></rss>"
    )


def parse(document: str | bytes, *, url: str = URL, content_type: str = "") -> ParsedFeed:
    body = document if isinstance(document, bytes) else document.encode()
    return parse_document(body, url=url, content_type=content_type)


def only(document: str | bytes) -> ParsedEntry:
    (entry,) = parse(document).entries
    return entry


def refused(document: str | bytes, **details: str) -> FeedError:
    with pytest.raises(FeedError) as caught:
        parse(document, **details)
    return caught.value


def test_rss() -> None:
    feed = parse(
        rss(
            "<title>Dam fails</title><link>https://example.net/a/1</link><guid>g1</guid>"
            "<description>Water rose overnight.</description>"
            "<pubDate>Mon, 02 Nov 2026 10:00:00 +0200</pubDate><author>By Jane Doe</author>",
            channel="<language>en-GB</language>",
        )
    )
    assert (feed.title, feed.site, feed.language) == ("Example Times", "https://example.net/", "en")
    (entry,) = feed.entries
    assert entry.title == "Dam fails"
    assert entry.link == "https://example.net/a/1"
    assert entry.lede == "Water rose overnight."
    assert entry.text == ""
    assert entry.author == "Jane Doe"
    assert entry.published == datetime(2026, 11, 2, 8, tzinfo=UTC)
    assert len(entry.identity) == 32


def test_rdf_names_entries_by_about() -> None:
    document = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"
      xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/">
      <channel rdf:about="https://example.net/"><title>Wire</title>
      <link>https://example.net/</link></channel>
      <item rdf:about="urn:1"><title>One</title><link>https://example.net/1</link>
      <dc:date>2026-11-02T10:00:00Z</dc:date><dc:creator>A. Writer</dc:creator></item></rdf:RDF>"""
    entry = only(document)
    assert (entry.title, entry.author) == ("One", "A. Writer")
    assert entry.published == datetime(2026, 11, 2, 10, tzinfo=UTC)
    assert entry.identity != only(document.replace("urn:1", "urn:2")).identity


@pytest.mark.parametrize(
    "root",
    [
        '<feed xmlns="http://www.w3.org/2005/Atom">',
        '<feed version="0.3" xmlns="http://purl.org/atom/ns#">',
        "<feed>",
    ],
)
def test_atom_of_every_age(root: str) -> None:
    entry = only(
        f"{root}<title>t</title><entry><id>urn:1</id><title>One</title>"
        '<link rel="enclosure" type="image/png" href="https://example.net/p.png"/>'
        '<link rel="alternate" type="text/html" href="/1"/><updated>2026-11-02T10:00:00Z</updated>'
        "<author><name>Jane</name></author><summary>Short.</summary></entry></feed>"
    )
    assert entry.link == "https://feeds.example.net/1"
    assert (entry.title, entry.lede, entry.author) == ("One", "Short.", "Jane")
    assert entry.picture is not None
    assert entry.picture.url == "https://example.net/p.png"


def test_json_feed() -> None:
    items: list[object] = [
        {"id": 7, "url": "https://example.net/7", "title": "Seven", "content_html": "<p>Body</p>"},
        {"id": 2.5, "external_url": "https://other.example/x", "content_text": "Words"},
        "junk",
        {"id": "x", "authors": "nobody", "title": ["no"], "content_html": {"a": 1}},
        None,
        {"id": "3", "title": "Three", "authors": [{"name": "Jane"}], "image": "/p.png"},
    ]
    feed = parse(
        json.dumps(
            {
                "version": "https://jsonfeed.org/version/1.1",
                "title": "J",
                "home_page_url": "https://example.net/",
                "language": "uk-UA",
                "items": items,
            }
        )
    )
    assert (feed.title, feed.site, feed.language) == ("J", "https://example.net/", "uk")
    seven, words, three = feed.entries
    assert (seven.title, seven.lede) == ("Seven", "Body")
    assert (words.title, words.link) == ("Words", "https://other.example/x")
    assert (three.author, three.picture and three.picture.url) == (
        "Jane",
        "https://feeds.example.net/p.png",
    )
    item = {"id": "7", "url": "https://example.net/7", "title": "Seven"}
    text = json.dumps({"version": "https://jsonfeed.org/version/1", "items": [item]})
    assert only(text).identity == seven.identity


def test_json_followed_by_something_else() -> None:
    assert parse('{"version": "https://jsonfeed.org/version/1", "items": []}\n<!-- 3 ms -->')


def test_a_feed_without_entries_is_a_feed() -> None:
    assert parse(rss()).entries == ()


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (b"", "nothing"),
        (b" \r\n\t\0", "nothing"),
        (b"%PDF-1.4\n\xe2\xe3", "does not answer with a feed"),
        (bytes(range(256)) * 40, "does not answer with a feed"),
        (b"<!DOCTYPE html><html><body><rss><item/></rss></body></html>", "web page"),
        (b"<html><title>Just a moment...</title></html>", "robots"),
        (b'<urlset xmlns="x"><url/></urlset>', "sitemap"),
        (b'<opml version="2.0"><body/></opml>', "OPML"),
        (b'{"error": "rate limited", "items": "none"}', "JSON that is not a feed"),
        (b'[{"id": 1}]', "JSON that is not a feed"),
        (b'{"version": "https://jsonfeed.org/version/1", "items": [', "damaged JSON"),
        (b"[" * 100_000, "damaged JSON"),
    ],
)
def test_what_is_no_feed_says_what_it_is(document: bytes, words: str) -> None:
    error = refused(document)
    assert words in str(error)
    assert error.trouble in (FeedTrouble.NOT_A_FEED, FeedTrouble.BROKEN)


def test_a_page_names_its_feeds() -> None:
    page = (
        b'<html><head><base href="https://example.net/x/">'
        b'<link rel="stylesheet" href="a.css">'
        b"<link rel=alternate type=application/rss+xml title='All &amp; more' href=../all.xml>"
        b'<link type="application/atom+xml" rel="home alternate" href="/a"></head></html>'
    )
    found = feed_links(page, url="https://example.net/")
    assert found == (
        ("All & more", "https://example.net/all.xml"),
        ("", "https://example.net/a"),
    )
    assert "https://example.net/all.xml" in str(refused(page))


def test_errors_cross_process_borders() -> None:
    error = refused(b"")
    copied = pickle.loads(pickle.dumps(error))
    assert (str(copied), copied.trouble) == (str(error), error.trouble)


RUSSIAN = "Новости и мнения"


@pytest.mark.parametrize(
    ("encoding", "declared", "content_type"),
    [
        ("utf-8", "utf-8", ""),
        ("utf-8", "utf-16", ""),
        ("utf-8", "x-unknown-8bit", "text/xml; charset=iso-8859-1"),
        ("utf-8-sig", "windows-1251", ""),
        ("utf-16", "utf-16", ""),
        ("utf-16-le", "utf-16", ""),
        ("utf-16-be", "utf-16", ""),
        ("cp1251", "windows-1251", ""),
        ("cp1251", "utf-8", "text/xml; charset=windows-1251"),
        ("cp1251", "utf-8", ""),
        ("cp1251", "", ""),
        ("koi8-r", "koi8-r", "text/xml"),
        ("iso-8859-5", "ISO-8859-5", ""),
    ],
)
def test_encodings_true_and_false(encoding: str, declared: str, content_type: str) -> None:
    document = rss(f"<title>{RUSSIAN}</title>").replace("UTF-8", declared)
    feed = parse(document.encode(encoding), content_type=content_type)
    assert feed.entries[0].title == RUSSIAN


@pytest.mark.parametrize(
    ("title", "encoding", "declared"),
    [
        ("“quoted” – café €", "cp1252", "ISO-8859-1"),
        ("日本のニュース", "iso2022_jp", "ISO-2022-JP"),
        ("日本のニュース", "cp932", "Shift_JIS"),
        ("臺灣新聞", "big5", "Big5"),
        ("新闻", "gb18030", "GB2312"),
        ("ข่าว", "cp874", "TIS-620"),
        ("Élan où ça", "cp1252", ""),
    ],
)
def test_encodings_by_their_web_names(title: str, encoding: str, declared: str) -> None:
    document = rss(f"<title>{title}</title>").replace("UTF-8", declared)
    assert parse(document.encode(encoding)).entries[0].title == title


def test_one_bad_byte_spoils_one_character() -> None:
    body = rss(f"<title>{RUSSIAN}</title>").encode()
    assert only(body.replace("мн".encode(), b"\xff" + "мн".encode())).title.startswith("Новости")


@pytest.mark.parametrize("label", ["idna", "zlib", "unicode_escape", "punycode", "rot13", "nul\0l"])
def test_encodings_that_are_traps(label: str) -> None:
    body = rss("<title>caf\xe9</title>").replace("UTF-8", label).encode("cp1252")
    assert only(body).title == "café"


def test_surroundings_are_cleaned_away() -> None:
    item = "<title>T</title>"
    warned = b"<br />\n<b>Warning</b>: mysql in <b>/var/www/x.php</b>\n" + rss(item).encode()
    assert only(warned).title == "T"
    assert only(b"\xef\xbb\xbf\xef\xbb\xbf" + rss(item).encode()).title == "T"
    assert only(b"\n" * 300_000 + rss(item).encode()).title == "T"
    assert (
        only(rss(item).replace("<rss", '<?xml version="1.0"?>' + " \n" * 200_000 + "<rss")).title
        == "T"
    )
    assert only(rss("<!-- a -- b --><title>a\x0bb\x1f</title>")).title == "ab"
    assert only(rss("<!-- <item><title>no</title></item> --><title>T</title>")).title == "T"


def test_no_entity_is_expanded() -> None:
    document = rss("<title>x &xxe; &lol; y</title>").replace(
        "<rss",
        '<!DOCTYPE r [<!ENTITY xxe SYSTEM "file:///etc/passwd"><!ENTITY lol "lol">]><rss',
    )
    assert only(document).title == "x &xxe; &lol; y"


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ("A &nbsp;&mdash; B &foobar; C", "A — B &foobar; C"),
        ("Tom & Jerry &amp; Spike", "Tom & Jerry & Spike"),
        ("&#8220;Hi&#x201D; &#150; &#xD83D; &#0; &#99999999999; ok", "“Hi” – ok"),
        ("&#xD83D;&#xDD25; fire", "🔥 fire"),
        ("&lt;b&gt;Bold&lt;/b&gt; &amp;amp; more", "Bold & more"),
        ("&amp;lt;b&amp;gt;x&amp;lt;/b&amp;gt;", "x"),
        ("<![CDATA[<i>Quick</i> &amp; dirty]]>", "Quick & dirty"),
        ("Vector&lt;int&gt; in C++", "Vector<int> in C++"),
        ("One&#10;two", "One two"),
        ("\u202egnirts\u202c \u200bx", "gnirts x"),
    ],
)
def test_titles(raw: str, title: str) -> None:
    assert only(rss(f"<title>{raw}</title>")).title == title


def test_a_missing_title_comes_from_the_text() -> None:
    assert (
        only(rss("<title>&#x200B;</title><description>Some words.</description>")).title
        == "Some words."
    )
    assert only(rss("<link>https://example.net/a</link>")).title == "https://example.net/a"
    assert parse(rss("<category>x</category>")).entries == ()


@pytest.mark.parametrize(
    ("elements", "link"),
    [
        ("<link>https://e.net/?a=1&b=2&copy=1&reg</link>", "https://e.net/?a=1&b=2&copy=1&reg"),
        ("<link>\n https://e.net/1\n</link>", "https://e.net/1"),
        ("<link><![CDATA[https://e.net/?a=1&b=2]]></link>", "https://e.net/?a=1&b=2"),
        ("<link>a/1?x=1</link>", "https://feeds.example.net/news/a/1?x=1"),
        ("<link>data:text/html,1</link>", ""),
        ("<link>javascript:alert(1)</link>", ""),
        ("<link>http://[bad/1</link>", ""),
        ("<link>https://user:secret@e.net/1</link>", "https://e.net/1"),
        ('<link>https://e.net/"onclick="x</link>', "https://e.net/%22onclick=%22x"),
        ("<guid>https://e.net/1</guid>", "https://e.net/1"),
        ('<guid isPermaLink="false">https://e.net/1</guid>', ""),
        ("<guid>12345</guid>", ""),
        (
            "<link>https://e.net/1</link><related><link>https://e.net/other</link></related>",
            "https://e.net/1",
        ),
        (
            '<link>https://e.net/1</link><link rel="enclosure">https://e.net/p.jpg</link>',
            "https://e.net/1",
        ),
        (
            '<atom:link href="https://e.net/other"/><link>https://e.net/1</link>'
            "<guid>https://e.net/1</guid>",
            "https://e.net/1",
        ),
        ('<atom:link rel="alternate" href="https://e.net/1"/>', "https://e.net/1"),
        (
            '<atom:link type="application/json" href="https://e.net/1.json"/>'
            '<atom:link type="text/html" href="https://e.net/1"/>',
            "https://e.net/1",
        ),
        (
            "<link>https://f.net/~r/1</link>"
            '<fb:origLink xmlns:fb="http://rssnamespace.org/feedburner/ext/1.0">'
            "https://e.net/1</fb:origLink>",
            "https://e.net/1",
        ),
    ],
)
def test_links(elements: str, link: str) -> None:
    namespace = 'xmlns:atom="http://www.w3.org/2005/Atom"'
    assert only(rss(f"<title>T</title>{elements}", attributes=namespace)).link == link


def test_links_after_xml_base() -> None:
    document = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://base.example/blog/">'
        '<title>t</title><entry xml:base="2026/"><id>1</id><title>x</title><link href="1"/>'
        '<content type="html">&lt;img src="p.jpg"&gt;</content></entry></feed>'
    )
    entry = only(document)
    assert entry.link == "https://base.example/blog/2026/1"
    assert entry.picture is not None
    assert entry.picture.url == "https://base.example/blog/2026/p.jpg"


def test_only_the_newest_entries_are_read() -> None:
    items = [
        f"<title>{n}</title><pubDate>{n % 27 + 1:02} Nov 2026 10:00 GMT</pubDate>"
        for n in range(26, 226)
    ]
    older = [f"<title>old {n}</title><pubDate>01 Jan 2020 10:00 GMT</pubDate>" for n in range(100)]
    newest_first = parse(rss(*items, *older)).entries
    assert [entry.title for entry in newest_first] == [str(n) for n in range(26, 226)]
    oldest_first = parse(rss(*older, *items)).entries
    assert [entry.title for entry in oldest_first] == [str(n) for n in range(26, 226)]


def test_a_broken_end_keeps_what_came_before() -> None:
    whole = rss("<title>One</title>", "<title>Two</title><description>half")
    assert [entry.title for entry in parse(whole[:-40]).entries][:1] == ["One"]
    cut = rss("<title>One</title>", "<title>Two</title><description><![CDATA[<p>never")
    assert [entry.title for entry in parse(cut[: cut.index("never") + 5]).entries] == ["One", "Two"]


@pytest.mark.parametrize(
    "document",
    [
        "<rss version='2.0'><channel><title>Broken",
        "<rss version='2.0'><channel><title>Broken</title><link>https://example.net/</link>",
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>Broken</title><entry><id>1",
        rss()[:-6],
    ],
)
def test_what_breaks_off_before_its_first_entry_is_damaged(document: str) -> None:
    error = refused(document)
    assert error.trouble is FeedTrouble.BROKEN
    assert "breaks off" in str(error)


def test_what_is_beyond_the_newest_entries_is_marked() -> None:
    def items(*numbers: int) -> list[str]:
        return [
            f"<title>{n}</title><guid>g{n}</guid><description>Words {n}</description>"
            f"<pubDate>{n % 28 + 1:02} Nov {1990 + n // 28} 10:00 GMT</pubDate>"
            for n in numbers
        ]

    shuffled = [(n * 77) % 500 for n in range(500)]
    feed = parse(rss(*items(*shuffled)))
    assert [entry.title for entry in feed.entries] == [str(n) for n in shuffled if n >= 300]
    older = parse(rss(*items(*range(150, 300))))
    assert {(entry.identity, print_of(entry)) for entry in older.entries} < set(feed.further)
    assert len(feed.further) == len(dict(feed.further)) == 300
    assert older.further == ()


def test_an_undated_entry_is_as_old_as_the_one_before_it() -> None:
    dated = [f"<title>{n}</title><pubDate>{n % 28 + 1:02} Nov 2026</pubDate>" for n in range(28)]
    filled = [f"<title>old {n}</title><pubDate>01 Nov 2020</pubDate>" for n in range(200)]
    feed = parse(rss("<title>first</title>", *filled, *dated, "<title>last</title>"))
    kept = [entry.title for entry in feed.entries]
    assert kept[0] == "first"
    assert kept[-1] == "last"
    assert len(kept) == 200


@pytest.mark.parametrize("step", [1, -1])
def test_of_a_json_feed_too_the_newest_entries_are_read(step: int) -> None:
    numbers = range(6000)[::step]
    items = [
        {"id": str(n), "title": str(n), "date_published": f"{2000 + n // 28}-01-{n % 28 + 1:02}"}
        for n in numbers
    ]
    feed = parse(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": items}))
    assert {entry.title for entry in feed.entries} == {str(n) for n in range(5800, 6000)}
    assert len(feed.further) == 4800


def test_tags_in_any_case_and_out_of_place() -> None:
    assert only(rss("<TITLE>T</TITLE>")).title == "T"
    moved = "<rss><channel><title>c</title></channel><item><title>T</title></item></rss>"
    assert only(moved).title == "T"
    assert only(rss("<title>T</title><description><p>hi <b>x</p></b></description>")).lede == "hi x"


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        ("Mon, 02 Nov 2026 10:00 +0200", datetime(2026, 11, 2, 8, tzinfo=UTC)),
        ("Mo, 02 Nov 26 10:00:00 BST", datetime(2026, 11, 2, 9, tzinfo=UTC)),
        ("Пн, 02 ноя 2026 10:00:00 MSK", datetime(2026, 11, 2, 7, tzinfo=UTC)),
        ("2 листопада 2026, 10:00", datetime(2026, 11, 2, 10, tzinfo=UTC)),
        ("2026-11-02T24:00:00Z", datetime(2026, 11, 3, tzinfo=UTC)),
        ("2026-11-02T10:00:00.123456789EEST", datetime(2026, 11, 2, 7, tzinfo=UTC)),
        ("1790000000000", datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)),
        ("November 2, 2026 10:00 PM EST", datetime(2026, 11, 3, 3, tzinfo=UTC)),
        ("Mon, 02 Nov 2026 10:00:00 +2500", datetime(2026, 11, 2, 10, tzinfo=UTC)),
        ("Mon, 30 Feb 2026 10:00:00 GMT", None),
        ("soon", None),
        ("", None),
    ],
)
def test_dates(raw: str, moment: datetime | None) -> None:
    assert only(rss(f"<title>T</title><pubDate>{raw}</pubDate>")).published == moment


def test_published_goes_before_updated() -> None:
    both = (
        "<title>T</title><dc:date>2020-01-01T00:00:00Z</dc:date>"
        "<pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate>"
    )
    namespace = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    assert only(rss(both, attributes=namespace)).published == datetime(2026, 11, 2, 10, tzinfo=UTC)
