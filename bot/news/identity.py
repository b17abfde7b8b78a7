"""Prints: of feeds, entries, texts and documents. What makes two of them the same lives here."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from urllib.parse import urlsplit, urlunsplit

from bot.models.identifiers import EntryId, FeedId
from bot.news.links import canonical_link

_SEPARATOR = "\x1f"
_BETWEEN_DIGITS = re.compile(r"(?<=\d)[.,:](?=\d)")
_FIRST_ENTRY = re.compile(rb"<(?:[\w.-]+:)?(?:item|entry)[\s>]", re.IGNORECASE)
_CHANNEL_DATES = re.compile(
    rb"<((?:[\w.-]+:)?(?:lastBuildDate|pubDate|updated|modified|date))\b[^<>]*>[^<]{0,100}</\1\s*>"
    rb"|<!--[^<>]{0,500}-->",
    re.IGNORECASE,
)


def _print(size: int, *parts: str) -> str:
    text = _SEPARATOR.join(parts).encode("utf-8", "replace")
    return blake2b(text, digest_size=size).hexdigest()


def feed_id(url: str) -> FeedId:
    """16 hexadecimal digits over the address, scheme and host in lower case, no fragment."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        url = urlunsplit((parts.scheme, parts.netloc.lower(), parts.path or "/", parts.query, ""))
    except ValueError:
        pass
    return FeedId(_print(8, url))


def entry_id(feed: FeedId, identity: str) -> EntryId:
    """32 hexadecimal digits over the feed and the entry's identity in it."""
    return EntryId(_print(16, feed, identity))


class _Letters(dict[int, str | None]):
    """Translates to what counts in a text: no punctuation, spaces, controls."""

    def __missing__(self, code: int) -> str | None:
        category = unicodedata.category(chr(code))
        counts = category[0] in "LMN" or category in ("Sc", "Sm", "So")
        self[code] = kept = chr(code) if counts else None
        return kept


_LETTERS = _Letters()


def _letters(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold()
    # A point or colon within a number is part of its value, not typography.
    return _BETWEEN_DIGITS.sub("×", text).translate(_LETTERS)


def content_print(title: str, lede: str, text: str) -> str:
    """16 hexadecimal digits that change when words change, not when typography does.

    Observation: publishers swap quotation marks, dashes, spaces and capitals long after an entry
    appeared; such an edit is no news. Rule: letters, digits and symbols count, in order.
    """
    return _print(8, _letters(title), _letters(lede), _letters(text))


def document_print(body: bytes) -> str:
    """32 hexadecimal digits over a document without its channel's own dates and comments.

    Observation: more than half of the successive versions of real feeds differ in nothing but the
    channel's lastBuildDate, pubDate or updated. Rule: those are left out, before the first entry
    and after the last, where an entry's own dates cannot be.
    """
    first = _FIRST_ENTRY.search(body)
    if first is None:
        return blake2b(_CHANNEL_DATES.sub(b"", body), digest_size=16).hexdigest()
    last = max(body.rfind(b"</item>"), body.rfind(b"</entry>"), first.start())
    digest = blake2b(_CHANNEL_DATES.sub(b"", body[: first.start()]), digest_size=16)
    digest.update(body[first.start() : last])
    digest.update(_CHANNEL_DATES.sub(b"", body[last:]))
    return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Marks:
    """What tells an entry from the others of its document."""

    guid: str
    link: str
    title: str
    summary: str


def identities(entries: Sequence[Marks], site: str) -> list[str]:
    """One identity of 32 hexadecimal digits for each entry; equal only for one entry told twice.

    Observation: of real feeds some have no guid, one guid for all, or one link for all. Rule: the
    guid (compared exactly) unless it repeats, then guid and link; without a guid the canonical
    link unless it is the site's or repeats, then link and title; else title and summary. What
    still repeats is told apart by its title. An entry listed twice word by word does not count as
    a repetition, so that its identity stays when one copy goes. Known exception: a guid that
    starts to repeat changes the identity of what carried it; the desk then finds the same link.
    """
    distinct = set(entries)
    home = canonical_link(site)
    guids = Counter(entry.guid for entry in distinct if entry.guid)
    pairs = Counter((entry.guid, canonical_link(entry.link)) for entry in distinct)
    return [_identity(entry, home, guids, pairs) for entry in entries]


def _identity(entry: Marks, home: str, guids: Counter[str], pairs: Counter[tuple[str, str]]) -> str:
    link = canonical_link(entry.link)
    alone = pairs[(entry.guid, link)] == 1
    if entry.guid:
        if guids[entry.guid] == 1:
            return _print(16, "guid", entry.guid)
        if alone:
            return _print(16, "guid+link", entry.guid, link)
        return _print(16, "guid+link+title", entry.guid, link, entry.title)
    if link and link != home and alone:
        return _print(16, "link", link)
    if link and entry.title:
        return _print(16, "link+title", link, entry.title)
    return _print(16, "title+summary", entry.title, entry.summary)
