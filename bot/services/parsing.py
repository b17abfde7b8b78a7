"""Parsing beside the event loop: one worker process, so that no document can hold up anything.

What runs there is bot.services.parsing_worker.
"""

import asyncio
import pickle
import sys
from contextlib import suppress
from datetime import timedelta

from bot.errors import FeedError, FeedTrouble
from bot.models.entries import ParsedFeed
from bot.services.parsing_worker import LENGTH, frame

TIMEOUT = timedelta(seconds=10)


class ParsingProcess:
    """One worker, started with the first document, replaced when a document kills or stalls it.

    Rejected: concurrent.futures' pool, whose workers outlive a killed bot for ever, because each
    holds the writing end of its own queue.
    """

    def __init__(self, timeout: timedelta = TIMEOUT) -> None:
        self._timeout = timeout
        self._turn = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None

    async def parse(self, body: bytes, *, url: str, content_type: str) -> ParsedFeed:
        """Parse in the worker. Raises FeedError, also for a document that takes too long."""
        async with self._turn:
            try:
                async with asyncio.timeout(self._timeout.total_seconds()):
                    answer = await self._answer(frame((body, url, content_type)))
            except TimeoutError:
                await self.close()
                raise FeedError(FeedTrouble.BROKEN, "This feed takes too long to read.") from None
            except BaseException:
                # Cancelled between question and answer: the next one would get this answer.
                await self.close()
                raise
        if isinstance(answer, FeedError):
            raise answer
        return answer

    async def close(self) -> None:
        """End the worker."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    async def _answer(self, question: bytes) -> ParsedFeed | FeedError:
        """Ask; once more when the worker is gone, which this document need not have caused."""
        for _ in range(2):
            try:
                return await self._ask(question)
            except (OSError, EOFError, pickle.UnpicklingError):
                await self.close()
        return FeedError(FeedTrouble.BROKEN, "This feed cannot be read.")

    async def _ask(self, question: bytes) -> ParsedFeed | FeedError:
        process = await self._worker()
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(question)
        await process.stdin.drain()
        head = await process.stdout.readexactly(LENGTH)
        answer = await process.stdout.readexactly(int.from_bytes(head, "big"))
        found: ParsedFeed | FeedError = pickle.loads(answer)
        return found

    async def _worker(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "bot.services.parsing_worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                # Ctrl-C is for the bot, which ends its worker itself.
                start_new_session=True,
            )
        return self._process
