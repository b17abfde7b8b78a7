"""Every refusal of a delivery has one action: over HTTP, against the sandbox, in real Redis."""

import logging
from datetime import timedelta

import pytest

from bot.config import Rate
from bot.errors import TooLateError
from bot.models.chats import Chat, ChatKind
from bot.models.deliveries import EventKind, FanOutEvent, Target
from bot.models.identifiers import NO_THREAD, ChatId, StoryId, ThreadId
from bot.models.messages import View
from bot.models.stories import Story
from bot.news.matching import rules_of
from bot.services.closed_topics import TRIED_AGAIN, reopened
from bot.services.health import HealthService
from bot.services.paced_requests import PacedRequests
from bot.store import keys_deliveries
from bot.store.fanout import Chunk
from bot.store.key_registry import chat_shard
from bot.store.pace import Pace
from sandbox.people import Member
from sandbox.population import ALEX
from tests.delivery_stage import DeliveryStage, Json, delivery_stage
from tests.store_values import a_subscription, breaking

CHAT = ChatId(ALEX)
FIRST, SECOND, THIRD = (StoryId(letter * 12) for letter in "abc")


async def refuse(stage: DeliveryStage, description: str, code: int = 400, **order: object) -> None:
    asked = {"method": "sendMessage", "times": 1, **order}
    await stage.fault(kind="refuse", error_code=code, description=description, **asked)


async def asked(stage: DeliveryStage, method: str = "sendMessage") -> list[Json]:
    """The parameters of the bot's requests."""
    return [each["parameters"] for each in await stage.requests(method)]


async def waiting(stage: DeliveryStage, chat: ChatId = CHAT) -> int:
    return len((await stage.queue.read(chat)).items)


# Chats that cannot be written to


@pytest.mark.parametrize(
    ("code", "description"),
    [
        (403, "Forbidden: bot was blocked by the user"),
        (403, "Forbidden: user is deactivated"),
        (403, "Forbidden: bot can't initiate conversation with a user"),
        (403, "Forbidden: bot was kicked from the supergroup chat"),
        (403, "Forbidden: bot is not a member of the channel chat"),
        (403, "Forbidden: the group chat was deleted"),
        (400, "Bad Request: chat not found"),
        (400, "Bad Request: need administrator rights in the channel chat"),
        (400, "Bad Request: not enough rights to send text messages to the chat"),
        (400, "Bad Request: CHAT_WRITE_FORBIDDEN"),
    ],
)
async def test_a_chat_that_cannot_be_written_to_is_paused_and_keeps_what_it_chose(
    redis_url: str, code: int, description: str
) -> None:
    async with delivery_stage(redis_url) as stage:
        before = await stage.reader()
        now = stage.database.clock.now
        wanted_from = now()
        for story_id, name in ((FIRST, "dam"), (SECOND, "flood")):
            await stage.raise_for(ALEX, await stage.place(story_id, stage.entry(name)))
            stage.database.clock.offset += timedelta(minutes=5)
        await refuse(stage, description, code)
        await stage.serve()
        chat = await stage.chats.get(CHAT)
        assert chat is not None
        assert description.partition(": ")[2].casefold() in chat.paused.casefold()
        assert chat.paused_since is not None
        assert chat.settings == before.settings
        assert len(await stage.subscriptions.of(CHAT)) == 1
        assert await waiting(stage) == 0
        assert (await stage.letters.counts()).kept == 0
        # It misses stories from the first that waited for it.
        missed = await stage.database.command(
            "HGET", keys_deliveries.missed(chat_shard(CHAT)), CHAT
        )
        assert abs(int(missed) / 1000 - wanted_from.timestamp()) < 60
        await stage.raise_for(ALEX, await stage.place(THIRD, stage.entry("levee")))
        await stage.serve(request="2")
        assert len(await asked(stage)) == 1


