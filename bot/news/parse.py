"""A document's bytes to a parsed feed, whatever the format. May run in another process.

What is read how is in the modules named parse_*: encoding, cleaning, XML, JSON, dates, pictures.
"""

from bot.errors import FeedError, FeedTrouble
from bot.models.entries import ParsedFeed
from bot.news.parse_cleaning import clean
from bot.news.parse_encoding import decode
from bot.news.parse_json import parse_json
from bot.news.parse_page import feed_links, not_a_feed
from bot.news.parse_xml import parse_xml

__all__ = ["feed_links", "parse_document"]


def parse_document(body: bytes, *, url: str, content_type: str = "") -> ParsedFeed:
    """Parse RSS 0.9x to 2.0, RDF, Atom or JSON Feed: its 200 newest entries, and what marks
    those beyond them, of the first 5,000 (the last ones where dates ascend),
    fewer in a document of over 4 million characters.

    `url` is the address that answered, for relative links; `content_type` its HTTP header.
    A feed without entries is a feed. Raises FeedError (NOT_A_FEED, BROKEN) and nothing else.
    """
    try:
        text = decode(body, content_type)
        start = text[:1000].lstrip("\ufeff\0 \t\r\n")
        if start.startswith(("{", "[")):
            return parse_json(text.strip("\ufeff\0 \t\r\n"), url)
        cleaned = clean(text)
        # A page may hold anything, even a feed's tags; what begins as a page is one.
        page_first = "<html" in cleaned.before.lower() or "<!doctype html" in cleaned.before.lower()
        if cleaned.root in ("", "opml") or page_first:
            raise not_a_feed(text, url)
        return parse_xml(cleaned, url)
    except FeedError:
        raise
    except Exception as error:
        raise FeedError(FeedTrouble.BROKEN, "This feed is damaged and cannot be read.") from error
