"""What of a story is indexed, and in which fields."""

from collections.abc import Iterator
from typing import Final

from tantivy import Document, Schema, SchemaBuilder

from bot.models.stories import Report, Story
from bot.search.words import document_forms

SCHEMA_VERSION: Final = 1
"""Goes up with every change of fields or of words' forms: an older index is built anew."""
WORD_FIELDS: Final = {"title": 3.0, "text": 1.0, "source": 1.5}
"""Fields that hold words, with the weight of a match there."""
LISTED: Final = "listed"
"""The shelf that every search sees."""
INDEXED_REPORTS: Final = 50
"""Of one story; those that follow repeat its words."""


def story_schema() -> Schema:
    """Fields: `id`, `language` and `shelf` as they are, words as forms parted by spaces, two times
    in seconds since 1970: `reported` ranks, `changed` decides what is removed.
    """
    builder = SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("language", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("shelf", tokenizer_name="raw", index_option="basic")
    for field in WORD_FIELDS:
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
    builder.add_integer_field("reported", indexed=True, fast=True)
    builder.add_integer_field("changed", indexed=True, fast=True)
    return builder.build()


def story_document(story: Story) -> Document:
    """A story as it is indexed, of a size that does not grow with copies."""
    reports = story.reports[:INDEXED_REPORTS]
    document = Document()
    document.add_text("id", story.id)
    for language in dict.fromkeys(report.language for report in story.reports):
        document.add_text("language", language)
    for shelf in dict.fromkeys(shelf for report in story.reports for shelf in shelves(report)):
        document.add_text("shelf", shelf)
    document.add_text("title", _forms((report.title, report) for report in reports))
    document.add_text("text", _forms((report.lede, report) for report in reports))
    names = ((f"{report.feed_title} {report.source}", report) for report in reports)
    document.add_text("source", _forms(names))
    document.add_integer("reported", int(max(each.published for each in reports).timestamp()))
    document.add_integer("changed", int(story.changed.timestamp()))
    return document


def shelves(report: Report) -> tuple[str, ...]:
    """Under what a report is found: everybody's shelf, or its feed's and its source's."""
    if report.listed:
        return (LISTED,)
    return (f"feed:{report.feed}", f"source:{report.feed_title.lower()}")


def _forms(texts: Iterator[tuple[str, Report]]) -> str:
    """Each form once: a story told by thirty sources is no better match than one told by two."""
    forms: dict[str, None] = {}
    for text, report in texts:
        forms.update(dict.fromkeys(document_forms(text, report.language)))
    return " ".join(forms)
