"""Fetching one document: hops, conditional requests, limits, answers. The only home of aiohttp's
client for feeds. What is in the document is not looked at.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Literal, Self
from urllib.parse import urlsplit

import aiohttp

from bot.errors import FeedError, FeedTrouble
from bot.fetch import refusals
from bot.fetch.addresses import Guard, Hop, Network, current_hop
from bot.fetch.body import BodyReader, DamagedBodyError, TooLargeError
from bot.fetch.headers import (
    ACCEPT,
    ACCEPT_ENCODING,
    conditional,
    default_user_agent,
    freshness,
    retry_after,
    validators_of,
)
from bot.fetch.politeness import Host, Hosts
from bot.fetch.resolver import Resolver
from bot.models.feeds import Validators
from bot.news.links import absolute_link, safe_link

LIMIT = 10 * 1024 * 1024
_REDIRECTS = frozenset([301, 302, 303, 307, 308])
_MOST_REDIRECTS = 5
_DOCUMENTS = frozenset([200, 203, 226])
_EMPTY = frozenset([204, 205])
_CHUNK = 65_536
_LONGEST_CLOSING = timedelta(days=7).total_seconds()


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer that is worth having."""

    status: Literal["changed", "unchanged"]
    body: bytes
    """Unpacked; b"" when unchanged."""
    url: str
    """Where the document was found, after redirects."""
    content_type: str
    validators: Validators
    """To be stored with what the document brought, and sent with the next request."""
    hint: timedelta | None = None
    """How long the server calls this answer fresh."""


@dataclass(slots=True)
class _Request:
    """One fetch on its way along its hops."""

    url: str
    validators: Validators
    limit: int
    seconds_left: float


class FeedFetcher:
    """Fetches documents; an async context manager, one for the whole process.

    Start as many fetches at a time as there are feeds due: waiting for a host's turn takes no
    place from others. At most `concurrency` requests are under way.
    """

    def __init__(
        self,
        *,
        allow_networks: Sequence[Network] = (),
        user_agent: str = "",
        connect_timeout: timedelta = timedelta(seconds=10),
        total_timeout: timedelta = timedelta(seconds=30),
        host_concurrency: int = 2,
        host_gap: timedelta = timedelta(seconds=1),
        concurrency: int = 64,
    ) -> None:
        self._guard = Guard(allow_networks)
        self._user_agent = user_agent or default_user_agent()
        self._connect_seconds = connect_timeout.total_seconds()
        self._total_seconds = total_timeout.total_seconds()
        self._hosts = Hosts(concurrency=host_concurrency, gap=host_gap.total_seconds())
        self._under_way = asyncio.Semaphore(concurrency)
        self._session: aiohttp.ClientSession | None = None
        self._resolver: Resolver | None = None

    async def __aenter__(self) -> Self:
        self._resolver = Resolver()
        connector = aiohttp.TCPConnector(
            socket_factory=self._guard, resolver=self._resolver, limit=0, ttl_dns_cache=60
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._connect_seconds),
            headers={
                "User-Agent": self._user_agent,
                "Accept": ACCEPT,
                "Accept-Encoding": ACCEPT_ENCODING,
            },
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
        if self._resolver is not None:
            await self._resolver.close()
            self._resolver = None

    async def fetch(
        self, url: str, validators: Validators | None = None, *, limit: int = LIMIT
    ) -> Fetched:
        """Fetch a document, or learn that it did not change.

        `limit` counts bytes on the wire and unpacked. An empty answer is "unchanged". Follows up
        to five redirects, each checked like the first address. Raises FeedError.
        """
        request = _Request(_checked(url), validators or Validators(), limit, self._total_seconds)
        seen: set[str] = set()
        while len(seen) <= _MOST_REDIRECTS:
            seen.add(request.url)
            answer = await self._hop(request)
            if isinstance(answer, Fetched):
                return answer
            if answer in seen:
                raise FeedError(FeedTrouble.REDIRECTS, refusals.REDIRECT_LOOP)
            request.url = answer
        raise FeedError(FeedTrouble.REDIRECTS, refusals.TOO_MANY_REDIRECTS)

    async def _hop(self, request: _Request) -> Fetched | str:
        """One request: what it brought, or where it leads."""
        name = urlsplit(request.url).hostname or ""
        loop = asyncio.get_running_loop()
        exempt = self._guard.allows_literal(name)
        async with self._hosts.turn(name, exempt=exempt) as host, self._under_way:
            started = loop.time()
            if not host.exempt and host.closed_until > started:
                raise refusals.status_error(429, retry_after=host.closed_until - started)
            hop = Hop()
            token = current_hop.set(hop)
            try:
                async with asyncio.timeout(request.seconds_left):
                    return await self._ask(request, host)
            except FeedError:
                raise
            except TimeoutError:
                if hop.forbidden:
                    raise FeedError(FeedTrouble.PRIVATE, refusals.PRIVATE) from None
                raise FeedError(FeedTrouble.TIMEOUT, refusals.TIMED_OUT) from None
            except (aiohttp.ClientError, OSError, ValueError) as error:
                raise refusals.connection_error(error, hop, name) from error
            finally:
                current_hop.reset(token)
                host.exempt = host.exempt or hop.allowed
                request.seconds_left = max(0.1, request.seconds_left - (loop.time() - started))

    async def _ask(self, request: _Request, host: Host) -> Fetched | str:
        if self._session is None:
            raise RuntimeError("FeedFetcher is used outside of its context")
        async with self._session.get(
            request.url, headers=conditional(request.validators), allow_redirects=False
        ) as response:
            if response.status in _REDIRECTS:
                return _redirected(request, response)
            if response.status == 304:
                return _unchanged(request, response)
            if response.status in _DOCUMENTS:
                return await _document(request, response)
            if response.status in _EMPTY:
                return _unchanged(request, response)
            raise self._refused(response, host)

    def _refused(self, response: aiohttp.ClientResponse, host: Host) -> FeedError:
        wait = retry_after(response.headers, datetime.now(UTC))
        status = response.status
        if status == 429 and wait is not None:
            now = asyncio.get_running_loop().time()
            host.closed_until = max(host.closed_until, now + min(wait, _LONGEST_CLOSING))
        challenge = response.headers.get("cf-mitigated", "").lower() == "challenge"
        return refusals.status_error(
            status, retry_after=wait if status in (429, 503) else None, challenge=challenge
        )


