"""What an address is when it is no feed, and which feeds a web page names. No feed is read here."""

import re

from bot.errors import FeedError, FeedTrouble
from bot.news.links import absolute_link
from bot.news.markup import attributes_of, tags_of
from bot.news.parse_encoding import decode
from bot.news.text import excerpt, plain_title

_HEAD = 524_288
_FEED_TYPES = frozenset(
    ["application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"]
)
_MOST_FEEDS = 10
_HTML = re.compile(r"<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]", re.IGNORECASE)
_SITEMAP = re.compile(r"<(?:urlset|sitemapindex)[\s>]", re.IGNORECASE)
_CHALLENGE = re.compile(
    r"cf-challenge|challenge-platform|just a moment\.\.\.|captcha|enable javascript and cookies",
    re.IGNORECASE,
)


def feed_links(body: bytes, *, url: str, content_type: str = "") -> tuple[tuple[str, str], ...]:
    """(title, address) of the feeds that a web page names in its head, in order, at most ten.

    RSS autodiscovery: <link rel="alternate" type="application/rss+xml" href="…">.
    """
    return _links(decode(body[:_HEAD], content_type), url)


def _links(page: str, url: str) -> tuple[tuple[str, str], ...]:
    base = url
    found: dict[str, str] = {}
    for tag in tags_of(page):
        if tag.name == "base" and not tag.closing:
            base = absolute_link(attributes_of(tag.attributes).get("href", ""), url) or base
        if tag.name != "link" or tag.closing:
            continue
        attributes = attributes_of(tag.attributes)
        relations = attributes.get("rel", "").lower().split()
        kind = attributes.get("type", "").lower().split(";")[0].strip()
        link = absolute_link(attributes.get("href", ""), base)
        if "alternate" in relations and kind in _FEED_TYPES and link:
            found.setdefault(link, excerpt(plain_title(attributes.get("title", "")), 100))
        if len(found) == _MOST_FEEDS:
            break
    return tuple((title, link) for link, title in found.items())


def not_a_feed(text: str, url: str) -> FeedError:
    """The error for a document that is no feed: one sentence that says what it is instead."""
    return FeedError(FeedTrouble.NOT_A_FEED, _sentence(text[:_HEAD], url))


def _sentence(text: str, url: str) -> str:
    if not text.strip("\0\ufeff \t\r\n"):
        return "This address answers with nothing, so there is no feed to read."
    if _SITEMAP.search(text):
        return "This address is a sitemap for search engines, not a feed."
    if "<opml" in text[:5000].lower():
        return "This address is a list of feeds (OPML), not a feed."
    if not _HTML.search(text):
        return "This address does not answer with a feed (RSS, Atom or JSON Feed)."
    links = _links(text, url)
    if links:
        return f"This address is a web page, not a feed. The page names this feed: {links[0][1]}"
    if _CHALLENGE.search(text):
        return "This site answers with a check for robots instead of its feed."
    return "This address is a web page, not a feed, and the page does not name one."
