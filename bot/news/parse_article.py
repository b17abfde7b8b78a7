"""What the text of an entry says besides its story: author, biography, related links, captions.

Observation: publishers put bylines, author boxes, "read also" lists and read-more links between
the paragraphs. Rule: a block is set apart when it is marked so by its class, or begins with one of
the openings listed here; what is not clearly marked stays text. Rejected: scoring blocks by the
density of links (on short news texts it loses paragraphs with sources in them).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.models.entries import Picture
from bot.news.links import absolute_link, canonical_link
from bot.news.markup import Block, Image, Markup, read_markup
from bot.news.text import block_paragraphs, excerpt, plain_title, tidy

_LONGEST_ABOUT = 600
_MOST_RELATED = 5
_LONGEST_CAPTION = 300
_LONGEST_CREDIT = 120
_ABOUT = re.compile(
    r"(?:about the authors?|über (?:den autor|die autorin)|zur person|(?:à propos de l['’]auteure?)"
    r"|sobre (?:el autor|la autora|o autor|a autora)|(?:sull['’]autore)|об авторе|про автора"
    r"|про авторку|o autorze|o autorce|om författaren)\s*[:.–—-]?\s*",
    re.IGNORECASE,
)
_AUTHOR_MARK = re.compile(r"(?:^|[\s_-])(?:author|byline|autor|autorin|auteur)(?:$|[\s_-])")
_BYLINE = re.compile(
    r"(?:by|von|par|por|di|автор|авторка|текст|text|autor(?:in)?)\s*:?\s+(?=\S)", re.IGNORECASE
)
_RELATED_MARK = re.compile(r"(?:^|[\s_-])(?:related|read[_-]?also|see[_-]?also|read[_-]?more)")
_RELATED = re.compile(
    r"[•→►▶>\s]*(?:related(?: (?:stories|articles|coverage|news|story|article))?|read also"
    r"|also read|see also|read more|more on this|more on this story|lesen sie (?:auch|mehr)"
    r"|mehr zum thema|siehe auch|lire aussi|à lire aussi|voir aussi|lea también|lee también"
    r"|también|leia (?:também|mais)|leggi anche|czytaj (?:też|także|również)|zobacz też|läs också"
    r"|читайте також|читайте ще|дивіться також|читайте также|смотрите также|по теме|за темою)"
    r"\s*(?:[:：]|\b)",
    re.IGNORECASE,
)
_READ_MORE = re.compile(
    r"\s*(?:\[(?:…|\.\.\.|&hellip;|mehr|more)\]|(?:continue|keep) reading(?:…|\.\.\.|→|»|\s)*"
    r"|read (?:the )?(?:full (?:story|article)|more|full|rest)(?: (?:on|at) .{1,60})?[…. →»]*"
    r"|(?:weiterlesen|mehr lesen|lire la suite|leer más|leia mais|czytaj więcej|читать далее"
    r"|читати далі|читать полностью)(?: .{0,60})?[…. →»]*"
    r"|the post .{1,300} (?:appeared first|first appeared) on .{1,120})\s*$",
    re.IGNORECASE,
)
_CREDIT = re.compile(
    r"(?:^|[\s.(|])\(?(?:photo(?:graph)?(?:s| by| credit)?|image(?: credit)?|picture|credit|foto"
    r"|bild|crédit(?:s)?(?: photo)?|фото|зображення|quelle|source)\s*[:：©]\s*([^()]{2,120})\)?\s*$"
    r"|(?:^|\s)[©|]\s*([^|©]{2,80})$",
    re.IGNORECASE,
)
_CREDIT_MARK = re.compile(r"credit|copyright|photographer|image-source")
_CAPTION_MARK = re.compile(r"caption|image-legend|bildunterschrift")


@dataclass(frozen=True, slots=True)
class Article:
    """The text of an entry taken apart; everything plain text."""

    paragraphs: tuple[str, ...] = ()
    byline: str = ""
    about: str = ""
    """The author's short biography."""
    related: tuple[tuple[str, str], ...] = ()
    images: tuple[Image, ...] = ()
    caption: Picture | None = None
    """Caption and credit found at the first picture; its url is ""."""


