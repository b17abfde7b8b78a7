"""Which picture belongs to an entry. Addresses only; nothing is loaded.

Observation: entries offer a picture in up to five places, and many an <img> is a counter. Rule:
the largest media:content that is a picture, else an enclosure, media:thumbnail, itunes:image, else
the first <img> of the text that is not a tracker; captions come from the same element, else from
the entry. Known exception: sizes are the feed's claims. Rejected: loading the page for og:image.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from bot.models.entries import Picture
from bot.news.links import absolute_link, registered_domain
from bot.news.markup import Image
from bot.news.parse_article import Article, split_credit
from bot.news.text import excerpt, plain_text

_PICTURE_NAME = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)(?:$|[?#&!/:])", re.IGNORECASE)
_NO_PREVIEW = re.compile(r"\.svgz?(?:$|[?#])", re.IGNORECASE)
_TRACKERS = frozenset(
    ["doubleclick.net", "feedsportal.com", "scorecardresearch.com", "quantserve.com",
     "google-analytics.com", "facebook.com", "gravatar.com", "w.org", "vgwort.de", "ivwbox.de",
     "feedburner.com", "pheedo.com", "liveinternet.ru", "mail.ru", "bigmir.net"]
)  # fmt: skip
_TRACKING = re.compile(
    r"(?:^https?://(?:pixel|stats?|counter|beacon|track(?:ing|er)?|metrics|met)\.)"
    r"|/(?:pixel|counter|count|beacon|track(?:ing|er)?|spacer|blank|1x1|emoji|avatar)s?[./_?-]"
    r"|/~(?:r|4|ff)/",
    re.IGNORECASE,
)
_LAZY = ("data-src", "data-lazy-src", "data-original", "data-lazy", "data-full-url", "src")
_LONGEST_CAPTION = 300
_LONGEST_CREDIT = 120


def choose_picture(entry: Mapping[str, Any], article: Article, base: str) -> Picture | None:
    """The picture of an entry as feedparser left it (a plain mapping), with caption and credit."""
    found = _media(entry, base) or _attached(entry, base)
    credit = _text(next((item.get("content") for item in _maps(entry, "media_credit")), ""))
    caption = _text(entry.get("media_caption"))
    if found is None:
        url = _in_text(article.images, base)
        found = Picture(url) if url else None
        caption = credit = ""
    if found is None:
        return None
    return described(found, caption, credit, article.caption)


def described(
    picture: Picture, caption: str, credit: str, in_text: Picture | None = None
) -> Picture:
    """Fill caption and credit from what else is known, and part a credit from its caption."""
    spare = in_text or Picture("")
    caption = picture.caption or caption or spare.caption
    caption, from_caption = split_credit(caption)
    credit = picture.credit or credit or from_caption or spare.credit
    if credit and caption.endswith(credit):
        caption = caption[: -len(credit)].rstrip(" (|–—-©/") or caption
    return replace(
        picture,
        caption=excerpt(caption, _LONGEST_CAPTION),
        credit=excerpt(split_credit(credit)[1] or credit, _LONGEST_CREDIT),
    )


def image_url(attributes: Mapping[str, str], base: str) -> str:
    """Address of an <img>: what lazy loading would load, the widest of a srcset; "" if it is a
    tracker, an ornament or nothing that can be shown."""
    sizes = [attributes.get(side, "") for side in ("width", "height")]
    if any(_number(size) <= 32 for size in sizes if size[:1].isdigit()):
        return ""
    for name in _LAZY:
        url = picture_url(attributes.get(name, ""), base)
        if url:
            return url
    candidates = attributes.get("srcset") or attributes.get("data-srcset") or ""
    widest = max(
        (part.split() for part in candidates.split(", ") if part.strip()),
        key=lambda part: _number(part[1].rstrip("wx") if len(part) > 1 else "0"),
        default=[""],
    )
    return picture_url(widest[0], base)


def picture_url(address: object, base: str) -> str:
    """The address resolved; "" unless it is http(s) and no known tracker."""
    url = absolute_link(address, base) if isinstance(address, str) else ""
    if not url or _NO_PREVIEW.search(url) or _TRACKING.search(url):
        return ""
    return "" if registered_domain(url) in _TRACKERS else url


def _media(entry: Mapping[str, Any], base: str) -> Picture | None:
    pictures = [
        (_number(item.get("width")) * max(1, _number(item.get("height"))), item)
        for item in _maps(entry, "media_content")
        if _is_picture(item)
    ]
    pictures.sort(key=lambda sized: -sized[0])
    for _, item in pictures:
        url = picture_url(item.get("url"), base)
        if url:
            return Picture(url, _text(item.get("caption")), _text(item.get("credit")))
    return None


def _is_picture(item: Mapping[str, Any]) -> bool:
    kind = f"{item.get('medium', '')} {item.get('type', '')}".strip().lower()
    if kind:
        return "image" in kind
    return not str(item.get("url", "")).lower().split("?")[0].endswith((".mp4", ".mp3", ".m3u8"))


def _attached(entry: Mapping[str, Any], base: str) -> Picture | None:
    """From enclosures, thumbnails and podcast artwork, in this order."""
    enclosures = [
        item.get("href")
        for item in _maps(entry, "links")
        if item.get("rel") == "enclosure"
        and (
            str(item.get("type", "")).startswith("image/")
            or _PICTURE_NAME.search(str(item.get("href", "")))
        )
    ]
    thumbnails = [item.get("url") for item in _maps(entry, "media_thumbnail")]
    image = entry.get("image")
    artwork = [image.get("href")] if isinstance(image, Mapping) else []
    for address in (*enclosures, *thumbnails, *artwork):
        url = picture_url(address, base)
        if url:
            return Picture(url)
    return None


def _in_text(images: Sequence[Image], base: str) -> str:
    return next(filter(None, (image_url(image.attributes, base) for image in images)), "")


def _maps(entry: Mapping[str, Any], key: str) -> Iterable[Mapping[str, Any]]:
    items = entry.get(key)
    return [item for item in items if isinstance(item, Mapping)] if isinstance(items, list) else []


def _text(value: object) -> str:
    return plain_text(value) if isinstance(value, str) else ""


def _number(value: object) -> int:
    digits = re.match(r"\s*(\d{1,5})", str(value)) if value is not None else None
    return int(digits.group(1)) if digits else 0