async def test_what_waits_for_a_chat_that_came_back_meanwhile_is_kept(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await stage.raise_for(ALEX, await stage.place(FIRST, stage.entry("dam")))
        await stage.chats.pause(CHAT, "The person blocked the bot.")
        await stage.chats.resume(CHAT)
        await stage.queue.drop_all(CHAT)
        assert await waiting(stage) == 1
        await stage.serve()
        assert len(await asked(stage)) == 1


# Form, age, tries


async def test_what_is_refused_as_plain_text_too_is_buried_with_what_was_tried(
    redis_url: str,
) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await stage.raise_for(ALEX, await stage.place(FIRST, stage.entry("dam")))
        await refuse(stage, "Bad Request: can't parse entities: no such tag", times=2)
        await stage.serve()
        rich, bare = await asked(stage)
        assert rich["parse_mode"] == "HTML"
        assert "parse_mode" not in bare
        (letter,) = await stage.letters.newest(0, 8)
        assert (letter.chat, letter.story, letter.version) == (CHAT, FIRST, 1)
        assert "can't parse entities: no such tag" in letter.reason.lower()
        assert letter.text == rich["text"]
        assert await waiting(stage) == 0


async def test_an_edit_of_a_message_that_is_gone_is_done_and_never_tried_again(
    redis_url: str,
) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await stage.raise_for(ALEX, await stage.place(FIRST, stage.entry("dam")))
        await stage.serve()
        await refuse(stage, "Bad Request: message to edit not found", method="editMessageText")
        entries = [stage.entry(name) for name in ("dam", "flood", "levee")]
        for version in (2, 3):
            wider = await stage.place(FIRST, *entries[:version], version=version)
            await stage.raise_for(ALEX, wider, EventKind.WIDER)
            stage.database.clock.offset += timedelta(hours=1)
            await stage.serve(request=str(version))
        assert len(await asked(stage, "editMessageText")) == 1
        assert await waiting(stage) == 0
        assert (await stage.letters.counts()).kept == 0


async def test_a_ring_whose_message_is_gone_rings_without_a_reply(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await stage.raise_for(ALEX, await stage.place(FIRST, stage.entry("dam")))
        await stage.serve()
        await refuse(stage, "Bad Request: message to be replied not found")
        entries = [stage.entry(name) for name in ("dam", "flood")]
        flag = breaking(stage.database.clock.now())
        flagged = await stage.place(FIRST, *entries, version=2, breaking=flag)
        await stage.raise_for(ALEX, flagged, EventKind.BREAKING)
        await stage.serve(request="2")
        _, refused, rung = await asked(stage)
        assert "reply_parameters" in refused
        assert "reply_parameters" not in rung
        assert rung.get("disable_notification") is None
        assert await waiting(stage) == 0


async def test_a_server_that_fails_is_tried_with_back_off_and_given_up_after_a_day(
    redis_url: str,
) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await stage.raise_for(ALEX, await stage.place(FIRST, stage.entry("dam")))
        await refuse(stage, "Internal Server Error: sic", 500, times=100)
        gaps = []
        for request in range(5):
            await stage.serve(request=str(request))
            (item,) = (await stage.queue.read(CHAT)).items
            gaps.append(item.not_before - stage.database.clock.now())
            stage.database.clock.offset = stage.database.clock.offset + gaps[-1]
        assert gaps == sorted(gaps)
        assert (await stage.letters.counts()).kept == 0
        stage.database.clock.offset += timedelta(hours=25)
        await stage.serve(request="late")
        (letter,) = await stage.letters.newest(0, 8)
        assert "Bot API server failed" in letter.reason
        assert "Story of the dam" in letter.text
        assert await stage.pace.standing.doubts() == 0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 502, 503])
async def test_a_proxys_page_delays_the_news_and_nothing_else(redis_url: str, status: int) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await stage.raise_for(ALEX, await stage.place(FIRST, stage.entry("dam")))
        await stage.fault(kind="page", method="sendMessage", error_code=status)
        await stage.serve()
        chat = await stage.chats.get(CHAT)
        assert chat is not None
        assert not chat.paused
        assert await stage.pace.standing.token_trouble() == ""
        assert await waiting(stage) == 1
        stage.database.clock.offset += timedelta(seconds=5)
        await stage.serve(request="2")
        assert await waiting(stage) == 0
        assert len(await asked(stage)) == 2
        assert (await stage.letters.counts()).kept == 0
        assert await stage.pace.standing.doubts() == 0


@pytest.mark.parametrize("when", ["before", "after"])
async def test_a_message_that_may_have_arrived_is_sent_again_and_counted(
    redis_url: str, when: str
) -> None:
    async with delivery_stage(redis_url) as stage:
        chat = await stage.reader()
        await stage.raise_for(ALEX, await stage.place(FIRST, stage.entry("dam")))
        await stage.fault(kind="drop", method="sendMessage", when=when)
        await stage.serve()
        assert await waiting(stage) == 1
        stage.database.clock.offset += timedelta(seconds=5)
        await stage.serve(request="2")
        assert await waiting(stage) == 0
        assert await stage.pace.standing.doubts() == 1
        # Answers to people are counted too.
        await stage.fault(kind="drop", method="sendMessage", when=when)
        assert await stage.replies.send(chat, NO_THREAD, View("Here you are.")) is not None
        assert await stage.pace.standing.doubts() == 2


