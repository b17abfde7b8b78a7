"""What operators alone may do: flash a story; and a private bot, where only they subscribe."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from sandbox.people import Member
from sandbox.population import ALEX, OLENA
from tests.running_bot import OPERATOR, TECHNOLOGY, WORLD, RunningBot, running_bot
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(
    redis_server: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningBot]:
    folder = tmp_path_factory.mktemp("operators")
    async with running_bot(redis_server, folder, ACCESS="private") as running:
        yield running


async def test_strangers_read_but_do_not_subscribe(bot: RunningBot) -> None:
    reader = bot.person()
    assert "This bot is private" in (await reader.start())["text"]
    assert "This bot is private" in (await reader.say("/subscribe all"))["text"]
    assert WORLD.headlines[0] in (await reader.say("/latest"))["text"]


async def test_a_groups_admin_does_not_subscribe_to_a_private_bot(bot: RunningBot) -> None:
    chat = bot.sandbox.world.add_chat("supergroup", "Theirs", OLENA, bot=Member("member"))
    chat.members[ALEX] = bot.sandbox.world.administrator("supergroup")
    refused = await bot.known(OLENA).say("/subscribe world", chat=chat.id)
    assert "This bot is private" in refused["text"]
    masked = await bot.known(ALEX).say("/subscribe world", chat=chat.id, anonymous=True)
    assert "This bot is private" in masked["text"]
    assert "now gets" in (await bot.known(ALEX).say("/subscribe world", chat=chat.id))["text"]


async def test_an_operator_flashes_a_story_by_link_and_by_reply(bot: RunningBot) -> None:
    operator = bot.known(OPERATOR)
    await operator.start()
    headline = TECHNOLOGY.headlines[0]
    link = f"https://technology.example/{headline.encode().hex()[:80]}"
    assert headline in (await operator.say(f"/flash {link}"))["text"]

    async def breaking() -> bool:
        return await bot.latest("breaking") == 1

    await eventually(breaking)
    assert headline in (await operator.say("/breaking"))["text"]
    assert "breaking already" in (await operator.say(f"/flash {link}"))["text"]
    assert "Reply to a story" in (await operator.say("/flash"))["text"]
    assert "has that link" in (await operator.say("/flash https://nowhere.example/x"))["text"]
