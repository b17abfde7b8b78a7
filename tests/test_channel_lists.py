"""A channel's list stands still and opens in private; presses in groups have their own share.

Mostly against the whole bot, with Telegram's own allowance of 20 edits a minute.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from bot.config import Rate
from bot.errors import RequestError
from bot.models.chats import ChatKind
from bot.models.identifiers import NO_THREAD, ChatId, FeedId, MessageId
from bot.services.bundle_pages import BundlePages
from bot.store import keys_deliveries as keys
from bot.store.chats import ChatStore
from bot.store.client import Database
from bot.store.deliveries import AT_ONCE, DeliveryQueue
from bot.store.messages import MessageStore, MessageStories
from bot.views.callbacks import parse_list_start
from sandbox.people import Member
from sandbox.population import ALEX, MAX
from tests.delivery_stage import DeliveryStage, delivery_stage
from tests.running_bot import Json, Person, RunningBot, labels, running_bot
from tests.store_values import a_chat, a_subscription
from tests.test_commands_bundles import HEADLINES, away, fanned_out, list_in, turned
from tests.waiting import eventually

whole_bot = pytest.mark.asyncio(loop_scope="module")
ALL = f"All {len(HEADLINES)} stories"


@dataclass(frozen=True)
class Scene:
    """A channel and a group that each got a list in pages; Max is in both."""

    bot: RunningBot
    kept: Database
    channel: int
    group: int

    async def shown(self, address: int) -> Json:
        found = await list_in(self.bot.known(MAX), address)
        assert found is not None
        return found

    async def edits(self, address: int) -> int:
        found = await self.bot.requests("editMessageText")
        return sum(each["parameters"]["chat_id"] == address for each in found)

    async def payload(self) -> str:
        """What the channel's button says to /start."""
        message = await self.shown(self.channel)
        opened = await self.bot.known(MAX).press(message, ALL)
        address = str(opened["open_url"])
        return address.partition("?start=")[2]

    def in_channel(self, person: Person, status: str = "member") -> None:
        self.bot.sandbox.world.chats[self.channel].members[person.id] = Member(status)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scene(
    redis_server: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Scene]:
    folder = tmp_path_factory.mktemp("lists")
    async with (
        running_bot(redis_server, folder, SEND_RATE_GROUP="20/m") as bot,
        await Database.open(f"unix://{redis_server}") as kept,
    ):
        yield await listed(bot, kept)


async def listed(bot: RunningBot, kept: Database) -> Scene:
    world = bot.sandbox.world
    group = world.add_chat("supergroup", "Away", ALEX, bot=Member("member")).id
    channel = world.add_chat("channel", "Wire", ALEX, bot=world.administrator("channel")).id
    for each in (group, channel):
        world.chats[each].members[MAX] = Member("member")
    alex = bot.known(ALEX)
    await alex.say("/subscribe all", chat=group)
    await alex.start()
    await alex.say(f"/subscribe {channel} all")
    chats = [await away(kept, each) for each in (group, channel)]
    before = await bot.latest("all")
    for headline in HEADLINES:
        bot.feeds.publish("technology", headline)

    async def placed() -> bool:
        return await bot.latest("all") == before + len(HEADLINES)

    await eventually(placed)
    await eventually(partial(fanned_out, kept))
    for chat in chats:
        await ChatStore(kept).resume(chat.id)
    for each in (group, channel):
        await eventually(partial(list_in, bot.known(MAX), each))
    return Scene(bot, kept, channel, group)


@whole_bot
async def test_a_member_turns_the_pages_in_private_and_the_channel_stands_still(
    scene: Scene,
) -> None:
    message = await scene.shown(scene.channel)
    assert f"Most reported first · 8 of {len(HEADLINES)}" in message["text"]
    assert labels(message)[-1] == ALL
    assert "Show more" not in labels(message)
    reader = scene.bot.known(MAX)
    before = await MessageStore(scene.kept).get(
        ChatId(scene.channel), MessageId(message["message_id"])
    )
    opened = await reader.start(await scene.payload())
    assert opened["chat"]["id"] == MAX
    assert "page 1 of 2" in opened["text"]
    second = await turned(reader, opened, "Show more", "page 2 of 2")
    assert labels(second) == ["Read 9", "Read 10", "Read 11", "Read 12", "« Back"]
    await turned(reader, second, "« Back", "page 1 of 2")
    assert await reader.again(message) == message
    assert await scene.edits(scene.channel) == 0
    after = await MessageStore(scene.kept).get(
        ChatId(scene.channel), MessageId(message["message_id"])
    )
    assert after == before


