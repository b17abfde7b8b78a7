"""The sandbox's flood control, ordered faults, and the record of what the bot asked."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from telegram.error import NetworkError, RetryAfter

from sandbox import World, default_world
from sandbox.limits import Limits
from sandbox.values import Refusal
from tests.sandbox_telegram import ALEX, HandClock, Telegram, running, telegram

__all__ = ["telegram"]


def refusals(limits: Limits, clock: HandClock, times: list[float], **take: Any) -> list[float]:
    """The times, from now, at which a request is refused."""
    start = clock.now
    refused = []
    for time in times:
        clock.now = start + time
        try:
            limits.take("send", **take)
        except Refusal:
            refused.append(time)
    return refused


def test_a_private_chat_takes_three_at_once_and_then_one_a_second() -> None:
    clock = HandClock()
    limits = Limits(clock, True)
    times = [0.0, 0.0, 0.0, 0.0, 0.9, 1.1, 2.0, 2.1, 3.0]
    assert refusals(limits, clock, times, chat_id=1, private=True) == [0.0, 1.1, 2.1]


def test_a_group_takes_twenty_a_minute() -> None:
    clock = HandClock()
    limits = Limits(clock, True)
    times = [*[float(second) for second in range(20)], 20.0, 59.0, 60.0, 60.1, 61.0]
    assert refusals(limits, clock, times, chat_id=-1, private=False) == [20.0, 59.0, 60.1]
    assert limits.audit()["exceeded"]["group"] == 3


def test_all_chats_together_take_thirty_a_second() -> None:
    clock = HandClock()
    limits = Limits(clock, True)
    accepted = 100 - sum(
        bool(refusals(limits, clock, [0.0], chat_id=chat_id, private=True))
        for chat_id in range(1, 101)
    )
    assert 30 <= accepted <= 40
    assert limits.audit()["paid"] == 0


def test_what_is_paid_for_comes_above_the_free_rate_of_all_chats_alone() -> None:
    clock = HandClock()
    limits = Limits(clock, True)
    for chat_id in range(1, 101):
        limits.take("send", chat_id, True, paid=True)
    audit = limits.audit()
    assert (audit["accepted"], audit["refused"]) == ({"send": 100}, 0)
    assert 60 <= audit["paid"] <= 70
    # A chat's own limit is not for sale, nor are edits.
    limits.take("send", 1, True, paid=True)
    limits.take("send", 1, True, paid=True)
    with pytest.raises(Refusal):
        limits.take("send", 1, True, paid=True)
    refused = 0
    for chat_id in range(1, 101):
        try:
            limits.take("edit", chat_id, True, paid=True)
        except Refusal:
            refused += 1
    assert refused >= 60
    # What is free is used before anything is charged.
    clock.now += 10
    before = limits.audit()["paid"]
    limits.take("send", 500, True, paid=True)
    assert limits.audit()["paid"] == before


async def test_a_message_above_the_free_rate_is_accepted_where_it_may_be_charged(
    strict: tuple[Telegram, HandClock],
) -> None:
    telegram, _ = strict
    people = range(700_000, 700_060)
    for number in people:
        telegram.world.add_person(number, f"Reader {number}", started=True)
    for number in people:
        await telegram.call("sendMessage", chat_id=number, text="News", allow_paid_broadcast=True)
    refused = await telegram.refusal("sendMessage", chat_id=ALEX, text="Free")
    assert refused.startswith("Too Many Requests")
    audit = await telegram.get("/sandbox/audit")
    assert audit["accepted"] == {"send": 60}
    assert 20 <= audit["paid"] <= 30


def test_without_enforcement_limits_are_only_counted() -> None:
    clock = HandClock()
    limits = Limits(clock, False)
    assert refusals(limits, clock, [0.0] * 10, chat_id=1, private=True) == []
    audit = limits.audit()
    assert audit["exceeded"] == {"chat": 7}
    assert (audit["accepted"], audit["refused"]) == ({"send": 3}, 0)


@pytest.fixture
async def strict() -> AsyncIterator[tuple[Telegram, HandClock]]:
    """The default world with flood control and a clock that stands still."""
    clock = HandClock()
    world = default_world(clock)
    async with running(world, enforce_limits=True) as found:
        yield found, clock


@pytest.mark.filterwarnings("ignore::telegram.warnings.PTBDeprecationWarning")
async def test_a_flood_says_how_long_to_wait(strict: tuple[Telegram, HandClock]) -> None:
    telegram, clock = strict
    for _ in range(3):
        await telegram.call("sendMessage", chat_id=ALEX, text="x")
    path = f"/bot{telegram.sandbox.token}/sendMessage"
    async with telegram.session.post(path, json={"chat_id": ALEX, "text": "x"}) as response:
        assert response.status == 429
        assert response.headers["Retry-After"] == "1"
        assert await response.json() == {
            "ok": False,
            "error_code": 429,
            "description": "Too Many Requests: retry after 1",
            "parameters": {"retry_after": 1},
        }
    async with telegram.bot() as bot:
        with pytest.raises(RetryAfter):
            await bot.send_message(ALEX, "x")
    clock.now += 1
    sent = await telegram.call("sendMessage", chat_id=ALEX, text="x")
    place = {"chat_id": ALEX, "message_id": sent["message_id"]}
    await telegram.call("editMessageText", **place, text="edits count apart")
    audit = await telegram.get("/sandbox/audit")
    assert audit["refused"] == 2
    assert audit["exceeded"] == {"chat": 2}
    assert audit["accepted"] == {"send": 4, "edit": 1}


async def test_refusals_and_floods_by_order(telegram: Telegram) -> None:
    order = {"method": "sendMessage", "chat_id": ALEX, "times": 2, "kind": "refuse"}
    await telegram.control(
        "fault", **order, error_code=403, description="Forbidden: user is deactivated"
    )
    newsroom = telegram.chat_id("Newsroom")
    assert await telegram.call("sendMessage", chat_id=newsroom, text="x")
    for _ in range(2):
        refused = await telegram.refusal("sendMessage", chat_id=ALEX, text="x")
        assert refused == "Forbidden: user is deactivated"
    await telegram.control("fault", kind="flood", retry_after=7)
    assert await telegram.refusal("getMe") == "Too Many Requests: retry after 7"
    await telegram.control("fault", kind="refuse", times=5)
    async with telegram.session.delete("/sandbox/fault"):
        assert await telegram.call("getMe")
    for wrong in ({"kind": "x"}, {"kind": "drop", "when": "x"}, {"kind": "slow", "seconds": "x"}):
        async with telegram.session.post("/sandbox/fault", json=wrong) as response:
            assert response.status == 400


async def test_a_dropped_connection_before_and_after_the_effect(telegram: Telegram) -> None:
    chat = telegram.world.chats[ALEX]
    async with telegram.bot() as bot:
        await telegram.control("fault", method="sendMessage", kind="drop")
        with pytest.raises(NetworkError):
            await bot.send_message(ALEX, "lost")
        assert len(chat.messages) == 0
        await telegram.control("fault", method="sendMessage", kind="drop", when="after")
        with pytest.raises(NetworkError):
            await bot.send_message(ALEX, "arrived")
        assert [message.payload["text"] for message in chat.messages.values()] == ["arrived"]


async def test_a_slow_answer_comes_after_its_effect(telegram: Telegram) -> None:
    await telegram.control("fault", method="sendMessage", kind="slow", when="after", seconds=30)
    path = f"/bot{telegram.sandbox.token}/sendMessage"
    impatient = aiohttp.ClientTimeout(total=0.2)
    with pytest.raises(asyncio.TimeoutError):
        async with telegram.session.post(
            path, json={"chat_id": ALEX, "text": "x"}, timeout=impatient
        ):
            pass
    assert len(telegram.world.chats[ALEX].messages) == 1


async def test_the_record_of_requests(telegram: Telegram) -> None:
    daily = telegram.chat_id("Daily Wire")
    async with telegram.bot() as bot:
        await bot.send_message("@daily_wire", "x", disable_notification=True)
    markup = '{"inline_keyboard":[]}'
    await telegram.raw("sendMessage", chat_id=ALEX, text="[1]", reply_markup=markup)
    await telegram.raw("editMessageText", chat_id=ALEX, message_id=9, text="x")
    everything = (await telegram.get("/sandbox/requests"))["requests"]
    assert [request["method"] for request in everything] == [
        "getMe",
        "sendMessage",
        "sendMessage",
        "editMessageText",
    ]
    assert everything[3]["ok"] is False
    assert everything[3]["error_code"] == 400
    assert everything[3]["description"] == "Bad Request: message to edit not found"
    found = await telegram.get("/sandbox/requests", method="SendMessage", chat=daily)
    (request,) = found["requests"]
    assert request["parameters"]["chat_id"] == "@daily_wire"
    assert everything[2]["parameters"]["text"] == "[1]"
    assert everything[2]["parameters"]["reply_markup"] == {"inline_keyboard": []}
    audit = await telegram.get("/sandbox/audit")
    assert audit["requests"]["sendMessage"] == 2
    assert audit["errors"] == {"Bad Request: message to edit not found": 1}


async def test_the_page_is_served(telegram: Telegram) -> None:
    async with telegram.session.get("/") as response:
        assert response.status == 200
        assert response.content_type == "text/html"


async def test_only_the_newest_messages_are_kept(telegram: Telegram) -> None:
    world: World = telegram.world
    chat = world.chats[ALEX]
    for number in range(2_100):
        world.post(chat, world.bot.id, {"from": world.bot.user(), "text": str(number)})
    assert len(chat.messages) == 2_000
    assert chat.newest(1)[0].payload["text"] == "2099"
    assert (
        await telegram.refusal("editMessageText", chat_id=ALEX, message_id=1, text="x")
        == "Bad Request: message to edit not found"
    )
