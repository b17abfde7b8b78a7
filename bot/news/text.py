"""Plain text for readers: titles, ledes, paragraphs, lengths. No HTML leaves this module."""

import html
import re

from bot.news.markup import HTML_TAGS, LINE, Block, read_markup, tags_of

_WORDS_A_MINUTE = 220
"""Silent reading of prose: about 240 words a minute in English, fewer in other languages
(Brysbaert 2019, Trauzettel-Klosinski and Dietz 2012)."""

_CONTROLS = [code for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n\r\x85"]
# Embeddings and overrides can reverse what stands around a title; the rest shows nothing.
_INVISIBLE = [
    *(0xAD, 0x200B, 0x200E, 0x200F, 0xFEFF, 0xFFFE, 0xFFFF),
    *(*range(0x202A, 0x202F), *range(0x2060, 0x2070), *range(0xFFF9, 0xFFFC)),
]
_TIDIED: dict[int, str | None] = {
    **dict.fromkeys((*_CONTROLS, *_INVISIBLE)),
    0x85: " ",
    0x2029: LINE,
}
_SURROGATES = re.compile("[\ud800-\udfff]")
_VISIBLE = re.compile(r"[^\s\u200c\u200d\ufe00-\ufe0f]")
_SPACE = re.compile(r"\s+")
_BREAKS = re.compile(rf"(?:[^\S{LINE}]*{LINE}){{2,}}\s*")
_BLANK_LINES = re.compile(r"\n[^\S\n]*\n\s*")
_MEANT_AS_TAG = re.compile(r"<[a-zA-Z/!]")
_WORD = re.compile(r"[^\W_]+(?:['’ʼ-][^\W_]+)*")
_WITHOUT_SPACES = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\u0e00-\u0eff\uf900-\ufaff]")


def tidy(text: str) -> str:
    """One line: controls, overrides and lone surrogates dropped, white space collapsed."""
    text = _SURROGATES.sub("", text).translate(_TIDIED)
    text = _SPACE.sub(" ", text).strip()
    return text if _VISIBLE.search(text) else ""


def _without_tags(raw: str) -> str:
    """Drop what is markup; keep "Vector<int>" and "a < b"."""
    pieces: list[str] = []
    for tag in tags_of(raw):
        pieces.append(tag.before)
        if tag.name in ("br", "p", "div"):
            pieces.append(" ")
        elif tag.name and tag.name not in HTML_TAGS and tag.name.isalnum() and not tag.attributes:
            pieces.append(tag.source)
    return "".join(pieces)


def plain_title(raw: str) -> str:
    """A title as one line of plain text; "" when nothing in it can be seen.

    Observation: titles come as text, as HTML and as HTML escaped twice, whatever their declared
    type. Rule: tags are dropped and entities decoded twice over. Known exception: a title about
    markup ("How to use <br>") loses it.
    """
    text = raw
    for _ in range(2):
        if _MEANT_AS_TAG.search(text):
            text = _without_tags(text)
        text = html.unescape(text)
    if _MEANT_AS_TAG.search(text):
        text = _without_tags(text)
    return tidy(text)


def plain_text(markup: str) -> str:
    """All text of an HTML fragment in one line."""
    return tidy(" ".join(block.text for block in read_markup(markup).blocks))


def block_paragraphs(block: Block, plain: bool) -> list[str]:
    """The paragraphs of one block: a double line break, or a blank line in plain text, parts."""
    text = block.text.translate(_TIDIED)
    parts = _BLANK_LINES.split(text) if plain else _BREAKS.split(text)
    found: list[str] = []
    for part in parts:
        lines = [tidy(line) for line in part.split(LINE)]
        joined = "\n".join(line for line in lines if line)
        if joined:
            found.append(f"• {joined}" if block.tag == "li" else joined)
    return found


def paragraphs(markup: str) -> str:
    """An HTML fragment, or plain text, as paragraphs separated by blank lines."""
    read = read_markup(markup)
    return "\n\n".join(
        paragraph for block in read.blocks for paragraph in block_paragraphs(block, read.plain)
    )


def excerpt(text: str, limit: int) -> str:
    """At most `limit` characters, cut at a word and marked with an ellipsis when cut."""
    if len(text) <= limit:
        return text
    if limit <= 1:
        return "…"[:limit]
    head = text[: limit - 1]
    if not text[limit - 1].isspace():
        at_word = max(head.rfind(" "), head.rfind("\n"))
        # Languages without spaces, and endless words, are cut where the limit is.
        if at_word > limit // 2:
            head = head[:at_word]
    return head.rstrip(" \n\t,;:–—-(«„“\u200d") + "…"


def word_count(text: str) -> int:
    """Words; in scripts without spaces two characters count as one."""
    dense = len(_WITHOUT_SPACES.findall(text))
    if dense:
        text = _WITHOUT_SPACES.sub(" ", text)
    return len(_WORD.findall(text)) + (dense + 1) // 2


def reading_minutes(words: int) -> int:
    """Whole minutes to read so many words: at least 1, and 0 only for no words."""
    return max(1, round(words / _WORDS_A_MINUTE)) if words > 0 else 0
