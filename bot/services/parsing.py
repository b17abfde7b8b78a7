"""The worker process that parses documents, so that no document can hold up the loop."""

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import timedelta

from bot.errors import FeedError, FeedTrouble
from bot.models.entries import ParsedFeed
from bot.news.parse import parse_document

TIMEOUT = timedelta(seconds=10)


class ParsingProcess:
    """One worker, started with the first document, replaced when a document kills or stalls it."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    async def parse(self, body: bytes, *, url: str, content_type: str) -> ParsedFeed:
        """Parse in the worker. Raises FeedError, also for a document that takes too long."""
        pool = self._pool = self._pool or ProcessPoolExecutor(
            max_workers=1, mp_context=multiprocessing.get_context("spawn")
        )
        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(pool, _parse, body, url, content_type)
        try:
            async with asyncio.timeout(TIMEOUT.total_seconds()):
                return await future
        except TimeoutError:
            self._replace(pool)
            raise FeedError(FeedTrouble.BROKEN, "This feed takes too long to read.") from None
        except BrokenProcessPool:
            self._replace(pool)
            raise FeedError(FeedTrouble.BROKEN, "This feed cannot be read.") from None

    def _replace(self, pool: ProcessPoolExecutor) -> None:
        if self._pool is pool:
            self._pool = None
        for process in list(pool._processes.values()):
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """End the worker."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None


def _parse(body: bytes, url: str, content_type: str) -> ParsedFeed:
    return parse_document(body, url=url, content_type=content_type)
