"""Callback and inline queries that wait for the bot's answer.

A query is answered once, within its lifetime; whoever asked (a pressed button, an inline search)
waits on its future. Source of the refusal: tdlib/telegram-bot-api, QUERY_ID_INVALID.
"""

import asyncio
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.values import bad_request

LIFETIME = 15.0


@dataclass(slots=True)
class Query:
    """One open query: what kind, whose, until when, and the future of its answer."""

    id: str
    kind: str
    person_id: int
    deadline: float
    answer: asyncio.Future[Any]


class Queries:
    """The open queries; those past their lifetime are forgotten as new ones come."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._open: dict[str, Query] = {}
        self._ids = itertools.count(random.randrange(10**15, 10**16))

    def open(self, kind: str, person_id: int) -> Query:
        """A new query ("callback" or "inline") of a person."""
        now = self._clock()
        while self._open:
            oldest = next(iter(self._open.values()))
            if oldest.deadline >= now:
                break
            del self._open[oldest.id]
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        query = Query(str(next(self._ids)), kind, person_id, now + LIFETIME, future)
        self._open[query.id] = query
        return query

    def close(self, kind: str, query_id: str, answer: object) -> None:
        """Answer a query; raises Refusal when it is unknown, answered or too old."""
        query = self._open.get(query_id)
        if query is None or query.kind != kind or query.deadline < self._clock():
            raise bad_request(
                "query is too old and response timeout expired or query ID is invalid"
            )
        del self._open[query_id]
        if not query.answer.done():
            query.answer.set_result(answer)
