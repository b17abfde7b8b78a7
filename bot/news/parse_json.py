"""JSON Feed 1 and 1.1 (jsonfeed.org/version/1.1). Malformed items are skipped."""

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from bot.errors import FeedError, FeedTrouble
from bot.models.entries import ParsedFeed, Picture
from bot.news.links import absolute_link
from bot.news.parse_article import Article, read_article
from bot.news.parse_cleaning import most_read
from bot.news.parse_dates import parse_date
from bot.news.parse_entries import Found, author_name, finish, language_of, newest
from bot.news.parse_pictures import described, image_url, picture_url
from bot.news.text import excerpt, plain_title

_LONGEST_MARKUP = 262_144
_LONGEST_NAME = 120
# Numbers stay as written: an id may be a number, and of any length. What some servers append to
# the document (a banner, a timing) is not looked at.
_DECODER = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


def parse_json(text: str, url: str) -> ParsedFeed:
    """Parse a JSON Feed found at `url`. Raises FeedError when it is none or broken."""
    try:
        document, _ = _DECODER.raw_decode(text)
    except (ValueError, RecursionError) as error:
        raise FeedError(
            FeedTrouble.BROKEN, "This address answers with damaged JSON, not with a feed."
        ) from error
    items = document.get("items") if isinstance(document, dict) else None
    if not isinstance(document, dict) or not isinstance(items, list) or not _is_feed(document):
        raise FeedError(
            FeedTrouble.NOT_A_FEED,
            "This address answers with JSON that is not a feed (jsonfeed.org).",
        )
    site = absolute_link(_text(document, "home_page_url"), url)
    authors = _authors(document)
    found = []
    for item in _looked_at(items, len(text)):
        # One item that cannot be read must not hide the others, whatever is wrong with it.
        with suppress(Exception):
            found.append(_found(item, url, authors))
    entries, further = newest(finish(found, site or url))
    return ParsedFeed(
        title=excerpt(plain_title(_text(document, "title")), _LONGEST_NAME),
        site=site,
        language=language_of(document.get("language")),
        entries=entries,
        further=further,
    )


def _looked_at(items: list[Any], length: int) -> list[Any]:
    """At most most_read() items: the last ones where the dates ascend, else the first ones."""
    wanted = most_read(len(items), length)
    if len(items) <= wanted:
        return items
    ends = [item for item in (items[0], items[-1]) if isinstance(item, dict)]
    dates = [moment for moment in map(_published, ends) if moment is not None]
    ascending = len(dates) == 2 and dates[0] < dates[1]
    return items[-wanted:] if ascending else items[:wanted]


def _is_feed(document: Mapping[str, Any]) -> bool:
    return "jsonfeed.org" in _text(document, "version").lower()


def _text(item: Mapping[str, Any], key: str) -> str:
    value = item.get(key)
    return value[:_LONGEST_MARKUP] if isinstance(value, str) else ""


def _found(item: Mapping[str, Any], url: str, feed_authors: str) -> Found:
    stated = (_text(item, key) for key in ("url", "external_url", "id"))
    # An id is often the page's address, but never one that needs resolving.
    links = (absolute_link(link, "" if n == 2 else url) for n, link in enumerate(stated))
    markup = _text(item, "content_html") or _text(item, "content_text")
    content = read_article(markup, url) if markup else Article()
    summary = read_article(_text(item, "summary"), url) if _text(item, "summary") else Article()
    return Found(
        guid=_text(item, "id"),
        title=_text(item, "title"),
        link=next(filter(None, links), ""),
        summary=summary,
        content=content,
        author=_authors(item) or feed_authors,
        published=_published(item),
        picture=_picture(item, content, url),
    )


def _published(item: Mapping[str, Any]) -> datetime | None:
    return parse_date(_text(item, "date_published")) or parse_date(_text(item, "date_modified"))


def _authors(item: Mapping[str, Any]) -> str:
    """Names of "authors" (1.1) or "author" (1.0)."""
    listed = item.get("authors")
    people = listed if isinstance(listed, list) else [item.get("author")]
    names = [author_name(_text(one, "name")) for one in people if isinstance(one, Mapping)]
    return excerpt(", ".join(dict.fromkeys(filter(None, names))), _LONGEST_NAME)


def _picture(item: Mapping[str, Any], content: Article, url: str) -> Picture | None:
    attachments = item.get("attachments")
    attached = [
        _text(one, "url")
        for one in (attachments if isinstance(attachments, list) else [])
        if isinstance(one, Mapping) and _text(one, "mime_type").startswith("image/")
    ]
    stated = [_text(item, "image"), *attached, _text(item, "banner_image")]
    address = next(filter(None, (picture_url(one, url) for one in stated if one)), "")
    in_text = (image_url(image.attributes, url) for image in content.images)
    address = address or next(filter(None, in_text), "")
    return described(Picture(address), "", "", content.caption) if address else None
