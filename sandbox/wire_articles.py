"""What the sample wire publishes: an article, its picture, and the page that shows it.

Pure values and rendering: no clock, no network, no feed formats (those are in wire_formats).
"""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from html import escape

from sandbox.wire_sources import Source

_CYRILLIC = dict(
    zip(
        "абвгґдеєжзиіїйклмнопрстуфхцчшщьюяёыъэ'’",
        [
            "a",
            "b",
            "v",
            "h",
            "g",
            "d",
            "e",
            "ye",
            "zh",
            "z",
            "y",
            "i",
            "yi",
            "i",
            "k",
            "l",
            "m",
            "n",
            "o",
            "p",
            "r",
            "s",
            "t",
            "u",
            "f",
            "kh",
            "ts",
            "ch",
            "sh",
            "shch",
            "",
            "yu",
            "ya",
            "yo",
            "y",
            "",
            "e",
            "",
            "",
        ],
        strict=False,
    )
)
_SLUG_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture drawn for an article: the word on it, and what stands below it."""

    word: str
    caption: str = ""
    credit: str = ""


@dataclass(frozen=True, slots=True)
class Article:
    """One article of one source. Plain text; a paragraph that begins with "> " is a quotation."""

    slug: str
    title: str
    summary: str
    paragraphs: tuple[str, ...] = ()
    picture: Picture | None = None
    author: str = ""
    about_author: str = ""
    related: tuple[tuple[str, str], ...] = ()
    """(title, slug) of articles of the same source."""
    published: datetime | None = None
    """None: the moment at which the wire publishes it."""
    updated: datetime | None = None


def slug_of(title: str) -> str:
    """A path segment of ASCII letters, digits and hyphens, unique enough for a title."""
    latin = "".join(_CYRILLIC.get(sign, sign) for sign in title.lower())
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    if len(words) > _SLUG_LENGTH:
        words = words[:_SLUG_LENGTH].rpartition("-")[0]
    return words or hashlib.sha256(title.encode()).hexdigest()[:12]


def article_url(base_url: str, source: Source, slug: str) -> str:
    """Where an article's page is, absolute."""
    return f"{base_url}/wire/{source.id}/{slug}"


def picture_url(base_url: str, source: Source, slug: str) -> str:
    """Where an article's picture is, absolute."""
    return f"{base_url}/wire/pictures/{source.id}/{slug}.png"


def body_html(article: Article, source: Source, base_url: str) -> str:
    """The article's text as a feed carries it: picture, paragraphs, related story, author."""
    parts = []
    if article.picture is not None:
        parts.append(_figure(article, article.picture, source, base_url))
    for paragraph in article.paragraphs or (article.summary,):
        quoted = paragraph.startswith("> ")
        text = escape(paragraph.removeprefix("> "), quote=False)
        parts.append(f"<blockquote><p>{text}</p></blockquote>" if quoted else f"<p>{text}</p>")
    for title, slug in article.related:
        link = escape(article_url(base_url, source, slug))
        parts.append(
            f'<p class="related">Related: <a href="{link}">{escape(title, quote=False)}</a></p>'
        )
    if article.about_author:
        about = escape(article.about_author, quote=False)
        parts.append(f'<p class="author">About the author: {about}</p>')
    return "\n".join(parts)


def _figure(article: Article, picture: Picture, source: Source, base_url: str) -> str:
    address = escape(picture_url(base_url, source, article.slug))
    image = f'<img src="{address}" alt="{escape(picture.caption or picture.word)}">'
    notes = [picture.caption] if picture.caption else []
    if picture.credit:
        notes.append(f"Photo: {picture.credit}")
    if not notes:
        return f"<figure>{image}</figure>"
    return (
        f"<figure>{image}<figcaption>{escape(' '.join(notes), quote=False)}</figcaption></figure>"
    )


_STYLE = """
:root{color-scheme:light dark}
body{margin:0;font:18px/1.6 Georgia,serif;background:Canvas;color:CanvasText}
header,main,footer{max-width:42rem;margin:auto;padding:1rem}
header a{font:600 1rem/1 system-ui,sans-serif;color:inherit;text-decoration:none;
border-bottom:3px solid var(--tint)}
h1{line-height:1.2;margin:.5rem 0}
.lede{font-size:1.15em}
.byline,figcaption,footer{font:.85rem/1.5 system-ui,sans-serif;opacity:.8}
figure{margin:1.5rem 0}img{width:100%;height:auto;border-radius:.5rem}
blockquote{margin:1.5rem 0;padding-left:1rem;border-left:4px solid var(--tint);font-style:italic}
"""


def article_page(article: Article, source: Source, base_url: str) -> str:
    """The article's web page, with Open Graph tags."""
    link = article_url(base_url, source, article.slug)
    tags = {
        "og:type": "article",
        "og:site_name": source.name,
        "og:title": article.title,
        "og:description": article.summary,
        "og:url": link,
        "og:locale": source.language,
    }
    if article.picture is not None:
        tags["og:image"] = picture_url(base_url, source, article.slug)
        tags["og:image:alt"] = article.picture.caption or article.picture.word
    for name, moment in (("published", article.published), ("modified", article.updated)):
        if moment is not None:
            tags[f"article:{name}_time"] = moment.isoformat(timespec="seconds")
    if article.author:
        tags["article:author"] = article.author
    meta = "\n".join(
        f'<meta property="{name}" content="{escape(content)}">' for name, content in tags.items()
    )
    byline = " · ".join(part for part in (article.author, _moment(article)) if part)
    # Many bodies begin with their own lede; a page says it once.
    told = article.paragraphs[:1] in ((), (article.summary,))
    lede = "" if told else f'<p class="lede">{escape(article.summary, quote=False)}</p>\n'
    main = (
        f"<h1>{escape(article.title, quote=False)}</h1>\n"
        f'{lede}<p class="byline">{escape(byline, quote=False)}</p>\n'
        f"{body_html(article, source, base_url)}"
    )
    return _page(article.title, source, base_url, meta, main)


def source_page(source: Source, base_url: str, feed_url: str, articles: list[Article]) -> str:
    """A source's front page, which names its feed so that readers can discover it."""
    meta = (
        f'<link rel="alternate" type="{source.content_type}" '
        f'title="{escape(source.name)}" href="{escape(feed_url)}">'
    )
    items = "\n".join(
        f'<li><a href="{escape(article_url(base_url, source, article.slug))}">'
        f"{escape(article.title, quote=False)}</a></li>"
        for article in articles
    )
    return _page(
        source.name, source, base_url, meta, f"<h1>{escape(source.name)}</h1>\n<ul>{items}</ul>"
    )


def _moment(article: Article) -> str:
    if article.published is None:
        return ""
    text = f"{article.published:%d %B %Y, %H:%M} UTC"
    return f"{text} (Updated {article.updated:%H:%M} UTC)" if article.updated else text


def _page(title: str, source: Source, base_url: str, meta: str, main: str) -> str:
    return (
        f'<!doctype html>\n<html lang="{source.language}" style="--tint:{source.tint}">\n<head>\n'
        f'<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
        f"<title>{escape(title, quote=False)}</title>\n{meta}\n<style>{_STYLE}</style>\n</head>\n"
        f'<body>\n<header><a href="{escape(base_url)}/wire/{source.id}/">'
        f"{escape(source.name, quote=False)}</a></header>\n<main>\n{main}\n</main>\n"
        "<footer>An invented source of the Newsflash sandbox. "
        "No person, company or event here is real.</footer>\n</body>\n</html>\n"
    )
