"""From what a format's reader found to finished entries: titles, ledes, texts and identities.

Shared by all formats, so that an entry reads the same whether it came by RSS, Atom or JSON.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.models.entries import ParsedEntry, Picture
from bot.models.identifiers import Language
from bot.news.entries import print_of
from bot.news.identity import Marks, identities
from bot.news.links import canonical_link
from bot.news.parse_article import Article
from bot.news.text import excerpt, plain_title

MOST_KEPT = 200
"""Entries of a document that may become entries of the wire."""
LEDE_LIMIT = 600
_TITLE_LIMIT = 300
_TITLE_FROM_LEDE = 100
_TEXT_LIMIT = 60_000
_AUTHOR_LIMIT = 120
_LONGEST_GUID = 2048
_UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
_BY = re.compile(r"^(?:by|von|par)\s+(?=\w)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """What a format's reader found of one entry."""

    guid: str
    title: str
    """As it stands in the feed."""
    link: str
    """Absolute http(s), or ""."""
    summary: Article
    content: Article
    author: str = ""
    published: datetime | None = None
    picture: Picture | None = None


def finish(found: Iterable[Found], site: str) -> tuple[ParsedEntry, ...]:
    """Entries in document order, each identity once; one without any words is left out."""
    drafts = [draft for draft in map(_draft, found) if draft is not None]
    marks = [Marks(guid, entry.link, entry.title, entry.lede) for guid, entry in drafts]
    finished: dict[str, ParsedEntry] = {}
    for identity, (_, entry) in zip(identities(marks, site), drafts, strict=True):
        finished.setdefault(identity, _identified(entry, identity))
    return tuple(finished.values())


def newest(
    entries: Sequence[ParsedEntry],
) -> tuple[tuple[ParsedEntry, ...], tuple[tuple[str, str], ...]]:
    """(The MOST_KEPT newest in document order, identity and content print of all others).

    Observation: feeds may list years of entries, newest first, oldest first or by subject. Rule:
    the newest by date; an undated entry is as old as the dated one before it, or after it at the
    document's beginning; of equal ones, and where nothing is dated, the first. Known exceptions:
    planned entries take the place of others; of a long feed without dates that grows at its end,
    nothing is news. Rejected: forgetting the others, which would be taken for new as soon as what
    was before them is withdrawn.
    """
    if len(entries) <= MOST_KEPT:
        return tuple(entries), ()
    moments: list[datetime] = []
    moment = next((entry.published for entry in entries if entry.published), _UNDATED)
    for entry in entries:
        moment = entry.published or moment
        moments.append(moment)
    # Sorting is stable in reverse too: equal ones stay in document order.
    by_date = sorted(range(len(entries)), key=moments.__getitem__, reverse=True)
    chosen = set(by_date[:MOST_KEPT])
    kept = tuple(entry for at, entry in enumerate(entries) if at in chosen)
    others = (entry for at, entry in enumerate(entries) if at not in chosen)
    return kept, tuple((entry.identity, print_of(entry)) for entry in others)


def language_of(tag: object) -> Language:
    """The two-letter code of a language tag (BCP 47); "" when it has none."""
    code = str(tag or "").strip().lower().replace("_", "-").split("-")[0]
    return Language(code if len(code) == 2 and code.isascii() and code.isalpha() else "")


def author_name(raw: str) -> str:
    """A name for readers: no addresses, no e-mail."""
    name = plain_title(raw)
    if "@" in name or "://" in name:
        name = name.partition("(")[2].partition(")")[0] if "(" in name else ""
    return excerpt(_BY.sub("", name).strip(" ,;"), _AUTHOR_LIMIT)


def _draft(found: Found) -> tuple[str, ParsedEntry] | None:
    title = excerpt(plain_title(found.title), _TITLE_LIMIT)
    text = full_text(found.summary.paragraphs, found.content.paragraphs)
    lede = _lede(found.summary.paragraphs or found.content.paragraphs, title)
    title = title or excerpt(lede, _TITLE_FROM_LEDE) or found.link
    if not title:
        return None
    notes = (found.content, found.summary)
    entry = ParsedEntry(
        identity="",
        title=title,
        link=found.link,
        lede=lede,
        text=excerpt(text, _TEXT_LIMIT),
        author=found.author or author_name(next((n.byline for n in notes if n.byline), "")),
        author_about=next((note.about for note in notes if note.about), ""),
        published=found.published,
        picture=found.picture,
        related=next((note.related for note in notes if note.related), ()),
    )
    return found.guid.strip()[:_LONGEST_GUID], entry


def full_text(summary: Sequence[str], content: Sequence[str]) -> str:
    """The longer of the two as paragraphs; "" when that is no more than a lede.

    Observation: many feeds repeat the teaser as content, others put the whole text into the
    summary. Rule: a text is the full one when it is longer than a lede may be, or has at least
    two paragraphs and goes on where the summary ends.
    """
    short, long = sorted(("\n\n".join(summary), "\n\n".join(content)), key=len)
    if len(long) > LEDE_LIMIT or (long.count("\n\n") and len(long) > 1.5 * len(short) and short):
        return long
    return ""


def _lede(texts: Sequence[str], title: str) -> str:
    """The first paragraphs in one line, without a first one that only repeats the title."""
    if texts and texts[0].rstrip(".…") == title.rstrip(".…"):
        texts = texts[1:]
    kept: list[str] = []
    length = 0
    for paragraph in texts:
        if length > LEDE_LIMIT:
            break
        kept.append(" ".join(paragraph.split()))
        length += len(kept[-1]) + 1
    return excerpt(" ".join(kept), LEDE_LIMIT)


def _identified(entry: ParsedEntry, identity: str) -> ParsedEntry:
    own = canonical_link(entry.link)
    related = tuple(pair for pair in entry.related if canonical_link(pair[1]) != own)
    return replace(entry, identity=identity, related=related)
