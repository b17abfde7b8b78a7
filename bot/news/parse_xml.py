"""RSS, RDF and Atom by feedparser. Only this module knows how feedparser names things.

feedparser 6.0.14 is given bytes only (a str may be opened as a file or an address), UTF-8 only and
cleaned text only; its sanitiser and its link resolver are off. Its hazards that are dealt with
here: a later link element overwrites `link`, so a link is chosen from `links`; `updated` stands in
for `published` with a warning, so entries are read as plain dicts.
"""

import io
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import feedparser

from bot.errors import FeedError, FeedTrouble
from bot.models.entries import ParsedFeed
from bot.news.links import absolute_link, safe_link
from bot.news.parse_article import Article, read_article
from bot.news.parse_cleaning import Cleaned
from bot.news.parse_dates import parse_date
from bot.news.parse_entries import Found, author_name, finish, language_of, newest
from bot.news.parse_pictures import choose_picture
from bot.news.text import excerpt, plain_title

_PROLOG = b'<?xml version="1.0" encoding="utf-8"?>\n'
_LONGEST_MARKUP = 262_144
_LONGEST_NAME = 120
_DATES = (
    ("published", "published_parsed"),
    ("updated", "updated_parsed"),
    ("created", "created_parsed"),
)


def parse_xml(cleaned: Cleaned, url: str) -> ParsedFeed:
    """Parse a cleaned document found at `url`. Raises FeedError when it is none or broken."""
    document = _parsed(cleaned.text)
    channel: dict[str, Any] = dict(document.get("feed") or {})
    entries = document.get("entries") or []
    base = str(_first_base(channel) or url)
    site = absolute_link(_alternate(channel, "") or str(channel.get("link") or ""), base)
    found = []
    for entry in entries:
        # One entry that cannot be read must not hide the others, whatever is wrong with it.
        with suppress(Exception):
            found.append(_found(dict(entry), url))
    kept, further = newest(finish(found, site or url))
    if not kept and (document.get("bozo") or not (document.get("version") or channel)):
        # Without a single entry nothing tells a feed that broke off from one that is empty.
        raise FeedError(
            FeedTrouble.BROKEN,
            "This feed is damaged: its XML breaks off or is not well-formed, and no entry in it "
            "can be read.",
        )
    return ParsedFeed(
        title=excerpt(plain_title(str(channel.get("title") or "")), _LONGEST_NAME),
        site=site,
        language=language_of(channel.get("language")),
        entries=kept,
        further=further,
    )


def _parsed(text: str) -> Mapping[str, Any]:
    try:
        document: Mapping[str, Any] = feedparser.parse(
            io.BytesIO(_PROLOG + text.encode("utf-8", "ignore")),
            response_headers={"content-type": "application/xml; charset=utf-8"},
            sanitize_html=False,
            resolve_relative_uris=False,
        )
    except Exception as error:
        raise FeedError(FeedTrouble.BROKEN, "This feed is damaged and cannot be read.") from error
    return document


def _first_base(channel: Mapping[str, Any]) -> str:
    details = (channel.get("title_detail"), channel.get("subtitle_detail"))
    bases = (detail.get("base") for detail in details if isinstance(detail, Mapping))
    return next((str(base) for base in bases if safe_link(str(base))), "")


def _found(entry: dict[str, Any], url: str) -> Found:
    stated_base = _base(entry, url)
    link = _link(entry, stated_base or url)
    # References within a text are written for the page where it stands.
    base = stated_base or link or url
    summary_markup, content_markup = _markups(entry)
    if not summary_markup and not content_markup:
        # Video feeds have no other description than the film's.
        summary_markup = str(entry.pop("media_caption", ""))[:_LONGEST_MARKUP]
    summary = read_article(summary_markup, base) if summary_markup else Article()
    content = read_article(content_markup, base) if content_markup else Article()
    illustrated = content if content.images or content.caption else summary
    return Found(
        guid=str(entry.get("id") or ""),
        title=str(entry.get("title") or ""),
        link=link,
        summary=summary,
        content=content,
        author=_author(entry),
        published=_published(entry),
        picture=choose_picture(entry, illustrated, base),
    )


def _base(entry: Mapping[str, Any], url: str) -> str:
    """xml:base as it stood at the entry's texts, resolved against the document's address; ""."""
    details = [entry.get("title_detail"), entry.get("summary_detail"), *_contents(entry)]
    bases = [detail.get("base") for detail in details if isinstance(detail, Mapping)]
    return next((base for base in (absolute_link(str(b), url) for b in bases if b) if base), "")


def _contents(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    contents = entry.get("content")
    return [c for c in contents if isinstance(c, Mapping)] if isinstance(contents, list) else []


def _markups(entry: Mapping[str, Any]) -> tuple[str, str]:
    """Summary and longest content as they stand, bounded; one that both repeat counts once."""
    summary = str(entry.get("summary") or "")[:_LONGEST_MARKUP]
    candidates = [str(content.get("value") or "") for content in _contents(entry)]
    candidates.append(str(entry.get("yandex_full-text") or ""))
    content = max(candidates, key=len)[:_LONGEST_MARKUP]
    return (summary, "") if content == summary else (summary, content)


def _alternate(entry: Mapping[str, Any], guid: str) -> str:
    """The first link that leads to a page; one that the guid names too goes first."""
    links = entry.get("links")
    found = [
        ("html" not in str(link.get("type") or "html"), str(link.get("href") or "").strip())
        for link in (links if isinstance(links, list) else [])
        if isinstance(link, Mapping) and link.get("rel", "alternate") == "alternate"
    ]
    # Sorting is stable: what is no page comes last, all else stays in document order.
    candidates = [href for _, href in sorted(found, key=lambda one: one[0]) if href]
    return guid if guid in candidates else next(iter(candidates), "")


def _link(entry: Mapping[str, Any], base: str) -> str:
    original = safe_link(str(entry.get("feedburner_origlink") or ""))
    guid = str(entry.get("id") or "").strip()
    stated = original or absolute_link(_alternate(entry, guid), base)
    if stated:
        return stated
    # A guid is the page's address unless the feed says that it is not (RSS 2.0, guid).
    return safe_link(guid) if entry.get("guidislink") else ""


def _author(entry: Mapping[str, Any]) -> str:
    authors = entry.get("authors")
    details = [a for a in authors if isinstance(a, Mapping)] if isinstance(authors, list) else []
    names = [author_name(str(detail.get("name") or "")) for detail in details]
    names = list(dict.fromkeys(name for name in names if name))
    return excerpt(", ".join(names), _LONGEST_NAME) or author_name(str(entry.get("author") or ""))


def _published(entry: Mapping[str, Any]) -> datetime | None:
    """The first date that can be read: published, then updated, then created."""
    for name, parsed_name in _DATES:
        moment = parse_date(str(entry.get(name) or "")) or _from_parts(entry.get(parsed_name))
        if moment is not None:
            return moment
    return None


def _from_parts(parts: Any) -> datetime | None:
    with suppress(TypeError, ValueError, OverflowError):
        year, month, day, hour, minute, second = parts[:6]
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    return None
