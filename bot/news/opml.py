"""Lists of feeds as OPML 2.0 (opml.org/spec2.opml), in and out. Whether a feed works is not known.

Beside the standard attributes (text, xmlUrl, htmlUrl, language) an outline may carry
newsflash:owner, newsflash:trusted and newsflash:state (xmlns:newsflash="urn:newsflash:opml:1").
A folder whose text is a topic's name gives its feeds that topic.
"""

import re
from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

from bot.errors import FeedError, FeedTrouble
from bot.models.feeds import Feed
from bot.models.identifiers import Topic
from bot.news.identity import feed_id
from bot.news.links import registered_domain, safe_link
from bot.news.parse_cleaning import clean
from bot.news.parse_encoding import decode
from bot.news.parse_entries import language_of
from bot.news.text import excerpt, plain_title

_NAMESPACE = "urn:newsflash:opml:1"
_DEEPEST = 20
_MOST_FEEDS = 10_000
_LONGEST_NAME = 120
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parse_opml(body: bytes) -> tuple[Feed, ...]:
    """The feeds of an OPML document in its order, each address once.

    Outlines without an http(s) xmlUrl are passed over. Raises FeedError: NOT_A_FEED when it is no
    OPML, BROKEN when its XML is damaged.
    """
    cleaned = clean(decode(body))
    if cleaned.root != "opml":
        raise FeedError(
            FeedTrouble.NOT_A_FEED, "This file is not a list of feeds: OPML is expected."
        )
    try:
        # No DOCTYPE survives the cleaning, so there are no entities to expand.
        root = ElementTree.fromstring(cleaned.text)
    except (ElementTree.ParseError, ValueError) as error:
        raise FeedError(
            FeedTrouble.BROKEN, "This list of feeds is damaged: its XML does not end well."
        ) from error
    feeds: dict[str, Feed] = {}
    for outline, topic in _outlines(root):
        feed = _feed(outline, topic)
        if feed is not None and len(feeds) < _MOST_FEEDS:
            feeds.setdefault(feed.id, feed)
    return tuple(feeds.values())


def _outlines(
    root: ElementTree.Element,
) -> Iterator[tuple[ElementTree.Element, Topic | None]]:
    """Every outline in document order with the topic of the nearest folder that names one."""
    waiting: list[tuple[ElementTree.Element, Topic | None, int]] = [(root, None, 0)]
    while waiting:
        element, topic, depth = waiting.pop()
        if element.tag.lower() == "outline":
            yield element, topic
            topic = _topic(_attribute(element, "text", "title")) or topic
        if depth < _DEEPEST:
            waiting += [(child, topic, depth + 1) for child in reversed(element)]


def _topic(name: str) -> Topic | None:
    return next((topic for topic in Topic if topic.value == name.strip().lower()), None)


def _attribute(element: ElementTree.Element, *names: str) -> str:
    """The first of the attributes that has a value; their case is ignored, as exporters do."""
    values = {name.lower(): value.strip() for name, value in element.attrib.items()}
    return next((values[name.lower()] for name in names if values.get(name.lower())), "")


def _feed(outline: ElementTree.Element, topic: Topic | None) -> Feed | None:
    url = safe_link(_attribute(outline, "xmlUrl"))
    if not url:
        return None
    title = excerpt(plain_title(_attribute(outline, "text", "title")), _LONGEST_NAME)
    state = _attribute(outline, f"{{{_NAMESPACE}}}state").upper()
    return Feed(
        id=feed_id(url),
        url=url,
        title=title or registered_domain(url),
        owner=excerpt(plain_title(_attribute(outline, f"{{{_NAMESPACE}}}owner")), _LONGEST_NAME),
        language=language_of(_attribute(outline, "language")),
        topic=topic,
        trusted=_attribute(outline, f"{{{_NAMESPACE}}}trusted").lower() in ("true", "yes", "1"),
        state=state if len(state) == 2 and state.isascii() and state.isalpha() else "",
        site=safe_link(_attribute(outline, "htmlUrl")),
    )


def render_opml(feeds: Iterable[Feed]) -> bytes:
    """An OPML document in UTF-8: a folder for each topic, then the feeds without one."""
    ElementTree.register_namespace("newsflash", _NAMESPACE)
    root = ElementTree.Element("opml", {"version": "2.0"})
    head = ElementTree.SubElement(root, "head")
    ElementTree.SubElement(head, "title").text = "Newsflash feeds"
    body = ElementTree.SubElement(root, "body")
    by_topic: dict[Topic | None, list[Feed]] = {topic: [] for topic in (*Topic, None)}
    for feed in feeds:
        by_topic[feed.topic].append(feed)
    for topic, members in by_topic.items():
        folder = body
        if topic is not None and members:
            folder = ElementTree.SubElement(body, "outline", {"text": topic.value.capitalize()})
        for feed in members:
            ElementTree.SubElement(folder, "outline", _attributes(feed))
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


def _attributes(feed: Feed) -> dict[str, str]:
    attributes = {
        "type": "rss",
        "text": feed.title,
        "xmlUrl": feed.url,
        "htmlUrl": feed.site,
        "language": str(feed.language),
        f"{{{_NAMESPACE}}}owner": feed.owner,
        f"{{{_NAMESPACE}}}state": feed.state,
        f"{{{_NAMESPACE}}}trusted": "true" if feed.trusted else "",
    }
    return {name: _ILLEGAL.sub("", value) for name, value in attributes.items() if value}
