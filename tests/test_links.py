"""Addresses made safe, comparable, and reduced to who publishes them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.news.links import absolute_link, canonical_link, registered_domain, safe_link

ADDRESSES = st.builds(
    "{}://{}{}{}{}".format,
    st.sampled_from(["http", "HTTPS", "ftp", "javascript", ""]),
    st.sampled_from(
        ["Example.NET", "www.e.co.uk", "[::1]", "127.0.0.1", "e.net:80", "пример.рф", ""]
    ),
    st.text("/aB%20ä .~", max_size=8),
    st.text("?a=1&utm_source=x&B", max_size=20),
    st.sampled_from(["", "#top", "#!page"]),
)


@pytest.mark.parametrize(
    ("link", "safe"),
    [
        (" https://e.net/a ", "https://e.net/a"),
        ("HTTP://E.NET:80/A?b#c", "http://e.net/A?b#c"),
        ("https://user:secret@e.net/", "https://e.net/"),
        ("https://e.net/a\n b", "https://e.net/ab"),
        ('https://e.net/"><script>', "https://e.net/%22%3E%3Cscript%3E"),
        ("https://e.net/шлях?ї=1", "https://e.net/шлях?ї=1"),
        ("https://приклад.укр/", "https://xn--80aikifvh.xn--j1amh/"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443/x"),
        ("javascript:alert(1)", ""),
        ("data:text/html,x", ""),
        ("//e.net/a", ""),
        ("/a", ""),
        ("https://", ""),
        ("https://./", ""),
        ("http://[bad/", ""),
        ("https://e.net:99999/", ""),
        ("https://e.net/" + "a" * 3000, ""),
        ("", ""),
    ],
)
def test_safe_links(link: str, safe: str) -> None:
    assert safe_link(link) == safe


@given(st.one_of(ADDRESSES, st.text()))
def test_safe_links_are_safe(link: str) -> None:
    safe = safe_link(link)
    assert safe == "" or safe.startswith(("http://", "https://"))
    assert not set(safe) & set("\"<> \n\t'"[:6])
    assert "@" not in safe.split("/")[2:3]
    assert safe_link(safe) == safe
    safe.encode()


@given(ADDRESSES)
def test_canonical_links_stay_what_they_are(link: str) -> None:
    canonical = canonical_link(link)
    assert canonical_link(canonical) == canonical
    assert bool(canonical) == bool(safe_link(link))


def test_one_page_one_canonical_link() -> None:
    same = [
        "https://example.net/a/b?id=1",
        "http://www.Example.net:80/a/b/?id=1#comments",
        "https://example.net/a/b?utm_source=rss&id=1&utm_medium=feed",
        "https://example.net/a/b?id=1&fbclid=abc&at_medium=RSS&xtor=RSS-3208",
    ]
    assert {canonical_link(link) for link in same} == {"https://example.net/a/b?id=1"}


@pytest.mark.parametrize(
    "other",
    [
        "https://example.net/A/b?id=1",
        "https://example.net/a/b?id=2",
        "https://example.net/a/b",
        "https://example.net:8443/a/b?id=1",
        "https://m.example.net/a/b?id=1",
        "https://example.net/a/b?id=1#!2",
    ],
)
def test_other_pages_stay_apart(other: str) -> None:
    assert canonical_link(other) != canonical_link("https://example.net/a/b?id=1")


def test_relative_references() -> None:
    base = "https://e.net/news/feed.xml"
    assert absolute_link("a?b=1", base) == "https://e.net/news/a?b=1"
    assert absolute_link("../x", base) == "https://e.net/x"
    assert absolute_link("//f.net/x", base) == "https://f.net/x"
    assert absolute_link("mailto:a@e.net", base) == ""
    assert absolute_link("http://[bad", base) == ""
    assert absolute_link("", base) == ""


@pytest.mark.parametrize(
    ("link", "domain"),
    [
        ("https://www.bbc.co.uk/news/1", "bbc.co.uk"),
        ("https://news.example.com.ua/x", "example.com.ua"),
        ("https://writer.github.io/x", "writer.github.io"),
        ("https://github.io/", "github.io"),
        ("http://127.0.0.1:8080/x", "127.0.0.1"),
        ("http://[2001:db8::1]/", "2001:db8::1"),
        ("http://localhost:8080/", "localhost"),
        ("https://новини.укр/", "xn--b1amarcd.xn--j1amh"),
        ("no link", ""),
    ],
)
def test_registered_domains(link: str, domain: str) -> None:
    assert registered_domain(link) == domain
