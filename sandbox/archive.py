"""Stored polls of real feeds, played again as live feeds over HTTP.

Mounts under `/wire` in the place of the sample wire and has the same life. Documents are served
byte for byte as they were stored, with validators, so that a reader meets what real servers sent.
How the timeline is made of polls stands in archive_polls.
"""

import hashlib
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from sandbox.archive_documents import document_cards, document_facts
from sandbox.archive_polls import Poll, StoredFeed, read_archive
from sandbox.previews import PREVIEWS, Previews
from sandbox.wire_formats import ListedFeed, feeds_file

_TOPIC = "World"


class ArchiveWire:
    """An archive that plays `speed` times as fast as it was recorded.

    `clock` gives seconds; the archive's time begins at `start`. Before its first poll a feed
    serves that poll, so that every feed has a baseline. Raises ValueError when the folder holds no
    polls.
    """

    def __init__(
        self, directory: Path, speed: float = 1.0, clock: Callable[[], float] = time.time
    ) -> None:
        if speed <= 0:
            raise ValueError("The speed of the archive must be above zero.")
        self.base_url = ""
        self._speed, self._clock = speed, clock
        self._feeds = {feed.name: feed for feed in read_archive(Path(directory))}
        self._facts = {
            name: document_facts(feed.polls[0].path.read_bytes())
            for name, feed in self._feeds.items()
        }
        self._previews: Previews | None = None
        self._carded: set[Path] = set()
        self._started: float | None = None

    def add_routes(self, app: web.Application) -> None:
        """Mount the archive under `/wire`; cards go to the application's previews, if any."""
        previews = app.get(PREVIEWS)
        if previews is not None:
            self.register_previews(previews)
        app.router.add_get("/wire/feeds.opml", self._serve_list)
        app.router.add_get("/wire/{feed}/feed.xml", self._serve_feed)

    async def start(self, base_url: str) -> None:
        """Let the archive's time begin."""
        self.base_url = base_url.rstrip("/")
        self._started = self._clock()

    async def stop(self) -> None:
        """Nothing runs by itself; here for the life that all wires share."""

    def register_previews(self, previews: Previews) -> None:
        """Give the entries of every document, as it is played, link preview cards."""
        self._previews = previews
        self._carded.clear()
        for feed in self._feeds.values():
            self._register_cards(feed, self.current(feed.name))

    @property
    def names(self) -> tuple[str, ...]:
        """The feeds, by the names of their folders."""
        return tuple(self._feeds)

    @property
    def elapsed(self) -> float:
        """Seconds of archive time since the start."""
        return 0.0 if self._started is None else (self._clock() - self._started) * self._speed

    @property
    def length(self) -> float:
        """Seconds of archive time until the last poll is played."""
        return max(feed.offsets[-1] for feed in self._feeds.values())

    @property
    def feeds_url(self) -> str:
        """The address of the OPML file that lists the feeds."""
        return f"{self.base_url}/wire/feeds.opml"

    def feed_url(self, name: str) -> str:
        """The address of a feed."""
        return f"{self.base_url}/wire/{quote(name)}/feed.xml"

    def current(self, name: str) -> Poll:
        """The poll that a feed serves now. KeyError: no such feed."""
        return self._feeds[name].at(self.elapsed)

    def _register_cards(self, feed: StoredFeed, poll: Poll) -> None:
        if self._previews is None or poll.path in self._carded:
            return
        self._carded.add(poll.path)
        site = self._title(feed.name)
        for address, card in document_cards(poll.path.read_bytes(), site):
            self._previews.register(address, card)

    def _title(self, name: str) -> str:
        return self._facts[name].title or name

    async def _serve_list(self, _request: web.Request) -> web.Response:
        listed = [
            ListedFeed(
                title=self._title(name),
                url=self.feed_url(name),
                site=self._facts[name].site or self.feed_url(name),
                language=self._facts[name].language,
                owner="",
                topic=_TOPIC,
            )
            for name in self._feeds
        ]
        document = feeds_file("Newsflash sandbox: stored polls", listed)
        return web.Response(body=document, content_type="text/x-opml", charset="utf-8")

    async def _serve_feed(self, request: web.Request) -> web.Response:
        feed = self._feeds.get(request.match_info["feed"])
        if feed is None:
            raise web.HTTPNotFound(text="The archive has no such feed.")
        poll = feed.at(self.elapsed)
        self._register_cards(feed, poll)
        document = poll.path.read_bytes()
        tag = f'"{hashlib.sha256(document).hexdigest()[:20]}"'
        date = format_datetime(datetime.fromtimestamp(poll.time, UTC), usegmt=True)
        headers = {"ETag": tag, "Last-Modified": date, "Cache-Control": "no-cache"}
        if _is_known(request, tag, date):
            return web.Response(status=304, headers=headers)
        # No charset: what the document itself declares must decide, as on most real servers.
        headers["Content-Type"] = (
            "application/feed+json" if document.lstrip()[:1] == b"{" else "application/xml"
        )
        return web.Response(body=document, headers=headers)


def _is_known(request: web.Request, tag: str, date: str) -> bool:
    """Whether the reader has this very document (RFC 9110 section 13.1)."""
    tags = request.headers.get("If-None-Match")
    if tags is not None:
        return tag in (each.strip().removeprefix("W/") for each in tags.split(","))
    return request.headers.get("If-Modified-Since") == date
