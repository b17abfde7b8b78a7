"""Calls that come together go together, each gets its own answer, and trouble is everybody's."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.store.gathering import Gathering


class Doubling:
    """Answers twice the call; remembers what went together."""

    def __init__(self, *, broken: int | None = None) -> None:
        self.rounds: list[list[int]] = []
        self.began = asyncio.Event()
        self.go_on = asyncio.Event()
        self._broken = broken

    async def __call__(self, calls: Sequence[int]) -> list[int]:
        self.rounds.append(list(calls))
        self.began.set()
        await self.go_on.wait()
        if self._broken in calls:
            raise ValueError("broken")
        return [2 * call for call in calls]


async def test_a_call_that_is_alone_goes_at_once() -> None:
    double = Doubling()
    double.go_on.set()
    assert await Gathering(double)(21) == 42
    assert double.rounds == [[21]]


async def test_calls_made_during_a_round_trip_share_the_next_one() -> None:
    double = Doubling()
    gathering = Gathering(double)
    first = asyncio.create_task(gathering(1))
    await double.began.wait()
    others = [asyncio.create_task(gathering(number)) for number in (2, 3, 4)]
    double.go_on.set()
    assert await asyncio.gather(first, *others) == [2, 4, 6, 8]
    assert double.rounds == [[1], [2, 3, 4]]


@given(st.lists(st.integers(), max_size=30), st.integers(1, 7))
async def test_each_gets_its_own_answer_however_many_go_together(
    calls: list[int], most: int
) -> None:
    double = Doubling()
    double.go_on.set()
    gathering = Gathering(double, most=most)
    assert await asyncio.gather(*map(gathering, calls)) == [2 * call for call in calls]
    assert [call for each in double.rounds for call in each] == calls
    assert all(len(each) <= most for each in double.rounds)


async def test_an_error_is_everybodys_and_the_next_round_trip_works() -> None:
    double = Doubling(broken=2)
    double.go_on.set()
    gathering = Gathering(double)
    found = await asyncio.gather(*map(gathering, (1, 2)), return_exceptions=True)
    assert [type(each) for each in found] == [ValueError, ValueError]
    assert await gathering(3) == 6


async def test_who_stops_waiting_takes_nobody_along() -> None:
    double = Doubling()
    gathering = Gathering(double)
    impatient, patient = (asyncio.create_task(gathering(number)) for number in (1, 2))
    await double.began.wait()
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    double.go_on.set()
    assert await patient == 4
