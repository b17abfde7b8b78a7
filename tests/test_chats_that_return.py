"""Chats that could not be written to, and can again: over a whole bot, as people bring it about."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from bot.models.chats import Chat
from bot.models.identifiers import NO_THREAD, Address, ThreadId
from bot.store.chats import ChatStore
from bot.store.client import Database
from bot.store.subscriptions import SubscriptionStore
from sandbox.people import Member
from sandbox.population import ALEX, OLENA
from tests.running_bot import Person, RunningBot, running_bot
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(
    redis_server: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningBot]:
    async with running_bot(redis_server, tmp_path_factory.mktemp("returning")) as running:
        yield running


async def chat_at(redis_server: Path, address: int) -> Chat | None:
    async with await Database.open(f"unix://{redis_server}") as database:
        return await ChatStore(database).by_address(Address(address))


async def is_paused(redis_server: Path, address: int) -> bool:
    chat = await chat_at(redis_server, address)
    return chat is not None and bool(chat.paused) and chat.paused_since is not None


async def is_reachable(redis_server: Path, address: int) -> bool:
    chat = await chat_at(redis_server, address)
    return chat is not None and not chat.paused and chat.paused_since is None


async def got(person: Person, headline: str, chat: int = 0) -> bool:
    return any(headline in each.get("text", "") for each in await person.messages(chat))


@pytest.mark.parametrize("how", ["unblock", "start"])
async def test_a_person_who_unblocks_or_starts_gets_news_again(
    bot: RunningBot, redis_server: Path, how: str
) -> None:
    reader = bot.person("Alternating Reader")
    await reader.start()
    await reader.say("/subscribe all")
    await reader.call("block", blocked=True)
    await eventually(lambda: is_paused(redis_server, reader.id))
    missed = f"Ferry timetable changes, {how}"
    bot.feeds.publish("world", missed)
    if how == "unblock":
        await reader.call("block", blocked=False)
    else:
        await reader.start()
    await eventually(lambda: is_reachable(redis_server, reader.id))
    headline = {"unblock": "Beekeepers march through Lyon", "start": "Tram line opens in Graz"}[how]
    bot.feeds.publish("world", headline)
    await eventually(lambda: got(reader, headline))
    await reader.say("/unsubscribe all")


async def test_a_group_whose_bot_is_silenced_and_heard_again(
    bot: RunningBot, redis_server: Path
) -> None:
    admin = bot.known(ALEX)
    group = bot.sandbox.world.add_chat("supergroup", "Changing minds", ALEX, bot=Member("member"))
    await admin.say("/subscribe all", chat=group.id)
    silenced = {"can_send_messages": False}
    for status, rights in (("restricted", silenced), ("kicked", {}), ("left", {})):
        await admin.call("member", chat=group.id, target="bot", status=status, rights=rights)
        await eventually(lambda: is_paused(redis_server, group.id))
        await admin.call("member", chat=group.id, target="bot", status="member")
        await eventually(lambda: is_reachable(redis_server, group.id))
    bot.feeds.publish("world", "Clock tower strikes thirteen")
    await eventually(lambda: got(admin, "Clock tower strikes thirteen", group.id))


async def test_a_channel_whose_rights_come_back(bot: RunningBot, redis_server: Path) -> None:
    admin = bot.known(ALEX)
    await admin.start()
    world = bot.sandbox.world
    channel = world.add_chat(
        "channel",
        "Loud and clear",
        ALEX,
        username="loudandclear",
        bot=world.administrator("channel"),
    )
    await admin.say("/subscribe @loudandclear all")
    place = {"chat": channel.id, "target": "bot", "status": "administrator"}
    await admin.call("member", **place, rights={"can_post_messages": False})
    await eventually(lambda: is_paused(redis_server, channel.id))
    await admin.call("member", **place)
    await eventually(lambda: is_reachable(redis_server, channel.id))
    bot.feeds.publish("world", "Violin found in an attic in Cremona")
    await eventually(lambda: got(admin, "Violin found in an attic", channel.id))


async def test_a_command_resumes_where_no_update_tells_of_it(
    bot: RunningBot, redis_server: Path
) -> None:
    """A group's own permissions change without a word to the bot."""
    admin = bot.known(ALEX)
    group = bot.sandbox.world.add_chat("supergroup", "Quiet please", ALEX, bot=Member("member"))
    await admin.say("/subscribe all", chat=group.id)
    group.permissions["can_send_messages"] = False
    bot.feeds.publish("world", "Orchard blossoms in November")
    await eventually(lambda: is_paused(redis_server, group.id))
    group.permissions["can_send_messages"] = True
    await admin.say("/list", chat=group.id)
    assert await is_reachable(redis_server, group.id)