@whole_bot
async def test_a_stranger_is_told_no_more_than_that_it_is_the_channels(scene: Scene) -> None:
    payload = await scene.payload()
    stranger = scene.bot.person()
    refused = await stranger.start(payload)
    assert "for the readers of its channel" in refused["text"]
    assert not any(each in refused["text"] for each in HEADLINES)
    for forged in (payload[:-4] + "0000", payload.replace("list_-", "list_-9")):
        assert (await stranger.start(forged))["text"] == refused["text"]
    for status in ("left", "kicked"):
        scene.in_channel(stranger, status)
        assert (await stranger.start(payload))["text"] == refused["text"]
    scene.in_channel(stranger)
    assert "page 1 of 2" in (await stranger.start(payload))["text"]


@whole_bot
async def test_anyone_reads_a_public_channel_until_it_is_made_private(scene: Scene) -> None:
    payload, stranger = await scene.payload(), scene.bot.person()
    chats = ChatStore(scene.kept)
    await chats.change(ChatId(scene.channel), lambda chat: replace(chat, username="open_wire"))
    refused = await stranger.start(payload)
    assert "for the readers of its channel" in refused["text"]
    told = scene.bot.sandbox.world.chats[scene.channel].brief
    told["username"] = "open_wire"
    assert "page 1 of 2" in (await stranger.start(payload))["text"]
    del told["username"]
    assert (await stranger.start(payload))["text"] == refused["text"]


@whole_bot
async def test_an_old_list_says_so(scene: Scene) -> None:
    payload, reader = await scene.payload(), scene.bot.known(MAX)
    forged = payload[:-4] + "0000"
    assert "too old to turn its pages" in (await reader.start(forged))["text"]
    opened = await reader.start(payload)
    await scene.kept.command("DEL", keys.message(ChatId(MAX), MessageId(opened["message_id"])))
    answer = (await reader.press(opened, "Show more"))["answer"]
    assert answer["text"].startswith("This list is too old to turn its pages.")


@whole_bot
async def test_a_page_is_never_turned_in_a_channel(scene: Scene) -> None:
    """By the button of an older release, or a forged one."""
    message, bot = await scene.shown(scene.channel), scene.bot
    url = f"{bot.sandbox.base_url}/bot{bot.sandbox.token}/editMessageReplyMarkup"
    button = {"text": "Show more", "callback_data": "page:1"}
    markup = {"inline_keyboard": [[button]]}
    place = {"chat_id": scene.channel, "message_id": message["message_id"]}
    async with bot.session.post(url, json={**place, "reply_markup": markup}) as response:
        assert response.status == 200, await response.text()
    reader = bot.known(MAX)
    old = await reader.again(message)
    for _ in range(30):
        answer = (await reader.press(old, "Show more"))["answer"]
        assert answer["text"].startswith("A channel's list does not turn its pages.")
    assert await scene.edits(scene.channel) == 0
    assert (await reader.again(message))["text"] == message["text"]


@whole_bot
async def test_presses_in_a_group_are_answered_at_once_and_leave_the_wire_its_edits(
    scene: Scene,
) -> None:
    reader = scene.bot.known(MAX)
    message = await scene.shown(scene.group)
    answers = []
    for number in range(30):
        message = await reader.again(message)
        label = "Show more" if "Show more" in labels(message) else "« Back"
        answers.append((await reader.press(message, label))["answer"].get("text", ""))
        assert number >= 10 or not answers[-1]
    assert all(each.startswith("Too many presses in this chat") for each in answers[10:])
    assert await scene.edits(scene.group) == 10
    record = await MessageStore(scene.kept).get(
        ChatId(scene.group), MessageId(message["message_id"])
    )
    assert record is not None
    # What stands there is what the record says.
    assert f"page {record.page + 1} of 2" in (await reader.again(message))["text"]


# Without the bot


