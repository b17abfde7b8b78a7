"""Stories by words: tantivy's index in a directory of its own.

Blocking calls, safe from several threads; services call them beside the event loop. The index is a
projection: what is damaged, or was written under another schema, is deleted and filled anew.
How words are compared is bot.search.words.
"""

import logging
import shutil
from collections.abc import Iterable, Sequence
from datetime import datetime
from math import ceil, log2
from pathlib import Path
from threading import RLock
from typing import Final

from tantivy import (
    DocAddress,
    FieldType,
    Index,
    IndexWriter,
    Occur,
    Query,
    Searcher,
)

from bot.errors import NewsflashError
from bot.models.identifiers import Language, StoryId
from bot.models.stories import Story
from bot.search.documents import (
    LISTED,
    SCHEMA_VERSION,
    WORD_FIELDS,
    story_document,
    story_schema,
)
from bot.search.words import prefix_pattern, query_words

log = logging.getLogger(__name__)

WRITER_BYTES: Final = 30_000_000
RANKED: Final = 500
"""Matches that are put in order by words and age: so many best by words, so many newest."""
HALF_LIFE_SECONDS: Final = 5 * 86_400
"""A match as good is worth half when it is five days older."""
_PLACE: Final = "place"
_INEXACT: Final = 0.6
"""Weight of a stem against the very word."""


