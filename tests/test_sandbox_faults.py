"""Faults by order from another process, and the audit of every window: what the soak relies on."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.faults import ALWAYS, Faults, read_fault
from sandbox.limits import Limits
from sandbox.windows import Windows
from tests.sandbox_telegram import ALEX, HandClock, Telegram, telegram

__all__ = ["telegram"]

OTHER = 77


def ordered(**order: Any) -> Faults:
    faults = Faults()
    faults.add(read_fault({"kind": "refuse", **order}))
    return faults


def struck(faults: Faults, calls: int, chat_id: int = ALEX) -> list[bool]:
    return [faults.take("sendmessage", chat_id, "before").fault is not None for _ in range(calls)]


def test_each_third_call_as_often_as_asked() -> None:
    assert struck(ordered(every=3, times=2), 8) == [True, False, False, True, *[False] * 4]


def test_an_order_without_end_is_taken_back_by_its_name() -> None:
    faults = ordered(times=ALWAYS, name="storm")
    assert all(struck(faults, 50))
    faults.clear("something else")
    assert faults.described() == [{"name": "storm", "kind": "refuse", "when": "before", "hits": 50}]
    faults.clear("storm")
    assert not any(struck(faults, 3))


def test_several_chats_can_be_hit_and_no_other() -> None:
    faults = ordered(times=ALWAYS, chat_ids=[ALEX, 78])
    assert (struck(faults, 1), struck(faults, 1, 78), struck(faults, 1, OTHER)) == (
        [True],
        [True],
        [False],
    )


def test_slow_answers_add_up_and_leave_room_for_another_fault() -> None:
    faults = ordered(times=ALWAYS)
    faults.add(read_fault({"kind": "slow", "seconds": 1, "up_to": 2, "times": ALWAYS}))
    faults.add(read_fault({"kind": "slow", "seconds": 3}))
    first, second = (faults.take("sendmessage", ALEX, "before") for _ in range(2))
    assert 4 <= first.seconds <= 5
    assert 1 <= second.seconds <= 2
    assert first.kind == second.kind == "refuse"


async def test_an_effect_whose_caller_was_told_otherwise_is_on_record(telegram: Telegram) -> None:
    moved = {"migrate_to_chat_id": -1009}
    await telegram.control(
        "fault", kind="refuse", when="after", method="sendMessage", parameters=moved
    )
    refused = await telegram.refusal("sendMessage", chat_id=ALEX, text="x")
    assert refused == "Bad Request: refused by the sandbox"
    await telegram.control("fault", kind="flood", method="sendMessage", retry_after=60)
    await telegram.refusal("sendMessage", chat_id=ALEX, text="y")
    await telegram.call("sendMessage", chat_id=ALEX, text="z")
    asked = (await telegram.get("/sandbox/requests", method="sendMessage"))["requests"]
    assert [each.get("lost", False) for each in asked] == [True, False, False]
    made = [message.id for message in telegram.world.chats[ALEX].messages.values()]
    assert [each.get("message_id") for each in asked] == [made[0], None, made[1]]
    assert all(each["answered"] >= each["time"] for each in asked)
    audit = await telegram.get("/sandbox/audit")
    assert audit["refused"] == 0, "a flood by order was not earned"


async def test_a_proxys_page_and_a_refusals_parameters(telegram: Telegram) -> None:
    path = f"/bot{telegram.sandbox.token}/sendMessage"
    body = {"chat_id": ALEX, "text": "x"}
    await telegram.control("fault", kind="page", error_code=502)
    async with telegram.session.post(path, json=body) as response:
        assert (response.status, response.content_type) == (502, "text/html")
    moved = {"migrate_to_chat_id": -1009}
    await telegram.control("fault", kind="refuse", parameters=moved)
    async with telegram.session.post(path, json=body) as response:
        assert (await response.json())["parameters"] == moved


async def test_callers_with_an_address_each_are_told_apart(telegram: Telegram) -> None:
    second = await telegram.sandbox.listen_also()
    third = await telegram.sandbox.listen_also()
    path = f"/bot{telegram.sandbox.token}/getMe"
    for address in (second, third, telegram.sandbox.base_url):
        async with telegram.session.get(f"{address}{path}") as response:
            assert response.status == 200
    callers = [f"http://{entry.caller}" for entry in telegram.sandbox.api.journal.entries]
    assert callers == [second, third, telegram.sandbox.base_url]


@pytest.mark.parametrize("wrong", [{"times": -1}, {"every": 0}, {"chat_ids": ["x"]}])
async def test_an_order_that_makes_no_sense_is_refused(
    telegram: Telegram, wrong: dict[str, object]
) -> None:
    order = {"kind": "refuse", **wrong}
    async with telegram.session.post("/sandbox/fault", json=order) as response:
        assert response.status == 400


def counted(times: list[float], *, private: bool) -> Windows:
    windows = Windows(3, 20, 30.0)
    for time in times:
        windows.count("send", ALEX, private, time, 1)
    return windows


def test_evenly_spaced_requests_fill_their_windows_exactly() -> None:
    windows = counted([number / 30 for number in range(3_000)], private=False)
    assert windows.fullest["send", "overall"].ratio == pytest.approx(1, abs=0.04)
    steady = [0.0, 0.0, *(float(second) for second in range(100))]
    assert counted(steady, private=True).fullest["send", "private"].ratio == 1
    minute = [60.0 * (number // 20) for number in range(200)]
    assert counted(minute, private=False).fullest["send", "group"].ratio == 1


def test_a_burst_across_the_border_of_two_seconds_is_seen() -> None:
    burst = [0.5 + number / 1000 for number in range(30)]
    windows = counted([*burst, *(time + 0.6 for time in burst)], private=True)
    fullest = windows.fullest["send", "overall"]
    assert (fullest.asked, fullest.ratio) == (60, 2)


MOMENTS = st.integers(0, 70 * 64).map(lambda number: number / 64)
"""Seconds that floating point adds and subtracts exactly."""


@given(st.lists(MOMENTS, min_size=1, max_size=60).map(sorted))
def test_no_window_is_fuller_than_the_fullest(times: list[float]) -> None:
    def worst(of: Callable[[list[float]], float], seconds: float) -> float:
        # A window is open at its beginning, so that each of two a minute apart has its own.
        return max(
            of(times[first : last + 1])
            for last in range(len(times))
            for first in range(last + 1)
            if times[last] - times[first] < seconds
        )

    found = counted(times, private=True).fullest
    assert found["send", "private"].ratio == pytest.approx(
        worst(lambda each: len(each) / (3 + each[-1] - each[0]), 60)
    )
    assert found["send", "overall"].ratio == pytest.approx(worst(len, 1) / 30)
    assert counted(times, private=False).fullest["send", "group"].ratio == pytest.approx(
        worst(len, 60) / 20
    )


def test_the_audit_tells_the_worst_of_each_limit_and_leaves_paid_ones_out() -> None:
    clock = HandClock()
    limits = Limits(clock, False)
    for _ in range(6):
        limits.take("send", 1, True)
        limits.take("send", -1, False)
        limits.take("edit", 1, True, paid=True)
    windows = limits.audit()["windows"]
    assert windows.keys() == {"send"}
    assert windows["send"]["private"]["ratio"] == 2
    assert (windows["send"]["group"]["asked"], windows["send"]["group"]["chat_id"]) == (6, -1)
