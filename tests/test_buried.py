"""/buried over a whole bot: what Telegram refuses for good, seen, replayed and forgotten."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from sandbox.people import Member
from tests.running_bot import OPERATOR, Json, Person, RunningBot, labels, running_bot
from tests.sandbox_control import clear_faults, order_fault
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

REFUSED = "Bad Request: MESSAGE_TOO_LONG"
SHOWN = "Message_too_long"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(
    redis_server: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningBot]:
    async with running_bot(redis_server, tmp_path_factory.mktemp("buried")) as running:
        yield running


async def a_reader(bot: RunningBot, name: str) -> Person:
    """Somebody who gets every story and whom Telegram refuses every message from now on."""
    reader = bot.person(name)
    await reader.start()
    await reader.say("/subscribe all")
    await order_fault(
        bot.session,
        bot.sandbox,
        kind="refuse",
        method="sendMessage",
        chat_id=reader.id,
        times=50,
        error_code=400,
        description=REFUSED,
    )
    return reader


async def listed(operator: Person, count: int) -> Json:
    async def page() -> Json | None:
        found = await operator.say("/buried")
        return found if f"{count} in all" in found["text"] else None

    return await eventually(page)


async def got(reader: Person, headline: str) -> bool:
    return any(headline in each.get("text", "") for each in await reader.messages())


async def test_a_letter_is_seen_replayed_once_and_gone(bot: RunningBot) -> None:
    operator = bot.known(OPERATOR)
    await operator.start()
    assert "None: nothing was given up." in (await operator.say("/buried"))["text"]
    reader = await a_reader(bot, "Patient Reader")
    bot.feeds.publish("world", "Lighthouse keeper retires after fifty years")
    page = await listed(operator, 1)
    assert "Patient Reader" in page["text"]
    assert "Lighthouse keeper retires" in page["text"]
    assert SHOWN in page["text"]
    assert labels(page) == ["1", "Replay all", "Forget all"]
    assert "Dead letters: 1" in (await operator.say("/status"))["text"]
    stranger = bot.person()
    await stranger.start()
    assert "letters" not in (await stranger.say("/status"))["text"]

    await operator.press(page, "1")
    letter = await operator.again(page)
    assert "What was tried:" in letter["text"]
    assert "Lighthouse keeper retires after fifty years, reporters said" in letter["text"]
    assert labels(letter) == ["Replay", "Forget", "« Back"]

    await clear_faults(bot.session, bot.sandbox)
    told = await operator.press(letter, "Replay")
    assert "Goes out again: Lighthouse keeper" in told["answer"]["text"]
    assert "None: nothing was given up." in (await operator.again(page))["text"]
    await eventually(lambda: got(reader, "Lighthouse keeper retires"))
    # The list that the operator had open in another window.
    stale = await operator.say("/buried")
    assert labels(stale) == []
    assert sum("Lighthouse" in each["text"] for each in await reader.messages()) == 1
    await reader.say("/unsubscribe all")


async def test_all_are_forgotten_or_replayed_after_a_question(bot: RunningBot) -> None:
    operator = bot.known(OPERATOR)
    reader = await a_reader(bot, "Busy Reader")
    headlines = ["Island votes on a new flag", "Orchestra plays under the glacier"]
    for headline in headlines:
        bot.feeds.publish("world", headline)
    page = await listed(operator, 2)
    await operator.press(page, "Forget all")
    question = await operator.again(page)
    assert "Forget all 2 dead letters?" in question["text"]
    await operator.press(question, "« Back")
    assert "2 in all" in (await operator.again(page))["text"]

    await clear_faults(bot.session, bot.sandbox)
    await operator.press(page, "Replay all")
    told = await operator.press(await operator.again(page), "Yes, replay all 2")
    assert "Replayed: 2." in told["answer"]["text"]
    await eventually(lambda: got(reader, headlines[0]))
    await eventually(lambda: got(reader, headlines[1]))
    assert "None: nothing was given up." in (await operator.again(page))["text"]
    await reader.say("/unsubscribe all")


async def test_a_paused_chats_letter_stays_until_it_is_forgotten(bot: RunningBot) -> None:
    operator = bot.known(OPERATOR)
    reader = await a_reader(bot, "Leaving Reader")
    bot.feeds.publish("world", "Harbour seals return to the estuary")
    page = await listed(operator, 1)
    await clear_faults(bot.session, bot.sandbox)
    await reader.call("block", blocked=True)

    async def refused() -> bool:
        await operator.press(page, "1")
        told = await operator.press(await operator.again(page), "Replay")
        return "paused" in told["answer"]["text"]

    await eventually(refused)
    await operator.press(await operator.again(page), "Forget")
    assert "None: nothing was given up." in (await operator.again(page))["text"]


async def test_only_operators_look_and_only_in_private(bot: RunningBot) -> None:
    stranger = bot.person()
    await stranger.start()
    assert "Only the people who run this bot" in (await stranger.say("/buried"))["text"]
    group = bot.sandbox.world.add_chat("supergroup", "Office", OPERATOR, bot=Member("member")).id
    answer = await bot.known(OPERATOR).say("/buried", chat=group)
    assert "in a private chat" in answer["text"]
