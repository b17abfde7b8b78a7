"""The sample wire's documents: RSS 2.0, Atom and JSON Feed 1.1, and the OPML that lists the feeds.

Bytes out of values; no clock and no network. The vocabularies are the ones that real publishers
use: Media RSS for pictures and credits, content:encoded for whole texts, dc:creator for authors.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from itertools import groupby
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from sandbox.wire_articles import Article, article_url, body_html, picture_url
from sandbox.wire_sources import Format, Source

_NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "media": "http://search.yahoo.com/mrss/",
    "newsflash": "urn:newsflash:opml:1",
}
for _prefix, _address in _NAMESPACES.items():
    ElementTree.register_namespace(_prefix, _address)


def feed_document(
    source: Source, articles: Iterable[Article], base_url: str, changed: datetime
) -> bytes:
    """A source's feed, newest article first, in the format that the source serves."""
    if source.format is Format.RSS:
        return _xml(_rss(source, articles, base_url, changed))
    if source.format is Format.ATOM:
        return _xml(_atom(source, articles, base_url, changed))
    return _json(source, articles, base_url)


def _rss(source: Source, articles: Iterable[Article], base_url: str, changed: datetime) -> Element:
    root = Element("rss", version="2.0")
    channel = SubElement(root, "channel")
    _add(channel, "title", source.name)
    _add(channel, "link", f"{base_url}/wire/{source.id}/")
    _add(channel, "description", f"{source.topic} news from {source.name}")
    _add(channel, "language", source.language)
    _add(channel, "lastBuildDate", format_datetime(changed, usegmt=True))
    address = base_url + source.feed_path
    SubElement(channel, _name("atom:link"), rel="self", type="application/rss+xml", href=address)
    for article in articles:
        _rss_item(SubElement(channel, "item"), article, source, base_url)
    return root


def _rss_item(item: Element, article: Article, source: Source, base_url: str) -> None:
    link = article_url(base_url, source, article.slug)
    _add(item, "title", article.title)
    _add(item, "link", link)
    _add(item, "guid", link).set("isPermaLink", "true")
    _add(item, "description", article.summary)
    _add(item, "category", source.topic)
    if article.published is not None:
        _add(item, "pubDate", format_datetime(article.published, usegmt=True))
    if article.updated is not None:
        _add(item, "atom:updated", article.updated.isoformat(timespec="seconds"))
    if article.author:
        _add(item, "dc:creator", article.author)
    if source.full_text:
        _add(item, "content:encoded", body_html(article, source, base_url))
    _media(item, article, source, base_url)


def _media(item: Element, article: Article, source: Source, base_url: str) -> None:
    if article.picture is None:
        return
    media = SubElement(
        item,
        _name("media:content"),
        url=picture_url(base_url, source, article.slug),
        medium="image",
        type="image/png",
        width="1200",
        height="630",
    )
    if article.picture.caption:
        _add(media, "media:description", article.picture.caption).set("type", "plain")
    if article.picture.credit:
        _add(media, "media:credit", article.picture.credit).set("role", "photographer")


def _atom(source: Source, articles: Iterable[Article], base_url: str, changed: datetime) -> Element:
    root = Element(_name("atom:feed"))
    root.set("{http://www.w3.org/XML/1998/namespace}lang", source.language)
    home, address = f"{base_url}/wire/{source.id}/", base_url + source.feed_path
    _add(root, "atom:id", address)
    _add(root, "atom:title", source.name)
    _add(root, "atom:updated", changed.isoformat(timespec="seconds"))
    SubElement(root, _name("atom:link"), rel="alternate", type="text/html", href=home)
    SubElement(root, _name("atom:link"), rel="self", href=address)
    _add(SubElement(root, _name("atom:author")), "atom:name", source.name)
    for article in articles:
        _atom_entry(SubElement(root, _name("atom:entry")), article, source, base_url)
    return root


def _atom_entry(entry: Element, article: Article, source: Source, base_url: str) -> None:
    link = article_url(base_url, source, article.slug)
    _add(entry, "atom:id", link)
    _add(entry, "atom:title", article.title).set("type", "text")
    SubElement(entry, _name("atom:link"), rel="alternate", type="text/html", href=link)
    if article.published is not None:
        changed = article.updated or article.published
        _add(entry, "atom:published", article.published.isoformat(timespec="seconds"))
        _add(entry, "atom:updated", changed.isoformat(timespec="seconds"))
    if article.author:
        _add(SubElement(entry, _name("atom:author")), "atom:name", article.author)
    _add(entry, "atom:summary", article.summary).set("type", "text")
    if source.full_text:
        _add(entry, "atom:content", body_html(article, source, base_url)).set("type", "html")
    _media(entry, article, source, base_url)


def _json(source: Source, articles: Iterable[Article], base_url: str) -> bytes:
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": source.name,
        "home_page_url": f"{base_url}/wire/{source.id}/",
        "feed_url": base_url + source.feed_path,
        "language": source.language,
        "items": [_json_item(article, source, base_url) for article in articles],
    }
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _json_item(article: Article, source: Source, base_url: str) -> dict[str, Any]:
    link = article_url(base_url, source, article.slug)
    item: dict[str, Any] = {
        "id": link,
        "url": link,
        "title": article.title,
        "summary": article.summary,
        "tags": [source.topic],
    }
    if source.full_text:
        item["content_html"] = body_html(article, source, base_url)
    else:
        item["content_text"] = article.summary
    if article.published is not None:
        item["date_published"] = article.published.isoformat(timespec="seconds")
    if article.updated is not None:
        item["date_modified"] = article.updated.isoformat(timespec="seconds")
    if article.author:
        item["authors"] = [{"name": article.author}]
    if article.picture is not None:
        item["image"] = picture_url(base_url, source, article.slug)
    return item


@dataclass(frozen=True, slots=True)
class ListedFeed:
    """A feed as the OPML file lists it."""

    title: str
    url: str
    site: str
    language: str
    owner: str
    """"" when unknown: then the links tell outlets apart."""
    topic: str
    trusted: bool = False


def feeds_file(title: str, feeds: Iterable[ListedFeed]) -> bytes:
    """An OPML 2.0 document with one folder per topic, in the form of the project's feeds.opml."""
    root = Element("opml", version="2.0")
    _add(SubElement(root, "head"), "title", title)
    body = SubElement(root, "body")
    for topic, group in groupby(
        sorted(feeds, key=lambda feed: feed.topic), lambda feed: feed.topic
    ):
        folder = SubElement(body, "outline", text=topic)
        for feed in group:
            outline = SubElement(
                folder, "outline", type="rss", text=feed.title, title=feed.title,
                xmlUrl=feed.url, htmlUrl=feed.site,
            )  # fmt: skip
            if feed.language:
                outline.set("language", feed.language)
            if feed.owner:
                outline.set(_name("newsflash:owner"), feed.owner)
            if feed.trusted:
                outline.set(_name("newsflash:trusted"), "yes")
    return _xml(root)


def _xml(root: Element) -> bytes:
    ElementTree.indent(root)
    document: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return document


def _name(prefixed: str) -> str:
    prefix, colon, name = prefixed.rpartition(":")
    return f"{{{_NAMESPACES[prefix]}}}{name}" if colon else name


def _add(parent: Element, name: str, text: str) -> Element:
    child = SubElement(parent, _name(name))
    child.text = text
    return child
