"""Serving a wire on loopback for tests, with a clock that the test moves."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol

import aiohttp
import feedparser
import pytest
from aiohttp import web

from sandbox.previews import PREVIEWS, Previews

NOW = 1_790_000_000.0
OWN = "{urn:newsflash:opml:1}"


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


class Wire(Protocol):
    """What the sample wire and the archive have in common."""

    def add_routes(self, app: web.Application) -> None: ...
    async def start(self, base_url: str) -> None: ...
    async def stop(self) -> None: ...


@asynccontextmanager
async def served(wire: Wire, previews: Previews | None = None) -> AsyncIterator[str]:
    """Serve a wire by an application of its own on a free port."""
    app = web.Application()
    if previews is not None:
        app[PREVIEWS] = previews
    wire.add_routes(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    base_url = f"http://{host}:{port}"
    try:
        await wire.start(base_url)
        yield base_url
    finally:
        await wire.stop()
        await runner.cleanup()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def clock() -> Clock:
    return Clock()


def parsed(body: bytes) -> Any:
    return feedparser.parse(io.BytesIO(body))
