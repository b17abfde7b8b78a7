"""What operators alone may do: flash a story; and a private bot, where only they subscribe."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot import __version__
from sandbox.people import Member
from sandbox.population import ALEX, OLENA
from tests.running_bot import OPERATOR, TECHNOLOGY, WORLD, Json, RunningBot, running_bot
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


async def test_sites_learn_which_bot_reads_them(bot: RunningBot) -> None:
    name = bot.sandbox.world.bot.username
    assert bot.feeds.agents == {f"Newsflash/{__version__} (+https://t.me/{name})"}


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
    assert "named by its link" in (await operator.say("/flash that one"))["text"]
    assert "has that link" in (await operator.say("/flash https://nowhere.example/x"))["text"]


async def test_a_flash_in_reply_rings_every_chat_that_wants_breaking_news(bot: RunningBot) -> None:
    group = bot.sandbox.world.add_chat("supergroup", "Rung", OPERATOR, bot=Member("member")).id
    operator = bot.known(OPERATOR)
    await operator.say("/subscribe all", chat=group)
    await operator.say("/settings quiet off", chat=group)
    headline = "Volcano erupts near the capital"
    before = await operator.latest_id(group)
    bot.feeds.publish("world", headline)
    story = await operator.answer(group, after=before)
    assert headline in story["text"]
    assert story["silent"]
    answer = await operator.say("/flash", chat=group, reply_to=story["message_id"])
    assert f"Goes out as breaking: {headline}" in answer["text"]

    async def rung() -> Json | None:
        said = [each for each in await operator.messages(group) if not each["silent"]]
        return next((each for each in said if each["text"].startswith("🔴 Breaking")), None)

    assert (await eventually(rung))["reply_to_message"]["message_id"] == story["message_id"]