class SearchIndex:
    """The index; `open` comes first, `close` last."""

    def __init__(self, directory: Path) -> None:
        self._root = directory
        self._directory = directory / f"stories-{SCHEMA_VERSION}"
        self._schema = story_schema()
        self._index: Index | None = None
        self._writer: IndexWriter | None = None
        self._lock = RLock()

    def open(self) -> None:
        """Open what is there; start empty when there is nothing sound.

        Raises NewsflashError when nothing can be kept in the directory.
        """
        with self._lock:
            for other in self._root.glob("stories-*"):
                if other != self._directory:
                    shutil.rmtree(other, ignore_errors=True)
            if self._directory.exists() and not self._opened():
                log.warning("the search index is damaged; it is built anew")
                shutil.rmtree(self._directory)
            if self._index is None:
                self._index = self._created()

    def close(self) -> None:
        """Finish writing and let go of the directory."""
        with self._lock:
            if self._writer is not None:
                self._writer.wait_merging_threads()
            self._writer = None
            self._index = None

    @property
    def empty(self) -> bool:
        """Whether it holds no story at all."""
        return self._searcher().num_docs == 0

    @property
    def place(self) -> str:
        """How far it follows whatever feeds it, as `remember` was told; "" when unknown."""
        try:
            return (self._directory / _PLACE).read_text("utf-8")
        except OSError:
            return ""

    def remember(self, place: str) -> None:
        """Keep the feeder's place beside the index; with a damaged index it goes as well."""
        fresh = self._directory / f"{_PLACE}.new"
        fresh.write_text(place, "utf-8")
        fresh.replace(self._directory / _PLACE)

    def clear(self) -> None:
        """Forget every story."""
        with self._lock:
            writer = self._open_writer()
            writer.delete_all_documents()
            self._commit(writer)

    def add(self, stories: Iterable[Story]) -> None:
        """Take in stories in place of their earlier versions and of those merged into them.

        Raises NewsflashError when another process writes to the directory.
        """
        with self._lock:
            writer = self._open_writer()
            try:
                for story in {story.id: story for story in stories}.values():
                    for story_id in story.ids:
                        writer.delete_documents_by_term("id", story_id)
                    writer.add_document(story_document(story))
                self._commit(writer)
            except BaseException:
                # A writer that failed is of no more use; what it did not commit is lost.
                self._writer = None
                raise

    def remove_before(self, limit: datetime) -> None:
        """Forget stories that last changed before a time."""
        with self._lock:
            writer = self._open_writer()
            old = Query.range_query(
                self._schema,
                "changed",
                FieldType.Integer,
                upper_bound=int(limit.timestamp()),
                include_upper=False,
            )
            writer.delete_documents_by_query(old)
            self._commit(writer)

    def search(
        self,
        words: str,
        *,
        languages: tuple[Language, ...] = (),
        shelves: Sequence[str] = (),
        limit: int,
        offset: int,
        loose: bool = False,
    ) -> tuple[tuple[StoryId, ...], int]:
        """Stories that hold the words, the best and newest first, and how many there are.

        Any text may be given. Up to three words must all be found, of more three quarters;
        `loose`: a third, two at least (for related stories). `languages`: of any report.
        `shelves`: searched beside everybody's, "feed:<id>" or "source:<title>". Pages reach
        through the RANKED best and as many newest matches.
        """
        query = self._query(words, languages, (LISTED, *shelves), loose)
        if query is None or limit <= 0 or offset < 0:
            return (), 0
        searcher = self._searcher()
        best = searcher.search(query, limit=RANKED)
        total = int(best.count)  # type: ignore[attr-defined]  # the stub forgets it
        hits = list(best.hits)
        if total > RANKED:
            hits += self._newest(searcher, query)
        ranked = _ranked(searcher, hits)[offset : offset + limit]
        found = tuple(StoryId(searcher.doc(address).get_first("id") or "") for address in ranked)
        return found, total

    def _newest(self, searcher: Searcher, query: Query) -> list[tuple[float, DocAddress]]:
        """The newest matches, which a common word's best ones would hide."""
        dated = searcher.search(query, limit=RANKED, order_by_field="reported")
        since = int(dated.hits[-1][0])
        recent = Query.range_query(self._schema, "reported", FieldType.Integer, lower_bound=since)
        both = [(Occur.Must, query), (Occur.Must, Query.boost_query(recent, 0.0))]
        return searcher.search(Query.boolean_query(both), limit=RANKED).hits

    def _query(
        self, words: str, languages: Sequence[Language], shelves: Sequence[str], loose: bool
    ) -> Query | None:
        sought = query_words(words)
        if not sought:
            return None
        clauses = [(Occur.Should, self._word(forms)) for forms in sought[:-1]]
        unfinished = words[-1:].isalnum()
        clauses.append((Occur.Should, self._word(sought[-1], unfinished=unfinished)))
        both = [(Occur.Must, Query.boolean_query(clauses, _needed(len(sought), loose=loose)))]
        for field, values in (("language", languages), ("shelf", shelves)):
            if values:
                among = Query.term_set_query(self._schema, field, list(values))
                both.append((Occur.Must, Query.boost_query(among, 0.0)))
        return Query.boolean_query(both)

    def _word(self, forms: tuple[str, ...], *, unfinished: bool = False) -> Query:
        """The best of a word's forms and fields counts; further ones add a little."""
        found = []
        for field, boost in WORD_FIELDS.items():
            for form in forms:
                term = Query.term_query(self._schema, field, form)
                weight = boost if form == forms[0] else boost * _INEXACT
                found.append(Query.boost_query(term, weight))
            pattern = prefix_pattern(forms[0]) if unfinished else ""
            if pattern:
                begun = Query.regex_query(self._schema, field, pattern)
                found.append(Query.boost_query(begun, boost * _INEXACT))
        return Query.disjunction_max_query(found, 0.1)

    def _created(self) -> Index:
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            return Index(self._schema, path=str(self._directory))
        except (OSError, ValueError) as error:
            raise NewsflashError(
                f"The search index cannot be kept in {self._directory}: {error}"
            ) from error

    def _opened(self) -> bool:
        """Whether the directory holds a sound index of this schema; it is open then."""
        try:
            index = Index(self._schema, path=str(self._directory))
            searcher = index.searcher()
            hits = searcher.search(Query.all_query(), limit=max(1, searcher.num_docs)).hits
            searcher.fast_field_values("reported", [address for _, address in hits])
            for _, address in hits:
                searcher.doc(address)
            for field in ("id", "language", "shelf", *WORD_FIELDS):
                searcher.search(Query.term_query(self._schema, field, "probe"), limit=1)
        except Exception:
            log.info("the search index cannot be read", exc_info=True)
            return False
        except BaseException as error:
            # A panic of the library is no Exception, and its class cannot be imported.
            if type(error).__name__ != "PanicException":
                raise
            return False
        self._index = index
        return True

    def _searcher(self) -> Searcher:
        return self._opened_index().searcher()

    def _opened_index(self) -> Index:
        if self._index is None:
            raise NewsflashError("The search index is not open.")
        return self._index

    def _open_writer(self) -> IndexWriter:
        if self._writer is None:
            try:
                self._writer = self._opened_index().writer(WRITER_BYTES, 1)
            except ValueError as error:
                raise NewsflashError(
                    f"Another process writes to the search index in {self._directory}."
                ) from error
        return self._writer

    def _commit(self, writer: IndexWriter) -> None:
        writer.commit()
        self._opened_index().reload()


def _needed(words: int, *, loose: bool) -> int:
    """How many of a query's words a story must hold."""
    if loose:
        return min(words, max(2, ceil(words / 3)))
    return words if words <= 3 else ceil(0.75 * words)


def _ranked(searcher: Searcher, hits: list[tuple[float, DocAddress]]) -> list[DocAddress]:
    """Each match once, the best first.

    log2(score halved by age) needs no present time to compare the matches of one search.
    """
    unique = {(address.segment_ord, address.doc): (score, address) for score, address in hits}
    scores = [score for score, _ in unique.values()]
    addresses = [address for _, address in unique.values()]
    times = [time or 0 for time in searcher.fast_field_values("reported", addresses)]
    order = sorted(
        range(len(addresses)),
        key=lambda place: (
            log2(max(scores[place], 1e-9)) + times[place] / HALF_LIFE_SECONDS,
            times[place],
        ),
        reverse=True,
    )
    return [addresses[place] for place in order]