async def test_an_upgrade_is_followed_by_its_service_messages(
    bot: RunningBot, redis_server: Path
) -> None:
    admin = bot.known(ALEX)
    group = bot.sandbox.world.add_chat("group", "Growing circle", ALEX, bot=Member("member"))
    await admin.say("/subscribe all", chat=group.id)
    moved = await admin.call("migrate", chat=group.id)
    address = next(
        chat.id
        for chat in bot.sandbox.world.chats.values()
        if chat.title == "Growing circle" and chat.kind == "supergroup"
    )
    assert moved

    async def followed() -> bool:
        chat = await chat_at(redis_server, address)
        return chat is not None and chat.id == group.id and chat.address == address

    await eventually(followed)
    bot.feeds.publish("world", "Glassblowers of Murano meet")
    await eventually(lambda: got(admin, "Glassblowers of Murano", address))


async def test_an_admin_ends_the_news_of_a_deleted_topic(
    bot: RunningBot, redis_server: Path
) -> None:
    admin = bot.known(ALEX)
    forum = next(
        chat for chat in bot.sandbox.world.chats.values() if chat.title == "Newsdesk Forum"
    )
    forum.members[bot.sandbox.world.bot.id] = Member("member")
    thread = ThreadId(max(forum.topics))
    await admin.say("/subscribe all", chat=forum.id, thread=thread)
    before = await admin.latest_id(forum.id)
    await admin.call("topic", chat=forum.id, thread=thread, deleted=True)
    bot.feeds.publish("world", "Puppet theatre moves into the old mint")
    notice = await admin.answer(forum.id, after=before)
    assert "no longer gets news" in notice["text"]
    forum.members[OLENA] = Member("member")
    told = await bot.known(OLENA).press(notice, "End its news")
    assert "Only this group's admins" in told["answer"]["text"]
    await admin.press(notice, "End its news")
    assert "Ended: 1 subscription" in (await admin.again(notice))["text"]
    async with await Database.open(f"unix://{redis_server}") as database:
        chat = await ChatStore(database).by_address(Address(forum.id))
        assert chat is not None
        standing = await SubscriptionStore(database).of(chat.id)
    assert [each for each in standing if each.thread != NO_THREAD] == []


async def test_a_reopened_topic_is_heard_of(bot: RunningBot, redis_server: Path) -> None:
    admin = bot.known(ALEX)
    forum = bot.sandbox.world.add_chat(
        "supergroup", "Small forum", ALEX, is_forum=True, bot=Member("member")
    )
    thread = 1
    await admin.say("/subscribe all", chat=forum.id)
    await admin.call("topic", chat=forum.id, thread=thread, closed=True)
    bot.feeds.publish("world", "Chess club beats its own machine")

    async def left_alone() -> bool:
        chat = await chat_at(redis_server, forum.id)
        return chat is not None and chat.closed_topic(NO_THREAD) is not None

    await eventually(left_alone)
    # An admin's command there: it is tried again, but whether it works is not known yet.
    await admin.write("/list", chat=forum.id)

    async def tried_again() -> bool:
        chat = await chat_at(redis_server, forum.id)
        assert chat is not None
        known = chat.closed_topic(NO_THREAD)
        return known is not None and known.until < datetime.now(UTC) + timedelta(minutes=1)

    await eventually(tried_again)
    await admin.call("topic", chat=forum.id, thread=thread, closed=False)

    async def heard() -> bool:
        return not await left_alone()

    await eventually(heard)
    bot.feeds.publish("world", "Harp maker opens her workshop")
    await eventually(lambda: got(admin, "Harp maker opens", forum.id))
