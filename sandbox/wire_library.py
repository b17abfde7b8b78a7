"""The sample wire's stories as written in `sandbox/stories/*.toml`, read into values.

A tale is one event, told by one or more sources in their own words. All of them are invented.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from sandbox.wire_articles import Article, Picture, slug_of
from sandbox.wire_sources import SOURCES

_SPECIAL = {"older.toml", "breaking.toml", "feature.toml", "briefs.toml"}
_SOURCE_IDS = {source.id for source in SOURCES}


@dataclass(frozen=True, slots=True)
class Publication:
    """A source publishes an article."""

    source: str
    article: Article


@dataclass(frozen=True, slots=True)
class Revision:
    """A source rewrites an article that it published; the address stays."""

    source: str
    slug: str
    title: str
    summary: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tale:
    """One event: its tellings in order, and what is rewritten later."""

    tellings: tuple[Publication, ...]
    revisions: tuple[Revision, ...] = ()


@dataclass(frozen=True, slots=True)
class Library:
    """Everything that is written."""

    older: tuple[Publication, ...]
    """What the feeds already hold at the start, newest first within a source."""
    ordinary: tuple[Tale, ...]
    breaking: tuple[Tale, ...]
    related: Publication
    """The story to which the feature points; published before it."""
    feature: Publication
    feature_update: Revision


def stories_file(name: str) -> dict[str, Any]:
    """One file of `sandbox/stories`, parsed."""
    text = (resources.files("sandbox") / "stories" / name).read_text(encoding="utf-8")
    return tomllib.loads(text)


@cache
def library() -> Library:
    """Read all stories. Raises ValueError, naming the file, when one is told by no known source."""
    folder = resources.files("sandbox") / "stories"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    related, feature, update = _feature(stories_file("feature.toml"))
    return Library(
        older=tuple(telling for tale in _tales("older.toml") for telling in tale.tellings),
        ordinary=tuple(tale for name in names if name not in _SPECIAL for tale in _tales(name)),
        breaking=tuple(_tales("breaking.toml")),
        related=related,
        feature=feature,
        feature_update=update,
    )


def _tales(name: str) -> list[Tale]:
    return [_tale(raw, name) for raw in stories_file(name)["tale"]]


def _tale(raw: dict[str, Any], name: str) -> Tale:
    tellings = tuple(telling(row, raw["word"], name) for row in raw["tellings"])
    slugs = {told.source: told.article.slug for told in tellings}
    revisions = tuple(
        Revision(source, slugs[source], title, summary, tuple(paragraphs))
        for source, title, summary, *paragraphs in raw.get("updates", ())
    )
    return Tale(tellings, revisions)


def telling(row: list[str], word: str, name: str) -> Publication:
    """A publication from a row of a stories file: source, headline, lede, paragraphs."""
    source, title, summary, *more = row
    if source not in _SOURCE_IDS:
        raise ValueError(f"{name}: '{title}' is told by '{source}', which is not a source")
    article = Article(
        slug=slug_of(title),
        title=title,
        summary=summary,
        paragraphs=(summary, *more),
        picture=Picture(word),
    )
    return Publication(source, article)


def _feature(raw: dict[str, Any]) -> tuple[Publication, Publication, Revision]:
    related = telling(raw["related"]["telling"], raw["related"]["word"], "feature.toml")
    told = raw["feature"]
    article = Article(
        slug=slug_of(told["title"]),
        title=told["title"],
        summary=told["summary"],
        paragraphs=tuple(told["paragraphs"]),
        picture=Picture(told["word"], told["caption"], told["credit"]),
        author=told["author"],
        about_author=told["about_author"],
        related=((related.article.title, related.article.slug),),
    )
    update = Revision(
        source=told["source"],
        slug=article.slug,
        title=told["update_title"],
        summary=told["update_summary"],
        paragraphs=(told["update_paragraph"], *article.paragraphs),
    )
    return related, Publication(told["source"], article), update
