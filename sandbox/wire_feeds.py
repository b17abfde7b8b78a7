"""One feed of the sample wire as a server sees it: its articles, validators, and how it may fail.

Conditional requests are answered by RFC 9110 section 13: an entity tag decides if there is one,
else the date. Publishing policy (what appears when) is not here.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from enum import StrEnum

from aiohttp import web

from sandbox.wire_articles import Article
from sandbox.wire_formats import feed_document
from sandbox.wire_sources import Source, Validation

ENTRIES_IN_FEED = 30
_CHUNK = b" " * 65_536


class FaultKind(StrEnum):
    """The ways in which a feed can fail."""

    STATUS = "status"
    """An HTTP error (status, headers)."""
    HANG = "hang"
    """No answer until the feed is calmed or the wire stops."""
    HUGE = "huge"
    """A document of `size` bytes."""
    REDIRECT = "redirect"
    """To `location`, with `status` (301, 302, 307, 308)."""
    BODY = "body"
    """200 with any bytes: no feed, broken XML, an empty document."""


@dataclass(frozen=True, slots=True)
class Fault:
    """How a feed fails, and how often (None: until it is calmed)."""

    kind: FaultKind
    status: int = 500
    location: str = ""
    body: bytes = b""
    content_type: str = "application/xml"
    size: int = 64 * 1024 * 1024
    headers: tuple[tuple[str, str], ...] = ()
    times: int | None = None


class ServedFeed:
    """A source's articles, newest first, and the document made of the newest of them."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.articles: dict[str, Article] = {}
        """By slug, in the order of publication; pages stay when the feed has moved on."""
        self._listed: list[str] = []
        self._changed = datetime.fromtimestamp(0, UTC)
        self.document = b""
        """As served."""
        self._fault: Fault | None = None
        self._faults_left = 0
        self._released = asyncio.Event()
        self.hanging = 0
        """Requests that wait for the feed to be calmed."""

    def put(self, article: Article, base_url: str, now: datetime) -> None:
        """Add an article at the top, or replace the one with its slug where it stands."""
        if article.slug not in self.articles:
            self._listed.insert(0, article.slug)
        self.articles[article.slug] = article
        self._rebuild(base_url, now)

    def withdraw(self, slug: str, base_url: str, now: datetime) -> None:
        """Take an article out of the feed; its page stays. Unknown slugs raise ValueError."""
        self._listed.remove(slug)
        self._rebuild(base_url, now)

    def refresh(self, base_url: str, now: datetime) -> None:
        """Write the document anew, for a base URL that has become known."""
        self._rebuild(base_url, now)

    def newest(self) -> list[Article]:
        """The articles that the feed lists, newest first."""
        return [self.articles[slug] for slug in self._listed[:ENTRIES_IN_FEED]]

    def _rebuild(self, base_url: str, now: datetime) -> None:
        # Last-Modified has whole seconds: two changes in one second must still differ in it.
        second = int(max(now.timestamp(), self._changed.timestamp() + 1))
        self._changed = datetime.fromtimestamp(second, UTC)
        self.document = feed_document(self.source, self.newest(), base_url, self._changed)

    def disturb(self, fault: Fault) -> None:
        """Fail like this from now on, `fault.times` times."""
        self.calm()
        self._fault, self._faults_left = fault, fault.times if fault.times is not None else -1

    def calm(self) -> None:
        """Answer properly again; requests left hanging get a 503."""
        self._fault = None
        self._released.set()
        self._released = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one request for the feed: the fault if one is set, else 200 or 304."""
        fault = self._fault
        if fault is not None and self._faults_left != 0:
            self._faults_left -= 1
            if fault.kind is FaultKind.HANG:
                await self._hang()
            return await _failing(fault, request)
        headers = self._validators()
        if self._is_current(request):
            return web.Response(status=304, headers=headers)
        headers["Content-Type"] = f"{self.source.content_type}; charset=utf-8"
        return web.Response(body=self.document, headers=headers)

    async def _hang(self) -> None:
        self.hanging += 1
        try:
            await self._released.wait()
        finally:
            self.hanging -= 1

    def _validators(self) -> dict[str, str]:
        validation, headers = self.source.validation, {"Cache-Control": "no-cache"}
        if validation is not Validation.DATE:
            weak = "W/" if validation is Validation.WEAK_TAG else ""
            headers["ETag"] = f'{weak}"{hashlib.sha256(self.document).hexdigest()[:20]}"'
        if validation is not Validation.WEAK_TAG:
            headers["Last-Modified"] = format_datetime(self._changed, usegmt=True)
        return headers

    def _is_current(self, request: web.Request) -> bool:
        own = self._validators()
        asked = request.headers.get("If-None-Match")
        if asked is not None and "ETag" in own:
            # The weak comparison of RFC 9110 section 8.8.3.2.
            tags = [tag.strip().removeprefix("W/") for tag in asked.split(",")]
            return "*" in tags or own["ETag"].removeprefix("W/") in tags
        since = request.headers.get("If-Modified-Since")
        if since is None or "Last-Modified" not in own:
            return False
        try:
            return parsedate_to_datetime(since) >= self._changed
        except (TypeError, ValueError):
            return False


async def _failing(fault: Fault, request: web.Request) -> web.StreamResponse:
    headers = dict(fault.headers)
    if fault.kind is FaultKind.HANG:
        return web.Response(status=503, headers=headers)
    if fault.kind is FaultKind.REDIRECT:
        headers["Location"] = fault.location
        return web.Response(status=fault.status, headers=headers)
    if fault.kind is FaultKind.BODY:
        headers["Content-Type"] = fault.content_type
        return web.Response(body=fault.body, headers=headers)
    if fault.kind is FaultKind.HUGE:
        return await _huge(fault, request)
    return web.Response(status=fault.status, headers=headers, text="This feed is out of order.")


async def _huge(fault: Fault, request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": fault.content_type})
    await response.prepare(request)
    left = fault.size
    await response.write(b"<?xml version='1.0'?><rss version='2.0'><channel><title>")
    while left > 0:
        try:
            await response.write(_CHUNK[:left])
        except ConnectionError:
            # The reader gave up at its own limit, which is what this fault is for.
            return response
        left -= len(_CHUNK)
    return response