def _checked(url: str) -> str:
    """The address as it is asked for. Raises FeedError for what is none or carries a password."""
    url = url.strip()
    try:
        parts = urlsplit(url)
    except ValueError:
        raise FeedError(FeedTrouble.ADDRESS, refusals.NOT_AN_ADDRESS) from None
    if parts.scheme.lower() in ("http", "https") and "@" in parts.netloc:
        raise FeedError(FeedTrouble.ADDRESS, refusals.WITH_PASSWORD)
    checked = safe_link(url)
    if not checked:
        raise FeedError(FeedTrouble.ADDRESS, refusals.NOT_AN_ADDRESS)
    return checked.partition("#")[0]


def _redirected(request: _Request, response: aiohttp.ClientResponse) -> str:
    target = absolute_link(response.headers.get("Location", ""), request.url).partition("#")[0]
    if not target:
        raise FeedError(FeedTrouble.REDIRECTS, refusals.BAD_REDIRECT, status=response.status)
    return target


def _unchanged(request: _Request, response: aiohttp.ClientResponse) -> Fetched:
    return Fetched(
        "unchanged",
        b"",
        request.url,
        "",
        validators_of(response.headers, kept=request.validators),
        freshness(response.headers, datetime.now(UTC)),
    )


async def _document(request: _Request, response: aiohttp.ClientResponse) -> Fetched:
    """Read a document, unless its ETag says that it is the known one."""
    headers = response.headers
    validators = validators_of(headers)
    if validators.etag and validators.etag == request.validators.etag:
        return _unchanged(request, response)
    if (response.content_length or 0) > request.limit:
        raise refusals.too_large(request.limit)
    reader = BodyReader(headers.get("Content-Encoding", ""), request.limit)
    try:
        async for chunk in response.content.iter_chunked(_CHUNK):
            reader.feed(chunk)
        body = reader.finish()
    except TooLargeError:
        raise refusals.too_large(request.limit) from None
    except DamagedBodyError:
        raise FeedError(FeedTrouble.BROKEN, refusals.DAMAGED) from None
    if not body:
        return _unchanged(request, response)
    return Fetched(
        "changed",
        body,
        request.url,
        headers.get("Content-Type", ""),
        # What arrived only in part must not hide the rest behind a 304.
        Validators() if reader.cut_short else validators,
        freshness(headers, datetime.now(UTC)),
    )
