"""Link previews as the chat client shows them, from registered cards; never from the internet.

The sample wire and the archive register a card for each of their articles; for any other address
the preview names the host only.
"""

from urllib.parse import urlsplit

from aiohttp import web

from sandbox.values import JsonObject

CARDS_KEPT = 50_000


class Previews:
    """Cards by address: `{"site", "title", "description", "image"}`, each optional."""

    def __init__(self) -> None:
        self._cards: dict[str, JsonObject] = {}

    def register(self, url: str, card: JsonObject) -> None:
        """Show this card for an address; the newest 50,000 are kept."""
        self._cards[_key(url)] = card
        if len(self._cards) > CARDS_KEPT:
            del self._cards[next(iter(self._cards))]

    def preview(
        self, text: str, entities: list[JsonObject], options: JsonObject
    ) -> JsonObject | None:
        """The preview under a message: of the link named in its options, else of its first."""
        if options.get("is_disabled"):
            return None
        url = options.get("url") or first_link(text, entities)
        if not url:
            return None
        card = self._cards.get(_key(url), {})
        # With no wish stated Telegram chooses the size; a picture is usually shown large.
        large = not options.get("prefer_small_media") and bool(card.get("image"))
        return {
            "url": url,
            "site": card.get("site") or urlsplit(url).hostname or url,
            "title": card.get("title"),
            "description": card.get("description"),
            "image": card.get("image"),
            "large": bool(options.get("prefer_large_media")) or large,
            "above": bool(options.get("show_above_text")),
        }


def first_link(text: str, entities: list[JsonObject]) -> str | None:
    """The first address in a text: a link's target or a written one; offsets are UTF-16."""
    for entity in entities:
        if entity["type"] == "text_link":
            return str(entity["url"])
        if entity["type"] == "url":
            start, stop = 2 * entity["offset"], 2 * (entity["offset"] + entity["length"])
            written = text.encode("utf-16-le", "surrogatepass")[start:stop]
            url = written.decode("utf-16-le", "replace")
            return url if "://" in url else f"http://{url}"
    return None


def _key(url: str) -> str:
    return url.split("#", 1)[0].rstrip("/")


PREVIEWS: web.AppKey[Previews] = web.AppKey("previews", Previews)
