"""Calls that are made at the same time go to Redis together. Knows no key and no document.

Observation: a delivery asks Redis for seven small things, and each round trip of its own costs
more processor time than its answer is worth (0.1 ms); dozens of chats ask at the same moment.
Rule: a call waits for no clock: those that are there when the last round trip has ended make up
the next one. Known exception: none; a call that is alone goes alone, at once. Rejected: a short
pause to gather more, which slows down what is idle; one task for a whole batch of chats, in which
the slowest request would hold up all others.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Call = TypeVar("Call")
Answer = TypeVar("Answer")


class Gathering(Generic[Call, Answer]):
    """One kind of call."""

    def __init__(
        self,
        run: Callable[[Sequence[Call]], Awaitable[Sequence[Answer | Exception]]],
        *,
        most: int = 256,
    ) -> None:
        """`run` answers up to `most` calls in their order, or raises for all of them. An answer
        that is an error is raised for its call alone.
        """
        self._run = run
        self._most = most
        self._waiting: list[tuple[Call, asyncio.Future[Answer]]] = []
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, call: Call) -> Answer:
        """The call's own answer; raises what `run` raised.

        A caller that is cancelled does not take its call back: it may be under way.
        """
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((call, answer))
        if self._running is None:
            self._running = asyncio.create_task(self._answer_all())
        return await answer

    async def _answer_all(self) -> None:
        try:
            while self._waiting:
                # The first of many callers that wake up together starts this task.
                await asyncio.sleep(0)
                together = self._waiting[: self._most]
                del self._waiting[: self._most]
                await self._answer(together)
        finally:
            self._running = None

    async def _answer(self, together: Sequence[tuple[Call, asyncio.Future[Answer]]]) -> None:
        try:
            answers = await self._run([call for call, _ in together])
            for (_, waiting), answer in zip(together, answers, strict=True):
                if waiting.done():
                    continue
                if isinstance(answer, Exception):
                    waiting.set_exception(answer)
                else:
                    waiting.set_result(answer)
        except BaseException as error:
            for _, waiting in together:
                if not waiting.done():
                    waiting.set_exception(error)
            if not isinstance(error, Exception):
                raise