def read_article(markup: str, base: str) -> Article:
    """Take a text apart. Links resolve against `base`, an absolute address."""
    read = read_markup(markup)
    kept: list[str] = []
    byline = about = ""
    related: list[tuple[str, str]] = []
    captions: list[Block] = []
    after_heading = False
    for block in read.blocks:
        texts = block_paragraphs(block, read.plain)
        if _is_caption(block):
            captions.append(block)
        elif _is_related(block, texts) or (after_heading and block.tag == "li" and block.links):
            related += _links(block, base)
            after_heading = True
            continue
        elif found := _about(block, texts):
            about = about or found
        elif named := _byline(block, texts):
            byline = byline or named
        else:
            kept += texts
        after_heading = False
    return Article(
        _without_read_more(kept),
        byline,
        excerpt(about, _LONGEST_ABOUT),
        _distinct(related),
        read.images,
        _caption(captions, read),
    )


def _is_caption(block: Block) -> bool:
    return block.tag == "figcaption" or bool(_CAPTION_MARK.search(block.marks))


def _is_related(block: Block, texts: Sequence[str]) -> bool:
    if _RELATED_MARK.search(block.marks):
        return True
    found = _RELATED.match(texts[0]) if len(texts) == 1 else None
    if found is None:
        return False
    # "Related: <a>…</a>", or a heading of its own in front of a list of links.
    linked = sum(len(tidy(text)) for text, _ in block.links)
    rest = len(texts[0]) - found.end()
    return rest <= 2 or linked >= 0.7 * rest


def _links(block: Block, base: str) -> list[tuple[str, str]]:
    found = []
    for text, address in block.links:
        title, link = plain_title(text), absolute_link(address, base)
        opening = _RELATED.match(title)
        only_opening = opening is not None and len(title) - opening.end() <= 2
        if title and link and not only_opening and not _READ_MORE.fullmatch(title):
            found.append((excerpt(title, 200), link))
    return found


def _distinct(related: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    by_link = {canonical_link(link): (title, link) for title, link in reversed(related)}
    return tuple(reversed(by_link.values()))[:_MOST_RELATED]


def _about(block: Block, texts: Sequence[str]) -> str:
    text = " ".join(texts)
    opening = _ABOUT.match(text)
    if opening:
        return text[opening.end() :]
    marked = _AUTHOR_MARK.search(block.marks) or "bio" in block.marks.split()
    return text if marked and len(text.split()) > 6 else ""


def _byline(block: Block, texts: Sequence[str]) -> str:
    text = " ".join(texts)
    if not _AUTHOR_MARK.search(block.marks) or len(text.split()) > 6:
        return ""
    opening = _BYLINE.match(text)
    return text[opening.end() :] if opening else text


def _without_read_more(texts: Sequence[str]) -> tuple[str, ...]:
    kept = list(texts)
    while kept:
        shorter = _READ_MORE.sub("", kept[-1]).rstrip()
        if shorter == kept[-1]:
            break
        kept[-1:] = [shorter] if shorter else []
    return tuple(kept)


def _caption(blocks: Sequence[Block], read: Markup) -> Picture | None:
    """Caption and credit of the first picture; a credit has its own element or opening."""
    caption = credit = ""
    for block in blocks:
        text = " ".join(block_paragraphs(block, read.plain))
        if _CREDIT_MARK.search(block.marks.rpartition("caption")[2]) and not credit:
            credit = split_credit(text)[1] or text
        elif not caption:
            caption, found = split_credit(text)
            credit = credit or found
    if not caption and not credit:
        return None
    return Picture("", excerpt(caption, _LONGEST_CAPTION), excerpt(credit, _LONGEST_CREDIT))


def split_credit(caption: str) -> tuple[str, str]:
    """Part "The dam. Photo: A. Person / Agency" into caption and credit ("" without one)."""
    found = _CREDIT.search(caption)
    if found is None:
        return caption, ""
    credit = (found.group(1) or found.group(2)).strip(" .)|")
    return caption[: found.start()].rstrip(" (|–—-"), credit
