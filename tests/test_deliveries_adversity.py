"""Deliveries when things go wrong at once: twins of a story, floods, lost leases, refusals."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.config import Rate
from bot.models.chats import ChatKind
from bot.models.deliveries import DeliveryClass, EventKind
from bot.models.identifiers import NO_THREAD, ChatId, StoryId
from bot.models.messages import View
from bot.models.stories import Story
from bot.services.deliveries import LEASE
from bot.services.stopping import Stopping
from bot.store import keys_deliveries, keys_desk
from bot.store.client import Database
from bot.store.deliveries import Holder
from bot.store.documents import dump
from bot.store.key_registry import chat_shard
from bot.store.pace import Pace
from sandbox.population import ALEX
from tests.delivery_stage import DeliveryStage, delivery_stage
from tests.store_values import breaking
from tests.waiting import eventually

CHAT = ChatId(ALEX)
FIRST, SECOND = StoryId("aaaaaaaaaaaa"), StoryId("bbbbbbbbbbbb")


async def texts(stage: DeliveryStage, method: str = "sendMessage") -> list[str]:
    return [str(each) for each in await stage.requests(method)]


async def merged(stage: DeliveryStage, version: int = 2) -> Story:
    """The second story turns out to be the first."""
    entries = [stage.entry(name) for name in ("dam", "flood", "levee")]
    return await stage.place(FIRST, *entries, version=version, aliases=(SECOND,))


async def test_two_stories_that_wait_and_become_one_are_told_once(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        for story_id, name in ((FIRST, "dam"), (SECOND, "flood")):
            await stage.raise_for(ALEX, await stage.place(story_id, stage.entry(name)))
        await stage.raise_for(ALEX, await merged(stage), EventKind.WIDER)
        await stage.serve()
        assert len(await stage.requests()) == 1
        assert (await stage.queue.read(CHAT)).items == ()


async def test_two_stories_that_became_one_before_fan_out_knows_are_told_once(
    redis_url: str,
) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        first = await stage.place(FIRST, stage.entry("dam"))
        await stage.raise_for(ALEX, first)
        await stage.serve()
        await stage.raise_for(ALEX, await stage.place(SECOND, stage.entry("flood")))
        await merged(stage)
        await stage.serve(request="2")
        assert len(await stage.requests()) == 1


async def test_a_story_that_waits_and_joins_one_already_sent_becomes_its_edit(
    redis_url: str,
) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await stage.raise_for(ALEX, await stage.place(FIRST, stage.entry("dam")))
        await stage.serve()
        await stage.raise_for(ALEX, await stage.place(SECOND, stage.entry("flood")))
        await stage.raise_for(ALEX, await merged(stage), EventKind.WIDER)
        await stage.serve(request="2")
        assert len(await stage.requests()) == 1
        assert len(await stage.requests("editMessageText")) == 1
        assert (await stage.queue.read(CHAT)).items == ()


async def test_a_chat_told_to_wait_is_left_alone_when_more_news_arrives(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await stage.fault(method="sendMessage", kind="flood", retry_after=40)
        await stage.raise_for(ALEX, await stage.place(FIRST, stage.entry("dam")))
        await stage.serve()
        await stage.raise_for(ALEX, await stage.place(SECOND, stage.entry("flood")))
        await stage.serve(request="2")
        assert len(await stage.requests()) == 1
        stage.database.clock.offset += timedelta(seconds=41)
        await stage.serve(request="3")
        assert len(await stage.requests()) == 3


async def test_an_answer_or_an_edit_that_goes_through_ends_the_pause(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        chat = await stage.reader()
        pause = timedelta(seconds=20)
        for other in (ChatId(1), ChatId(2)):
            await Pace(stage.database, stage.send_rate).flooded(other, pause)
        stage.database.clock.offset += pause + timedelta(seconds=1)
        message_id = await stage.replies.send(chat, NO_THREAD, View("Here you are."))
        assert message_id is not None
        assert await stage.database.command("EXISTS", keys_deliveries.pause()) == 0


async def test_no_request_begins_after_its_lease_could_have_ended(redis_url: str) -> None:
    """A pause of the whole bot that outlasts a lease: the chat is given back, not sat on."""
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await stage.raise_for(ALEX, await stage.place(FIRST, stage.entry("dam")))
        for other in (ChatId(1), ChatId(2)):
            await stage.pace.flooded(other, timedelta(minutes=5))
        await asyncio.wait_for(stage.serve(), 15)
        assert await stage.queue.holders() == {}
        assert await stage.requests() == []
        stage.database.clock.offset += timedelta(minutes=5, seconds=1)
        await stage.serve(request="2")
        assert len(await stage.requests()) == 1


async def test_who_lost_the_lease_stops(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await stage.fault(method="sendMessage", kind="slow", seconds=1.0)
        for story_id in (FIRST, SECOND):
            await stage.raise_for(ALEX, await stage.place(story_id, stage.entry(story_id)))
        serving = asyncio.create_task(stage.serve())
        await eventually(stage.requests)
        # Another sender took it for dead.
        await stage.queue.settle(CHAT, Holder("me", "1"), (), release=True)
        other = await stage.queue.claim(
            chat_shard(CHAT), DeliveryClass.NEWS, holder=Holder("you", "1"), most=8, lease=LEASE
        )
        assert other == (CHAT,)
        await serving
        assert len(await stage.requests()) == 1


async def test_a_bundle_whose_form_is_refused_goes_out_as_plain_text(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        for number in range(5):
            story = await stage.place(f"{number}aaaaaaaaaaa", stage.entry(f"event {number}"))
            await stage.raise_for(ALEX, story)
        await stage.fault(
            method="sendMessage",
            kind="refuse",
            error_code=400,
            description="Bad Request: can't parse entities: unexpected end tag",
        )
        await stage.serve()
        assert len(await stage.requests()) == 2
        assert (await stage.letters.counts()).kept == 0


async def test_a_group_never_gets_more_than_its_limit_with_answers_mixed_in(
    redis_url: str,
) -> None:
    """Twenty in any sliding minute, whoever asks for the slots; answers first."""
    async with delivery_stage(redis_url) as stage:
        group = replace(await stage.reader(), kind=ChatKind.SUPERGROUP)
        taken = [stage.database.clock.now() for _ in range(20) if not await stage.queue.slot(group)]
        assert len(taken) == 20
        wait = await stage.queue.slot(group, ahead=timedelta(minutes=2))
        assert timedelta(seconds=58) < wait <= timedelta(seconds=61)
        stage.database.clock.offset += timedelta(seconds=61)
        # The answer has the first of the slots that are free again.
        free = 0
        while not await stage.queue.slot(group):
            free += 1
        assert free == 19


async def test_breaking_news_passes_a_backlog_within_a_few_requests(redis_url: str) -> None:
    async with delivery_stage(redis_url, send_rate=Rate(20, timedelta(seconds=1))) as stage:
        old = await stage.place(FIRST, stage.entry("dam"))
        for number in range(80):
            await stage.reader(100_000 + number)
            await stage.raise_for(100_000 + number, old)
        await stage.reader()
        stopping = Stopping()
        sending = asyncio.create_task(stage.sender(stopping).run())
        await eventually(stage.requests)
        event = await stage.place(
            SECOND, stage.entry("flood"), breaking=breaking(stage.database.clock.now())
        )
        await stage.raise_for(ALEX, event, EventKind.BREAKING)
        before = len(await stage.requests())
        await eventually(lambda: said(stage, "flood"))
        place = next(n for n, text in enumerate(await texts(stage)) if "flood" in text)
        stopping.request()
        await sending
        assert place - before <= 20


async def said(stage: DeliveryStage, word: str) -> bool:
    return any(word in text for text in await texts(stage))


async def test_what_was_sent_while_redis_was_away_is_recorded_and_not_repeated(
    redis_url: str,
) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await stage.raise_for(ALEX, await stage.place(FIRST, stage.entry("dam")))
        await stage.fault(method="sendMessage", kind="slow", seconds=0.3)
        serving = asyncio.create_task(stage.serve())
        await eventually(stage.requests)
        # Every command of the delivery is refused from here on.
        await stage.database.command("CONFIG SET", "requirepass", "away")
        await stage.database.disconnect()
        await eventually(lambda: stage.sandbox.world.chats[ALEX].messages)
        async with await Database.open(redis_url.replace("unix://", "unix://:away@")) as other:
            await other.command("CONFIG SET", "requirepass", "")
        await serving
        assert (await stage.queue.read(CHAT)).items == ()
        assert len(await stage.requests()) == 1


async def test_a_story_that_breaks_the_program_does_not_stop_the_chat(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        broken = await stage.place(FIRST, stage.entry("dam"))
        await stage.raise_for(ALEX, broken)
        # A time that no time zone can be applied to.
        never = datetime.max.replace(tzinfo=UTC)
        reports = tuple(replace(report, published=never) for report in broken.reports)
        damaged = dump(replace(broken, reports=reports))
        await stage.database.command("HSET", keys_desk.story(FIRST), "d", damaged)
        stage.database.clock.offset += timedelta(seconds=1)
        await stage.raise_for(ALEX, await stage.place(SECOND, stage.entry("flood")))
        for request in range(20):
            stage.database.clock.offset += timedelta(minutes=2)
            await stage.serve(request=str(request))
        assert (await stage.queue.read(CHAT)).items == ()
        assert (await stage.letters.counts()).kept == 1
        assert await said(stage, "flood")


async def test_a_long_backlog_is_one_list_after_what_breaks(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        for number in range(65):
            stage.database.clock.offset += timedelta(milliseconds=2)
            story = await stage.place(f"{number:012d}", stage.entry(f"event {number}."))
            await stage.raise_for(ALEX, story)
        flagged = breaking(stage.database.clock.now())
        urgent = await stage.place(SECOND, stage.entry("flood"), breaking=flagged)
        await stage.raise_for(ALEX, urgent, EventKind.BREAKING)
        for request in range(4):
            stage.database.clock.offset += timedelta(seconds=10)
            await stage.serve(request=str(request))
        assert (await stage.queue.read(CHAT)).items == ()
        first, listed = await texts(stage)
        assert "flood" in first
        assert "<b>65 new stories</b>" in listed


async def test_after_a_standstill_of_redis_nobody_is_taken_for_dead(redis_url: str) -> None:
    """Nobody could beat meanwhile; who beats first must not judge the others."""
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await stage.raise_for(ALEX, await stage.place(FIRST, stage.entry("dam")))
        other = Holder("other", "1")
        await stage.pace.senders.beat(other.owner)
        await stage.queue.claim(
            chat_shard(CHAT), DeliveryClass.NEWS, holder=other, most=8, lease=LEASE
        )
        stopping = Stopping()
        sending = asyncio.create_task(stage.sender(stopping).run())
        await eventually(lambda: beats(stage, 2, since=timedelta(seconds=5)))
        stage.database.clock.offset += timedelta(seconds=10)
        await eventually(lambda: beats(stage, 1, since=timedelta(seconds=5)))
        # A whole round of its own lies behind it.
        beaten = await newest(stage)
        await eventually(lambda: later(stage, beaten))
        assert await stage.queue.holders() == {CHAT: other}
        stopping.request()
        await sending


async def beats(stage: DeliveryStage, count: int, *, since: timedelta) -> bool:
    return len(await stage.pace.senders.living(since)) == count


async def newest(stage: DeliveryStage) -> float:
    answer = await stage.database.command(
        "ZREVRANGE", keys_deliveries.senders(), 0, 0, "WITHSCORES"
    )
    return float(answer[1])


async def later(stage: DeliveryStage, moment: float) -> bool:
    return await newest(stage) > moment


async def test_an_upgraded_group_gets_its_news_and_no_stranger_of_its_messages_is_edited(
    redis_url: str,
) -> None:
    """Its new messages are numbered anew: an edit by an old number may hit another story."""
    async with delivery_stage(redis_url) as stage:
        friends = next(
            chat.id for chat in stage.sandbox.world.chats.values() if chat.title == "Old friends"
        )
        await stage.reader(friends)
        first = await stage.place(FIRST, stage.entry("dam"))
        await stage.raise_for(friends, first)
        await stage.serve(friends)
        address = stage.sandbox.base_url
        async with stage.session.post(
            f"{address}/client/migrate", json={"user": ALEX, "chat": friends}
        ) as response:
            assert response.status == 200, await response.text()
        await stage.raise_for(friends, await stage.place(SECOND, stage.entry("flood")))
        # Refused at the old address, then sent to the new one.
        for request in ("2", "3"):
            await stage.serve(friends, request=request)
        moved = await stage.chats.get(ChatId(friends))
        assert moved is not None
        assert moved.address != friends
        assert (await stage.requests())[-1]["chat_id"] == moved.address
        wider = await stage.place(FIRST, stage.entry("dam"), stage.entry("levee"), version=2)
        await stage.raise_for(friends, wider, EventKind.WIDER)
        await stage.serve(friends, request="4")
        assert await stage.requests("editMessageText") == []
        assert (await stage.queue.read(ChatId(friends))).items == ()


async def test_a_chat_that_was_blocked_gets_only_what_comes_after(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        for story_id, name in ((FIRST, "dam"), (SECOND, "flood")):
            await stage.raise_for(ALEX, await stage.place(story_id, stage.entry(name)))
        blocked = "Forbidden: bot was blocked by the user"
        await stage.fault(method="sendMessage", kind="refuse", error_code=403, description=blocked)
        await stage.serve()
        third = StoryId("c" * 12)
        await stage.raise_for(ALEX, await stage.place(third, stage.entry("levee")))
        await stage.chats.resume(CHAT)
        await stage.serve(request="2")
        assert len(await stage.requests()) == 1
        fourth = StoryId("d" * 12)
        await stage.raise_for(ALEX, await stage.place(fourth, stage.entry("bridge")))
        await stage.serve(request="3")
        assert [("bridge" in text) for text in await texts(stage)] == [False, True]
