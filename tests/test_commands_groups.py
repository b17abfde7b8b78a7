"""Groups, forum topics and channels: who may change what they get, and where answers stand."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from bot.models.chats import Chat
from bot.models.identifiers import Address
from bot.models.subscriptions import Subscription
from bot.store.chats import ChatStore
from bot.store.client import Database
from bot.store.subscriptions import SubscriptionStore
from sandbox.people import Member
from sandbox.population import ALEX, MAX, OLENA
from tests.running_bot import RunningBot, labels, running_bot
from tests.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(
    redis_server: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[RunningBot]:
    async with running_bot(redis_server, tmp_path_factory.mktemp("groups")) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def kept(bot: RunningBot, redis_server: Path) -> AsyncIterator[Database]:
    async with await Database.open(f"unix://{redis_server}") as database:
        yield database


def chat_named(bot: RunningBot, title: str) -> int:
    return next(chat.id for chat in bot.sandbox.world.chats.values() if chat.title == title)


def new_group(bot: RunningBot, title: str, kind: str = "supergroup") -> int:
    """A group of Alex (creator), Olena (administrator) and Max, with the bot as a plain member."""
    chat = bot.sandbox.world.add_chat(kind, title, ALEX, bot=Member("member"))
    chat.members[OLENA] = bot.sandbox.world.administrator(kind)
    chat.members[MAX] = Member("member")
    return int(chat.id)


async def chat_of(kept: Database, address: int) -> Chat | None:
    return await ChatStore(kept).by_address(Address(address))


async def subscriptions_of(kept: Database, address: int) -> tuple[Subscription, ...]:
    chat = await chat_of(kept, address)
    return await SubscriptionStore(kept).of(chat.id) if chat is not None else ()


async def test_a_group_gets_nothing_until_an_admin_chooses(bot: RunningBot, kept: Database) -> None:
    group = new_group(bot, "Silent group")
    welcome = await bot.known(MAX).say("/start", chat=group)
    assert "silent" in welcome["text"]
    assert await subscriptions_of(kept, group) == ()
    pressed = await bot.known(MAX).press(welcome, "Choose topics")
    assert "Only this group's admins" in pressed["answer"]["text"]
    assert pressed["answer"]["show_alert"]
    await bot.known(OLENA).press(welcome, "Choose topics")
    menu = await bot.known(OLENA).again(welcome)
    await bot.known(OLENA).press(menu, "Breaking only")
    assert [each.rule for each in await subscriptions_of(kept, group)] == ["breaking:all"]
    refused = await bot.known(MAX).press(menu, "Everything")
    assert "Only this group's admins" in refused["answer"]["text"]
    assert [each.rule for each in await subscriptions_of(kept, group)] == ["breaking:all"]


async def test_members_read_and_admins_change(bot: RunningBot, kept: Database) -> None:
    group = new_group(bot, "Mixed group")
    member, admin = bot.known(MAX), bot.known(OLENA)
    latest = await member.say("/latest world", chat=group)
    assert latest["reply_to_message"]["text"] == "/latest world"
    assert all(label.startswith("Read ") for label in labels(latest))
    refused = await member.say("/subscribe technology", chat=group)
    assert "Only this group's admins can change what it gets." in refused["text"]
    assert await subscriptions_of(kept, group) == ()
    assert "topic Technology" in (await admin.say("/subscribe technology", chat=group))["text"]
    assert "topic Technology" in (await member.say("/list", chat=group))["text"]
    assert "Only this group's" in (await member.say("/settings rings 1", chat=group))["text"]
    assert "Only this group's" in (await member.say("/unsubscribe all", chat=group))["text"]
    assert len(await subscriptions_of(kept, group)) == 1


async def test_a_dismissed_admin_is_a_member_again(bot: RunningBot, kept: Database) -> None:
    group = new_group(bot, "Changing group")
    admin = bot.person()
    chat = bot.sandbox.world.chats[group]
    chat.members[admin.id] = Member("member")
    assert "Only this group's" in (await admin.say("/subscribe world", chat=group))["text"]
    other = bot.person()
    chat.members[other.id] = bot.sandbox.world.administrator("supergroup")
    assert "now gets" in (await other.say("/subscribe world", chat=group))["text"]


async def test_an_anonymous_admin_speaks_for_the_group(bot: RunningBot, kept: Database) -> None:
    group = new_group(bot, "Masked group")
    answer = await bot.known(OLENA).say("/subscribe world", chat=group, anonymous=True)
    assert "now gets" in answer["text"]
    assert [each.value for each in await subscriptions_of(kept, group)] == ["world"]


async def test_talk_and_other_bots_commands_are_left_alone(bot: RunningBot) -> None:
    group = new_group(bot, "Busy group")
    admin = bot.known(OLENA)
    before = len(await bot.requests("sendmessage"))
    for text in ("hello", "/list@SomeOtherBot", "/unknown", "see https://example.com/feed.xml"):
        await admin.write(text, chat=group)
    name = bot.sandbox.world.bot.username
    answer = await admin.say(f"/list@{name.upper()}", chat=group)
    assert "Subscriptions of this group" in answer["text"]
    assert len(await bot.requests("sendmessage")) == before + 1


async def test_a_subscription_made_in_a_topic_stays_there(bot: RunningBot, kept: Database) -> None:
    forum = chat_named(bot, "Newsdesk Forum")
    topics = bot.sandbox.world.chats[forum].topics
    technology = next(id for id, topic in topics.items() if topic.name == "Technology")
    world = next(id for id, topic in topics.items() if topic.name == "World")
    admin = bot.known(ALEX)
    answer = await admin.say("/subscribe technology", chat=forum, thread=technology)
    assert answer["message_thread_id"] == technology
    assert [each.thread for each in await subscriptions_of(kept, forum)] == [technology]
    elsewhere = await admin.say("/list", chat=forum, thread=world)
    assert elsewhere["message_thread_id"] == world
    assert "None yet." in elsewhere["text"]
    for command in ("/list", "/start"):
        general = await admin.say(command, chat=forum)
        assert "None yet." in general["text"]
        assert "Other topics of this group have 1;" in general["text"]
    await admin.press(elsewhere, "Add topics")
    await admin.press(await admin.again(elsewhere), "World")
    threads = {each.value: each.thread for each in await subscriptions_of(kept, forum)}
    assert threads == {"technology": technology, "world": world}


async def test_a_channel_is_managed_by_its_admin_from_the_private_chat(
    bot: RunningBot, kept: Database
) -> None:
    channel = chat_named(bot, "Daily Wire")
    owner = bot.known(ALEX)
    answer = await owner.say("/subscribe @daily_wire breaking")
    assert answer["chat"]["id"] == ALEX
    assert "Daily Wire now gets breaking news." in answer["text"]
    assert [each.rule for each in await subscriptions_of(kept, channel)] == ["breaking:all"]
    listed = await owner.say(f"/list {channel}")
    assert "Subscriptions of Daily Wire" in listed["text"]
    await owner.press(listed, "End: Breaking news")
    assert await subscriptions_of(kept, channel) == ()
    # Nothing was posted in the channel itself.
    assert await owner.messages(channel) == []


@pytest.mark.parametrize("command", ["/latest", "/latest {} technology", "/search {} reporters"])
async def test_a_channels_lists_turn_their_pages_for_the_channel(
    bot: RunningBot, kept: Database, command: str
) -> None:
    posting = bot.sandbox.world.administrator("channel")
    owner = bot.person()
    channel = bot.sandbox.world.add_chat("channel", "Listed", owner.id, bot=posting).id
    await owner.start()
    named = command.format(channel) if "{}" in command else f"{command} {channel}"
    before = labels(await owner.say(f"/settings {channel} timezone Asia/Tokyo"))
    assert before
    first = await owner.say(named)
    await owner.press(first, "Show more")
    second = await owner.again(first)
    assert "page 2 of" in second["text"]
    back = next(label for label in labels(second) if label.startswith("«"))
    await owner.press(second, back)
    # The channel's time zone shows in its list, and still after turning pages.
    assert (await owner.again(first))["text"] == first["text"]
    data = [
        button["callback_data"]
        for row in second["reply_markup"]["inline_keyboard"]
        for button in row
        if not button["text"].startswith("Read ")
    ]
    assert data
    assert all(each.startswith(f"{channel}/") for each in data)


async def test_a_strangers_hands_are_kept_off_a_channel(bot: RunningBot, kept: Database) -> None:
    channel = chat_named(bot, "Daily Wire")
    stranger = bot.person()
    greeting = await stranger.start()
    assert (
        "Only the admins of @daily_wire"
        in (await stranger.say("/subscribe @daily_wire all"))["text"]
    )
    # A press whose data names the channel, as a forged client can send it.
    button = {"text": "x", "callback_data": f"{channel}/sub:all:all"}
    message = bot.sandbox.world.chats[stranger.id].messages[greeting["message_id"]]
    message.payload["reply_markup"] = {"inline_keyboard": [[button]]}
    pressed = await stranger.call(
        "press", chat=stranger.id, message_id=greeting["message_id"], row=0, column=0
    )
    assert "Only this channel's admins" in pressed["answer"]["text"]
    assert await subscriptions_of(kept, channel) == ()
    subscriber = bot.known(MAX)
    await subscriber.start()
    assert "Only the admins" in (await subscriber.say("/list @daily_wire"))["text"]


async def test_a_channel_without_the_right_to_post_is_refused(bot: RunningBot) -> None:
    mute = bot.sandbox.world.administrator("channel", can_post_messages=False)
    bot.sandbox.world.add_chat("channel", "Mute", ALEX, username="mute_channel", bot=mute)
    owner = bot.person()
    bot.sandbox.world.chats[chat_named(bot, "Mute")].members[owner.id] = (
        bot.sandbox.world.administrator("channel")
    )
    await owner.start()
    assert (
        "I may not post in @mute_channel"
        in (await owner.say("/subscribe @mute_channel breaking"))["text"]
    )


async def test_a_channel_is_not_managed_from_a_group(bot: RunningBot) -> None:
    group = new_group(bot, "Channel talk")
    answer = await bot.known(ALEX).say("/subscribe @daily_wire all", chat=group)
    assert "private chat" in answer["text"]


async def test_a_post_in_a_channel_commands_for_it(bot: RunningBot, kept: Database) -> None:
    posting = bot.sandbox.world.administrator("channel")
    bot.sandbox.world.add_chat("channel", "Own posts", ALEX, username="own_posts", bot=posting)
    channel = chat_named(bot, "Own posts")
    await bot.known(ALEX).write("/subscribe science", chat=channel)
    await eventually(lambda: subscriptions_of(kept, channel))


async def test_a_blocked_and_a_removed_bot_pauses_and_comes_back(
    bot: RunningBot, kept: Database
) -> None:
    reader = bot.person()
    await reader.start()

    async def reason(address: int) -> str:
        chat = await chat_of(kept, address)
        return chat.paused if chat is not None else ""

    async def reachable(address: int) -> bool:
        return not await reason(address)

    await reader.call("block", blocked=True)
    assert await eventually(lambda: reason(reader.id)) == "The person blocked the bot."
    await reader.call("block", blocked=False)
    await eventually(lambda: reachable(reader.id))
    group = new_group(bot, "Leaving group")
    await bot.known(OLENA).say("/subscribe world", chat=group)
    alex = bot.known(ALEX)
    await alex.call("member", chat=group, target="bot", status="kicked")
    assert await eventually(lambda: reason(group)) == "The bot was removed."
    await alex.call("member", chat=group, target="bot", status="member")
    await eventually(lambda: reachable(group))
    assert len(await subscriptions_of(kept, group)) == 1


async def test_a_group_that_becomes_a_supergroup_keeps_its_subscriptions(
    bot: RunningBot, kept: Database
) -> None:
    group = new_group(bot, "Growing group", "group")
    admin = bot.known(ALEX)
    await admin.say("/subscribe science", chat=group)
    moved = (await admin.call("migrate", chat=group))["chat"]

    async def arrived() -> bool:
        chat = await chat_of(kept, moved)
        return chat is not None and chat.address == moved and chat.id == group

    await eventually(arrived)
    listed = await admin.say("/list", chat=moved)
    assert "topic Science" in listed["text"]