# The token


async def test_a_refused_token_loses_nothing_and_is_told_once(
    redis_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with delivery_stage(redis_url) as stage:
        others = [100_000 + number for number in range(3)]
        story = await stage.place(FIRST, stage.entry("dam"))
        for number in (ALEX, *others):
            await stage.reader(number)
            await stage.raise_for(number, story)
        health = HealthService(stage.database, {})
        assert (await health.check()).well
        await refuse(stage, "Unauthorized", 401, times=100)
        with caplog.at_level(logging.ERROR, logger="bot.services.paced_requests"):
            for request, number in enumerate((ALEX, ALEX, ALEX)):
                await stage.serve(number, request=str(request))
                stage.database.clock.offset += timedelta(seconds=61)
        assert [record.levelname for record in caplog.records] == ["ERROR"]
        assert "BOT_TOKEN" in caplog.text
        assert len(await asked(stage)) == 3
        (problem,) = (await health.check()).problems
        assert "BOT_TOKEN" in problem
        (item,) = (await stage.queue.read(CHAT)).items
        assert item.attempts == 0
        assert (await stage.letters.counts()).kept == 0
        await stage.clear_faults()
        stage.database.clock.offset += timedelta(days=2)
        await stage.serve(request="again")
        assert await waiting(stage) == 0


# Forum topics


async def a_forum(stage: DeliveryStage, thread: ThreadId) -> Chat:
    """The sandbox's forum, whose topic gets every story; the bot is an ordinary member."""
    world = stage.sandbox.world
    found = next(chat for chat in world.chats.values() if chat.title == "Newsdesk Forum")
    found.members[world.bot.id] = Member("member")
    chat = await stage.reader(found.id, kind=ChatKind.SUPERGROUP)
    await stage.subscriptions.remove_all(chat.id)
    since = stage.database.clock.now() - timedelta(days=1)
    for topic in (thread, NO_THREAD):
        everything = a_subscription(
            found.id, thread=topic, kind="all", value="", since=since, label="Everything"
        )
        await stage.subscriptions.add(everything)
    return chat


def a_topic(stage: DeliveryStage) -> ThreadId:
    world = stage.sandbox.world
    found = next(chat for chat in world.chats.values() if chat.title == "Newsdesk Forum")
    return ThreadId(max(found.topics))


async def raise_in(stage: DeliveryStage, chat: Chat, thread: ThreadId, story: Story) -> None:
    now = stage.database.clock.now()
    event = FanOutEvent(EventKind.NEW, story.ids, story.version, rules_of(story), now)
    target = Target(chat.id, thread)
    await stage.streams.raise_in(Chunk(chat_shard(chat.id), (target,)), event)


async def change_topic(stage: DeliveryStage, chat: Chat, thread: ThreadId, **what: object) -> None:
    url = f"{stage.sandbox.base_url}/client/topic"
    order = {"user": ALEX, "chat": chat.id, "thread": thread, **what}
    async with stage.session.post(url, json=order) as response:
        assert response.status == 200, await response.text()


def said_in(requests: list[Json], thread: ThreadId) -> list[Json]:
    return [each for each in requests if each.get("message_thread_id", NO_THREAD) == thread]


async def deliver(stage: DeliveryStage, chat: Chat, thread: ThreadId, story_id: StoryId) -> None:
    await raise_in(stage, chat, thread, await stage.place(story_id, stage.entry(story_id)))
    stage.database.clock.offset += timedelta(seconds=5)
    await stage.serve(chat.id, request=story_id)


@pytest.mark.parametrize("what", [{"closed": True}, {"deleted": True}])
async def test_a_closed_topic_is_told_once_in_general_and_then_left_alone(
    redis_url: str, what: Json
) -> None:
    async with delivery_stage(redis_url) as stage:
        thread = a_topic(stage)
        chat = await a_forum(stage, thread)
        await change_topic(stage, chat, thread, **what)
        await deliver(stage, chat, thread, FIRST)
        refused, notice = await asked(stage)
        assert refused["message_thread_id"] == thread
        assert "message_thread_id" not in notice
        assert "no longer gets news" in notice["text"]
        assert f"/{thread}" in notice["text"]
        assert "everything" in notice["text"]
        for story_id in (SECOND, THIRD):
            await deliver(stage, chat, thread, story_id)
        assert len(await asked(stage)) == 2
        assert await waiting(stage, chat.id) == 0
        assert (await stage.letters.counts()).kept == 0
        # The rest of the group gets its news.
        await deliver(stage, chat, NO_THREAD, StoryId("d" * 12))
        assert len(await asked(stage)) == 3
        # After some days it is tried again, and not told again.
        stage.database.clock.offset += TRIED_AGAIN
        await deliver(stage, chat, thread, StoryId("e" * 12))
        assert len(said_in(await asked(stage), thread)) == 2
        assert len(said_in(await asked(stage), NO_THREAD)) == 2


async def test_a_topic_that_is_reopened_gets_its_news(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        thread = a_topic(stage)
        chat = await a_forum(stage, thread)
        await change_topic(stage, chat, thread, closed=True)
        await deliver(stage, chat, thread, FIRST)
        await change_topic(stage, chat, thread, closed=False)
        await reopened(stage.chats, chat.id, thread)
        await deliver(stage, chat, thread, SECOND)
        assert len(said_in(await asked(stage), thread)) == 2
        assert await waiting(stage, chat.id) == 0
        # Closed once more, that is told once more.
        await change_topic(stage, chat, thread, closed=True)
        await deliver(stage, chat, thread, THIRD)
        assert len(said_in(await asked(stage), NO_THREAD)) == 2


async def test_where_general_is_closed_too_nobody_is_told(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        thread = a_topic(stage)
        chat = await a_forum(stage, thread)
        for each in (thread, ThreadId(1)):
            await change_topic(stage, chat, each, closed=True)
        await deliver(stage, chat, thread, FIRST)
        await deliver(stage, chat, thread, SECOND)
        await deliver(stage, chat, NO_THREAD, THIRD)
        await deliver(stage, chat, NO_THREAD, StoryId("d" * 12))
        # A refused story and notice; a refused story in General, which is then left alone.
        assert len(await asked(stage)) == 3
        assert (await stage.letters.counts()).kept == 0


async def test_a_notice_takes_the_place_of_the_story_that_was_refused(redis_url: str) -> None:
    """In a window that is in even use, what asks for a place of its own never gets one."""
    async with delivery_stage(redis_url) as stage:
        thread = a_topic(stage)
        chat = await a_forum(stage, thread)
        await change_topic(stage, chat, thread, closed=True)
        for _ in range(20):
            assert not await stage.queue.slot(chat)
            stage.database.clock.offset += timedelta(seconds=3.05)
        await raise_in(stage, chat, thread, await stage.place(FIRST, stage.entry("dam")))
        await raise_in(stage, chat, NO_THREAD, await stage.place(SECOND, stage.entry("flood")))
        for number in range(4):
            await stage.serve(chat.id, request=str(number))
            stage.database.clock.offset += timedelta(seconds=3.05)
        assert len(said_in(await asked(stage), thread)) == 1
        assert len(said_in(await asked(stage), NO_THREAD)) == 2
        assert await waiting(stage, chat.id) == 0


# Paid broadcast


@pytest.mark.parametrize("paid", [False, True])
async def test_messages_may_be_charged_only_if_an_operator_wants_it(
    redis_url: str, paid: bool
) -> None:
    async with delivery_stage(redis_url, paid_broadcast=paid) as stage:
        chat = await stage.reader()
        await stage.raise_for(ALEX, await stage.place(FIRST, stage.entry("dam")))
        await stage.serve()
        await stage.replies.send(chat, NO_THREAD, View("Here you are."))
        for message in await asked(stage):
            assert message.get("allow_paid_broadcast", False) is paid


async def test_edits_keep_the_free_rate_where_messages_are_paid_for(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        chat = await stage.reader()
        hundred = Rate(100, timedelta(seconds=1))
        pace = Pace(stage.database, hundred, edits=Rate(1, timedelta(hours=1)))
        requests = PacedRequests(stage.messenger, pace)
        sent = await requests.send(chat, NO_THREAD, View("First"), silent=True)
        assert sent.message_id is not None
        edited = await requests.edit(chat, sent.message_id, View("Second"))
        assert edited.accepted
        for other in (ChatId(1), ChatId(2)):
            await pace.flooded(other, timedelta(seconds=20))
        stage.database.clock.offset += timedelta(hours=2)
        again = await requests.edit(chat, sent.message_id, View("Probe"))
        assert again.accepted
        assert await stage.database.command("EXISTS", keys_deliveries.pause()) == 0
        soon = stage.database.clock.now() + timedelta(seconds=10)
        with pytest.raises(TooLateError):
            await requests.edit(chat, sent.message_id, View("Third"), before=soon)
        assert (await requests.send(chat, NO_THREAD, View("Fourth"), silent=True)).accepted