def pages(stage: DeliveryStage) -> BundlePages:
    return BundlePages(
        stage.queue.messages,
        stage.stories,
        stage.subscriptions,
        stage.chats,
        stage.database.clock,
        bot_username="newsflash_bot",
    )


async def test_what_is_opened_shows_what_the_channel_may_see_and_not_what_the_reader_may(
    redis_url: str,
) -> None:
    """Feeds that only one of them chose: a stranger's feed reaches only who subscribed to it."""
    async with delivery_stage(redis_url) as stage:
        reader = await stage.reader()
        channel = await stage.reader(-1001, kind=ChatKind.CHANNEL)
        stories = []
        for number, chat in enumerate((reader, channel)):
            feed = FeedId(f"{number:016x}")
            entry = replace(stage.entry(f"event {number}.", listed=False), feed=feed)
            stories.append(await stage.place(f"{number:012d}", entry))
            since = stage.database.clock.now() - timedelta(days=1)
            chosen = a_subscription(chat.id, kind="feed", value=entry.feed, since=since)
            await stage.subscriptions.add(chosen)
        ids = tuple(story.id for story in stories)
        listed = MessageStories(NO_THREAD, ids, address=reader.address)
        own = await pages(stage).now(reader, listed)
        assert ["event 0." in own.text, "event 1." in own.text] == [True, False]
        opened = replace(listed, channel=channel.id)
        shown = await pages(stage).now(reader, opened)
        assert ["event 0." in shown.text, "event 1." in shown.text] == [False, True]
        with pytest.raises(RequestError, match="too old"):
            await pages(stage).now(reader, replace(listed, channel=ChatId(-1009)))


async def test_presses_take_half_of_the_window_and_the_wire_may_take_all_of_it(
    database: Database,
) -> None:
    queue = DeliveryQueue(database, Rate(20, timedelta(minutes=1)))
    group = a_chat(-100_500, kind=ChatKind.SUPERGROUP)
    waits = [await queue.press(group, anyone=True) for _ in range(30)]
    assert waits[:10] == [timedelta()] * 10
    assert all(wait > AT_ONCE for wait in waits[10:])
    # However often somebody pressed: the other half is free for the wire, and no more than that.
    wire = [await queue.slot(group, edit=True) for _ in range(10)]
    assert wire == [timedelta()] * 10
    assert await queue.press(group, anyone=False) > AT_ONCE
    database.clock.offset += timedelta(seconds=62)
    assert not any([await queue.slot(group, edit=True) for _ in range(20)])
    assert await queue.press(group, anyone=True) > AT_ONCE


async def test_an_admins_press_finds_the_other_half(database: Database) -> None:
    queue = DeliveryQueue(database, Rate(20, timedelta(minutes=1)))
    group = a_chat(-100_501, kind=ChatKind.SUPERGROUP)
    for _ in range(30):
        await queue.press(group, anyone=True)
    assert not await queue.press(group, anyone=False)
    await queue.hold(group.id, timedelta(seconds=5))
    assert await queue.press(group, anyone=False) > AT_ONCE


async def test_the_wire_edits_a_channels_list_and_its_button_stays(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        world = stage.sandbox.world
        address = world.add_chat("channel", "Wire", ALEX, bot=world.administrator("channel")).id
        channel = await stage.reader(address, kind=ChatKind.CHANNEL)
        stories = []
        for number in range(12):
            stories.append(await stage.place(f"{number:012d}", stage.entry(f"event {number}.")))
            await stage.raise_for(address, stories[-1])
        await stage.serve(address)
        (sent,) = await stage.requests()
        button = sent["parameters"]["reply_markup"]["inline_keyboard"][-1]
        first = next(each for each in stories if f"event {int(each.id)}." in str(sent))
        told = stage.entry(f"event {int(first.id)}."), stage.entry("a second outlet")
        await stage.raise_for(address, await stage.place(first.id, *told, version=2))
        await stage.serve(address, request="2")
        (edit,) = await stage.requests("editMessageText")
        assert edit["parameters"]["reply_markup"]["inline_keyboard"][-1] == button
        link = parse_list_start(button[0]["url"].partition("?start=")[2])
        assert link is not None
        listed = await stage.queue.messages.published(channel.id, link.token)
        assert listed is not None
        assert set(listed.stories) == {each.id for each in stories}
        assert await stage.queue.messages.published(channel.id, "0" * 16) is None
