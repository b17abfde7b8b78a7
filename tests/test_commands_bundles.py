"""Turning the pages of a long bundle, against the whole bot: in place, by whoever presses."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from bot.models.chats import Chat
from bot.models.identifiers import Address, ChatId, MessageId
from bot.store import keys_deliveries as keys
from bot.store import keys_desk
from bot.store.chats import ChatStore
from bot.store.client import Database
from bot.store.stories import ORDINARY, URGENT
from sandbox.people import Member
from sandbox.population import ALEX, MAX
from tests.running_bot import Json, Person, RunningBot, labels, running_bot
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")

HEADLINES = (
    "Harbour cranes idle as dockers walk out",
    "Observatory records faintest comet yet",
    "Bakers revive rye bread of the north",
    "Parliament debates tax on private jets",
    "Old tram line becomes a garden path",
    "Divers find cannon below the lighthouse",
    "Vineyards harvest weeks before schedule",
    "Chess prodigy beats veteran in Tashkent",
    "Night train returns to the coast",
    "Beekeepers count a record summer",
    "Library lends violins to children",
    "Glass roof of the market hall reopens",
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(
    redis_server: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningBot]:
    async with running_bot(redis_server, tmp_path_factory.mktemp("bundles")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kept(bot: RunningBot, redis_server: Path) -> AsyncIterator[Database]:
    async with await Database.open(f"unix://{redis_server}") as database:
        yield database


async def away(kept: Database, address: int) -> Chat:
    chat = await ChatStore(kept).by_address(Address(address))
    assert chat is not None
    await ChatStore(kept).pause(chat.id, "The bot was removed.")
    return chat


async def fanned_out(kept: Database) -> bool:
    batch = kept.batch()
    for urgency in (URGENT, ORDINARY):
        batch.command("XLEN", keys_desk.fanout(urgency))
    return not any(await batch.run())


async def list_in(hand: Person, address: int) -> Json | None:
    found = await hand.messages(address)
    return next((each for each in found if "While you were away" in each.get("text", "")), None)


async def turned(hand: Person, message: Json, label: str, shown: str) -> Json:
    """Press, and wait for the message to show that."""

    async def shows() -> Json | None:
        again = await hand.again(message)
        return again if shown in again["text"] else None

    answer = (await hand.press(message, label))["answer"]
    assert not answer.get("text")
    return await eventually(shows)


async def test_whoever_presses_turns_the_page_in_place(bot: RunningBot, kept: Database) -> None:
    world = bot.sandbox.world
    group = world.add_chat("supergroup", "Away", ALEX, bot=Member("member")).id
    world.chats[group].members[MAX] = Member("member")
    alex, reader = bot.known(ALEX), bot.person()
    await alex.say("/subscribe all", chat=group)
    await reader.start()
    await reader.say("/subscribe all")
    chats = [await away(kept, each) for each in (group, reader.id)]
    before = await bot.latest("all")
    for headline in HEADLINES:
        bot.feeds.publish("technology", headline)

    async def placed() -> bool:
        return await bot.latest("all") == before + len(HEADLINES)

    await eventually(placed)
    await eventually(partial(fanned_out, kept))
    for chat in chats:
        await ChatStore(kept).resume(chat.id)
    for address, hand in ((group, bot.known(MAX)), (reader.id, reader)):
        message = await eventually(partial(list_in, hand, address))
        assert "12 stories since" in message["text"].split("\n")[0]
        assert "page 1 of 2" in message["text"]
        assert labels(message)[-1] == "Show more"
        second = await turned(hand, message, "Show more", "page 2 of 2")
        assert labels(second) == ["Read 9", "Read 10", "Read 11", "Read 12", "« Back"]
        await turned(hand, second, "« Back", "page 1 of 2")


async def test_a_list_that_is_forgotten_says_so(bot: RunningBot, kept: Database) -> None:
    reader = bot.known(bot.people[0])
    message = await list_in(reader, reader.id)
    assert message is not None
    await kept.command("DEL", keys.message(ChatId(reader.id), MessageId(message["message_id"])))
    pressed = await reader.press(message, "Show more")
    assert pressed["answer"]["text"].startswith("This list is too old to turn its pages.")
    assert pressed["answer"]["show_alert"]
