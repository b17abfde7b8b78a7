"""A group's window is shared by answers and pushes: never too full, and nobody starves."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.config import Rate
from bot.models.chats import ChatKind
from bot.store.client import Database
from bot.store.deliveries import DeliveryQueue
from tests.store_values import a_chat

MINUTE = timedelta(minutes=1)
RATE = Rate(20, MINUTE)
GROUP = a_chat(-100_500, kind=ChatKind.SUPERGROUP)
ANSWER_AHEAD = timedelta(seconds=65)
STEP = timedelta(seconds=1)


class Minutes:
    """Simulated time in a group: when what is sent leaves."""

    def __init__(self, database: Database) -> None:
        self._clock = database.clock
        self._queue = DeliveryQueue(database, RATE)
        self.sent: list[datetime] = []
        self.pushes: list[datetime] = []
        self._due = self._clock.now()

    def pass_by(self, time: timedelta) -> None:
        self._clock.offset += time

    async def answer(self) -> None:
        """Somebody asks; the answer waits for its slot."""
        wait = await self._queue.slot(GROUP, ahead=ANSWER_AHEAD)
        if wait <= ANSWER_AHEAD:
            self.sent.append(self._clock.now() + wait)

    async def push(self) -> None:
        """Something is pending; it is tried again when the window said so."""
        if self._clock.now() < self._due:
            return
        wait = await self._queue.slot(GROUP)
        if wait:
            self._due = self._clock.now() + wait
        else:
            self.sent.append(self._clock.now())
            self.pushes.append(self._clock.now())

    def fullest(self) -> int:
        times = sorted(self.sent)
        return max((sum(at <= each < at + MINUTE for each in times) for at in times), default=0)


@pytest.fixture
async def minutes(database: Database) -> Minutes:
    return Minutes(database)


async def test_a_group_that_asks_each_second_still_gets_its_news(minutes: Minutes) -> None:
    for _ in range(300):
        await minutes.answer()
        await minutes.push()
        minutes.pass_by(STEP)
    gaps = [
        after - before for before, after in zip(minutes.pushes, minutes.pushes[1:], strict=False)
    ]
    assert len(minutes.pushes) >= 12
    assert max(gaps) <= 2 * MINUTE
    assert minutes.fullest() <= RATE.count


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["answer", "push", "wait"]), min_size=60, max_size=200))
async def test_no_window_is_too_full_whoever_sends(minutes: Minutes, steps: list[str]) -> None:
    # A time of its own for each example: nothing of an earlier one counts any more.
    minutes.pass_by(10 * MINUTE)
    minutes.sent.clear()
    for step in steps:
        if step == "answer":
            await minutes.answer()
        elif step == "push":
            await minutes.push()
        else:
            minutes.pass_by(timedelta(milliseconds=1700))
    assert minutes.fullest() <= RATE.count


async def test_a_kept_slot_that_nobody_came_for_is_not_used_late(minutes: Minutes) -> None:
    for _ in range(RATE.count):
        await minutes.push()
    await minutes.push()
    assert len(minutes.pushes) == RATE.count
    minutes.pass_by(MINUTE + timedelta(seconds=30))
    for _ in range(2 * RATE.count):
        await minutes.push()
    assert minutes.fullest() <= RATE.count
