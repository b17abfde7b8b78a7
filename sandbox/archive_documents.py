"""What the archive reads in a stored feed document: its title, language, and cards for previews.

Only as much as a link preview and a feeds file need, with the standard library; entries are parsed
by the bot. A document that is not XML has no cards and no title, which is not an error here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlsplit, urlunsplit
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from sandbox.values import JsonObject

_DESCRIPTION_LENGTH = 300
_LANGUAGE_SIGNS = {
    "uk": re.compile(r"[іїєґ]"),
    "ru": re.compile(r"[ыэъё]"),
    "de": re.compile(r"\b(?:und|der|die|das|nicht|mit)\b"),
    "fr": re.compile(r"\b(?:les|des|une|est|dans|pour)\b"),
    "es": re.compile(r"\b(?:los|las|una|por|con|del)\b"),
    "it": re.compile(r"\b(?:gli|della|che|per|non|nel)\b"),
    "pl": re.compile(r"\b(?:nie|się|jest|oraz|przez|dla)\b"),
    "en": re.compile(r"\b(?:the|and|for|with|from|after)\b"),
}


@dataclass(frozen=True, slots=True)
class DocumentFacts:
    """A channel's title, site and language; "" for what it does not say."""

    title: str = ""
    site: str = ""
    language: str = ""
    """Two letters, ISO 639-1."""


def document_facts(document: bytes) -> DocumentFacts:
    """Read a channel's facts; the language is guessed from its entries when it names none."""
    root = _root(document)
    if root is None:
        return DocumentFacts()
    channel = next((child for child in root if _tag(child) == "channel"), root)
    declared = _text(channel, "language") or root.get(
        "{http://www.w3.org/XML/1998/namespace}lang", ""
    )
    texts = " ".join(f"{_text(entry, 'title')} {_summary(entry)}" for entry in _entries(root))
    return DocumentFacts(
        title=_text(channel, "title"),
        site=_link(channel),
        language=declared.strip().lower()[:2] or _guessed(texts),
    )


def document_cards(document: bytes, site: str) -> Iterator[tuple[str, JsonObject]]:
    """(address, card) for every entry with a link; where a link carries a campaign, both forms."""
    root = _root(document)
    if root is None:
        return
    for entry in _entries(root):
        link = _link(entry)
        if not link:
            continue
        card = {
            "site": site,
            "title": _text(entry, "title"),
            "description": _summary(entry)[:_DESCRIPTION_LENGTH],
            "image": _picture(entry),
        }
        yield link, card
        parts = urlsplit(link)
        if re.search(r"(?:^|&)(?:utm|at)_", parts.query):
            yield urlunsplit(parts._replace(query="")), card


def _root(document: bytes) -> Element | None:
    try:
        return ElementTree.fromstring(document)
    except (ElementTree.ParseError, ValueError, LookupError):
        return None


def _entries(root: Element) -> Iterator[Element]:
    return (element for element in root.iter() if _tag(element) in ("item", "entry"))


def _tag(element: Element) -> str:
    """The name without its namespace; comments have none."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _text(parent: Element, name: str) -> str:
    for child in parent:
        if _tag(child) == name and "mrss" not in str(child.tag):
            return _plain("".join(child.itertext()))
    return ""


def _summary(entry: Element) -> str:
    direct = _text(entry, "description") or _text(entry, "summary")
    if direct:
        return direct
    described = (child for child in entry.iter() if _tag(child) == "description")
    return next((_plain("".join(child.itertext())) for child in described), "")


def _link(parent: Element) -> str:
    for child in parent:
        if _tag(child) == "link" and child.get("rel", "alternate") == "alternate":
            link = (child.get("href") or child.text or "").strip()
            if link.startswith(("http://", "https://")):
                return link
    return ""


def _picture(entry: Element) -> str | None:
    for child in entry.iter():
        address = child.get("url", "")
        kind = f"{child.get('type', '')} {child.get('medium', '')} {_tag(child)}"
        if address.startswith("http") and re.search(r"image|thumbnail", kind):
            return address
    return None


def _plain(text: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text)).split())


def _guessed(text: str) -> str:
    counts = {
        language: len(signs.findall(text.lower())) for language, signs in _LANGUAGE_SIGNS.items()
    }
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] else ""
