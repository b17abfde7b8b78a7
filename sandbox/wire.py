"""The sample news wire: invented sources with real feeds, article pages and pictures over HTTP.

Mounts under `/wire` of any aiohttp application. A script publishes stories by itself; a quiet wire
publishes only what a test tells it to. What the sources and stories are stands in wire_sources and
`stories/`; documents in wire_formats; the script in wire_script.
"""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

from aiohttp import web

from sandbox.previews import PREVIEWS, Previews
from sandbox.wire_articles import Article, article_page, article_url, picture_url, source_page
from sandbox.wire_briefs import briefs
from sandbox.wire_feeds import Fault, ServedFeed
from sandbox.wire_formats import ListedFeed, feeds_file
from sandbox.wire_library import Publication, library
from sandbox.wire_pictures import draw
from sandbox.wire_script import Cue, Script
from sandbox.wire_sources import SOURCES, Source

_log = logging.getLogger(__name__)
_REQUESTS_KEPT = 2_000


@dataclass(frozen=True, slots=True)
class FeedRequest:
    """A request that a feed got, for tests: what was asked and what was answered."""

    source: str
    status: int
    headers: dict[str, str]
    """As the reader sent them, names in lower case."""


class SampleWire:
    """The sample wire. `pace` 2 plays the script twice as fast; `quiet` plays none.

    Life: `add_routes`, then `start` once the server's address is known, then `stop`.
    """

    def __init__(
        self,
        seed: int = 1,
        pace: float = 1.0,
        clock: Callable[[], float] = time.time,
        quiet: bool = False,
    ) -> None:
        if pace <= 0:
            raise ValueError("The pace of the wire must be above zero.")
        self.base_url = ""
        self.requests: deque[FeedRequest] = deque(maxlen=_REQUESTS_KEPT)
        self._seed, self._pace, self._clock, self._quiet = seed, pace, clock, quiet
        self._feeds = {source.id: ServedFeed(source) for source in SOURCES}
        self._script = Script(library(), briefs(seed), seed)
        self._previews: Previews | None = None
        self._playing: asyncio.Task[None] | None = None

    def add_routes(self, app: web.Application) -> None:
        """Mount the wire under `/wire`; cards go to the application's previews, if any."""
        previews = app.get(PREVIEWS)
        if previews is not None:
            self.register_previews(previews)
        app.router.add_get("/wire/feeds.opml", self._serve_list)
        app.router.add_get("/wire/pictures/{source}/{slug}.png", self._serve_picture)
        for feed in self._feeds.values():
            app.router.add_get(feed.source.feed_path, self._serve_feed)
        app.router.add_get("/wire/{source}/", self._serve_source)
        app.router.add_get("/wire/{source}/{slug}", self._serve_article)

    async def start(self, base_url: str) -> None:
        """Fill the feeds with older entries and begin to play (quiet: neither)."""
        self.base_url = base_url.rstrip("/")
        for feed in self._feeds.values():
            feed.refresh(self.base_url, self._now())
        if not self._quiet:
            self.fill()
            self._playing = asyncio.create_task(self._play(), name="sample wire")

    async def stop(self) -> None:
        """Stop playing and let go of requests that hang."""
        if self._playing is not None:
            self._playing.cancel()
            await asyncio.gather(self._playing, return_exceptions=True)
            self._playing = None
        for feed in self._feeds.values():
            feed.calm()

    def register_previews(self, previews: Previews) -> None:
        """Give every article, present and future, a link preview card."""
        self._previews = previews
        for source_id, feed in self._feeds.items():
            for article in feed.articles.values():
                self._register_card(source_id, article)

    def fill(self) -> None:
        """Put the older entries into the feeds: the baseline that a reader finds at first."""
        dice = Random(self._seed)
        moment = self._now()
        by_source: dict[str, datetime] = {}
        dated = []
        for told in library().older:
            age = timedelta(minutes=dice.uniform(25, 95))
            by_source[told.source] = by_source.get(told.source, moment) - age
            dated.append((told, by_source[told.source]))
        for told, published in reversed(dated):
            self.publish(told.source, replace(told.article, published=published))

    def publish(self, source_id: str, article: Article) -> str:
        """Publish an article now (or as dated) and return its address. KeyError: no such source."""
        feed = self._feeds[source_id]
        if article.published is None:
            article = replace(article, published=self._now())
        self._put(feed, article)
        return self.link(source_id, article.slug)

    def update(
        self,
        source_id: str,
        slug: str,
        title: str | None = None,
        summary: str | None = None,
        paragraphs: tuple[str, ...] | None = None,
    ) -> None:
        """Rewrite parts of a published article; its address stays. KeyError: not published."""
        feed = self._feeds[source_id]
        old = feed.articles[slug]
        self._put(
            feed,
            replace(
                old,
                title=old.title if title is None else title,
                summary=old.summary if summary is None else summary,
                paragraphs=old.paragraphs if paragraphs is None else paragraphs,
                updated=self._now(),
            ),
        )

    def withdraw(self, source_id: str, slug: str) -> None:
        """Take an article out of its feed; its page stays."""
        self._feeds[source_id].withdraw(slug, self.base_url, self._now())

    def disturb(self, source_id: str, fault: Fault) -> None:
        """Let a feed fail from now on."""
        self._feeds[source_id].disturb(fault)

    def calm(self, source_id: str) -> None:
        """Let a feed answer properly again."""
        self._feeds[source_id].calm()

    def hanging(self, source_id: str) -> int:
        """How many requests a feed that hangs has waiting."""
        return self._feeds[source_id].hanging

    def step(self) -> Cue:
        """Carry out the script's next cue at once, whatever its time, and return it."""
        cue = self._script.take()
        act = cue.act
        if isinstance(act, Publication):
            self.publish(act.source, act.article)
        else:
            self.update(act.source, act.slug, act.title, act.summary, act.paragraphs)
        return cue

    def source(self, source_id: str) -> Source:
        """What is known of a source."""
        return self._feeds[source_id].source

    def articles(self, source_id: str) -> list[Article]:
        """What a source's feed lists, newest first."""
        return self._feeds[source_id].newest()

    def document(self, source_id: str) -> bytes:
        """A source's feed as it is served."""
        return self._feeds[source_id].document

    def link(self, source_id: str, slug: str) -> str:
        """The address of an article's page."""
        return article_url(self.base_url, self.source(source_id), slug)

    def feed_url(self, source_id: str) -> str:
        """The address of a source's feed."""
        return self.base_url + self.source(source_id).feed_path

    @property
    def feeds_url(self) -> str:
        """The address of the OPML file that lists the feeds."""
        return f"{self.base_url}/wire/feeds.opml"

    async def _play(self) -> None:
        started = time.monotonic()
        while True:
            due = started + self._script.peek().at / self._pace
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            try:
                self.step()
            except Exception:
                _log.exception("The sample wire could not carry out a cue")

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)

    def _put(self, feed: ServedFeed, article: Article) -> None:
        feed.put(article, self.base_url, self._now())
        self._register_card(feed.source.id, article)

    def _register_card(self, source_id: str, article: Article) -> None:
        if self._previews is None or not self.base_url:
            return
        source = self.source(source_id)
        card = {"site": source.name, "title": article.title, "description": article.summary}
        if article.picture is not None:
            card["image"] = picture_url(self.base_url, source, article.slug)
        self._previews.register(self.link(source_id, article.slug), card)

    async def _serve_list(self, _request: web.Request) -> web.Response:
        listed = [
            ListedFeed(
                title=source.name,
                url=self.base_url + source.feed_path,
                site=f"{self.base_url}/wire/{source.id}/",
                language=source.language,
                owner=source.owner,
                topic=source.topic,
                trusted=source.trusted,
            )
            for source in SOURCES
        ]
        document = feeds_file("Newsflash sandbox: the sample wire", listed)
        return web.Response(body=document, content_type="text/x-opml", charset="utf-8")

    async def _serve_feed(self, request: web.Request) -> web.StreamResponse:
        source_id = request.path.split("/")[2]
        response = await self._feeds[source_id].answer(request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.requests.append(FeedRequest(source_id, response.status, headers))
        return response

    async def _serve_source(self, request: web.Request) -> web.Response:
        feed = self._feeds.get(request.match_info["source"])
        if feed is None:
            raise web.HTTPNotFound(text="The sample wire has no such source.")
        feed_url = self.base_url + feed.source.feed_path
        page = source_page(feed.source, self.base_url, feed_url, feed.newest())
        return web.Response(text=page, content_type="text/html")

    async def _serve_article(self, request: web.Request) -> web.Response:
        feed, article = self._article(request)
        page = article_page(article, feed.source, self.base_url)
        return web.Response(text=page, content_type="text/html")

    async def _serve_picture(self, request: web.Request) -> web.Response:
        feed, article = self._article(request)
        if article.picture is None:
            raise web.HTTPNotFound(text="This article has no picture.")
        picture = await asyncio.to_thread(draw, article.picture.word, feed.source.tint)
        return web.Response(body=picture, content_type="image/png")

    def _article(self, request: web.Request) -> tuple[ServedFeed, Article]:
        feed = self._feeds.get(request.match_info["source"])
        article = feed.articles.get(request.match_info["slug"]) if feed is not None else None
        if feed is None or article is None:
            raise web.HTTPNotFound(text="The sample wire has no such article.")
        return feed, article
