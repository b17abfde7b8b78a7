"""Deliveries when a process stands still, a document is broken, or one story fails for ever."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from bot.config import Rate
from bot.errors import StoreError, TooLateError
from bot.models.chats import ChatKind
from bot.models.deliveries import DeliveryClass, EventKind, SentRecord
from bot.models.identifiers import NO_THREAD, ChatId, MessageId, StoryId
from bot.services.deliveries import LEASE, Sender
from bot.services.fresh_stories import FreshStories
from bot.services.stopping import Stopping
from bot.store import keys, keys_deliveries, keys_desk
from bot.store.deliveries import Fate, Holder, Settlement
from bot.store.heartbeats import Heartbeats
from bot.store.key_registry import chat_shard
from sandbox.population import ALEX
from tests.delivery_stage import TOKEN, DeliveryStage, delivery_stage
from tests.store_values import NOON, breaking
from tests.waiting import eventually

CHAT = ChatId(ALEX)
FIRST, SECOND = StoryId("aaaaaaaaaaaa"), StoryId("bbbbbbbbbbbb")
SLOW = Rate(1, timedelta(seconds=2))
READERS = range(7_000, 7_008)
NEWCOMER = Holder("newcomer", "1")


# Processes that stand still, or start


async def test_no_request_begins_after_its_time(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        passed = stage.database.clock.now() - timedelta(seconds=1)
        with pytest.raises(TooLateError):
            await stage.pace.take(before=passed)


async def test_who_stood_still_for_long_does_not_send_beside_whoever_took_over(
    redis_url: str,
) -> None:
    async with delivery_stage(redis_url, send_rate=SLOW) as stage:
        await stage.reader()
        await stage.raise_for(ALEX, await stage.place(FIRST))
        await stage.pace.senders.beat("me")
        await stage.pace.take()
        serving = asyncio.create_task(stage.serve())
        await eventually(lambda: stage.pace.has_slot(serving))
        # The process stands still; meanwhile its lease is taken back, and another one sends.
        stage.database.clock.offset += timedelta(seconds=5)
        await stage.queue.settle(CHAT, Holder("me", "1"), (), release=True)
        await another(stage).serve(request="2")
        await serving
        assert len(await stage.requests()) == 1


def another(stage: DeliveryStage) -> DeliveryStage:
    """A second process."""
    return DeliveryStage(
        stage.database,
        stage.sandbox,
        stage.session,
        stage.messenger,
        stage.send_rate,
        stage.edit_rule,
    )


class StartsMeanwhile(Heartbeats):
    """Right after it was looked who lives, a process starts, beats and claims."""

    rounds = 0

    async def living(self, silent_for: timedelta) -> frozenset[str]:
        found = await super().living(silent_for)
        if not self.rounds:
            await Heartbeats(self._database, self._key).beat(NEWCOMER.owner)
            ends = self._database.clock.now_milliseconds() + LEASE // timedelta(milliseconds=1)
            leases = keys_deliveries.leases(chat_shard(CHAT))
            await self._database.command("HSET", leases, CHAT, f"{NEWCOMER}|{ends}")
        self.rounds += 1
        return found


async def test_a_process_that_starts_is_not_taken_for_dead(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        beats = StartsMeanwhile(stage.database, keys_deliveries.senders())
        stage.pace.senders = beats
        stopping = Stopping()
        clock = stage.database.clock
        sender = Sender(stage.queue, stage.pace, stage.deliveries, clock, stopping)
        running = asyncio.create_task(sender.run())
        await eventually(lambda: beats.rounds == 2)
        stopping.request()
        await running
        assert await stage.queue.holders() == {CHAT: NEWCOMER}


# What cannot be read, and what fails for ever


async def test_a_document_that_cannot_be_read_holds_up_its_chat_alone(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        chats = [(await stage.reader(number)).id for number in READERS]
        broken, forgotten = chats[:2]
        await stage.database.command("HSET", keys.chats(chat_shard(broken)), broken, b'{"v":1}')
        record = keys_deliveries.sent(forgotten, NO_THREAD, FIRST)
        await stage.database.command("SET", record, b"{}")
        readings = await asyncio.gather(
            *(stage.queue.read(chat) for chat in chats), return_exceptions=True
        )
        records = await asyncio.gather(
            *(stage.queue.sent(chat, [(NO_THREAD, FIRST)]) for chat in chats),
            return_exceptions=True,
        )
        for answers, without in ((readings, broken), (records, forgotten)):
            failed = [isinstance(answer, StoreError) for answer in answers]
            assert failed == [chat == without for chat in chats]


async def test_a_story_that_cannot_be_read_holds_up_who_waits_for_it_alone(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        items = []
        for number, story_id in zip(READERS, (FIRST, SECOND), strict=False):
            await stage.reader(number)
            await stage.raise_for(number, await stage.place(story_id, stage.entry(story_id)))
            items.append((await stage.queue.read(ChatId(number))).items)
        await stage.database.command("HSET", keys_desk.story(FIRST), "d", b'{"v":9}')
        fresh = FreshStories(stage.stories, stage.database.clock)
        broken, sound = await asyncio.gather(*map(fresh.of, items), return_exceptions=True)
        assert isinstance(broken, StoreError)
        assert isinstance(sound, dict)
        assert list(sound) == [SECOND]


async def test_a_story_that_fails_again_and_again_lets_others_pass(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await stage.raise_for(ALEX, await stage.place(FIRST, stage.entry("dam")))
        await stage.fault(kind="refuse", error_code=500, method="sendMessage", times=13)
        for number in range(13):
            await stage.serve(request=f"a{number}")
            stage.database.clock.offset += timedelta(seconds=51)
        await stage.raise_for(ALEX, await stage.place(SECOND, stage.entry("flood")))
        await stage.serve(request="b")
        told = [each["parameters"]["text"] for each in await stage.requests()]
        assert "flood" in told[13]
        assert "dam" in told[14]


# Edits


async def test_a_changed_text_does_not_wait_behind_one_more_source(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        entries = [stage.entry("dam")]
        await stage.raise_for(ALEX, await stage.place(FIRST, *entries))
        await stage.serve(request="1")
        for number, name in enumerate(("flood", "levee"), start=2):
            entries.append(stage.entry(name))
            story = await stage.place(FIRST, *entries, version=number)
            await stage.raise_for(ALEX, story, EventKind.WIDER)
            await stage.serve(request=name)
        assert len(await stage.requests("editMessageText")) == 1
        stage.database.clock.offset += timedelta(seconds=5)
        told = replace(story.reports[0], title="The dam holds", changed=stage.database.clock.now())
        story = replace(story, version=4, reports=(told, *story.reports[1:]))
        await stage.stories.update(TOKEN, story, None)
        await stage.raise_for(ALEX, story, EventKind.CHANGED)
        await stage.serve(request="changed")
        stage.database.clock.offset += timedelta(seconds=26)
        await stage.serve(request="later")
        assert "The dam holds" in str((await stage.requests("editMessageText"))[-1])


# What comes first


async def test_a_chat_with_much_to_get_lets_others_go_between(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        world = stage.sandbox.world
        group = next(each.id for each in world.chats.values() if each.title == "Newsroom")
        await stage.reader(group, kind=ChatKind.SUPERGROUP)
        for letter in "abcde":
            flag = breaking(stage.database.clock.now())
            await stage.raise_for(group, await stage.place(StoryId(letter * 12), breaking=flag))
        await stage.serve(group, request="1")
        assert len(await stage.requests()) == 3
        await stage.serve(group, request="2")
        assert len(await stage.requests()) == 5


async def test_what_was_sent_before_an_outage_is_recorded_before_others_claim(
    redis_url: str,
) -> None:
    """The leases ended meanwhile: whoever claims at once sends again."""
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        story = await stage.place(FIRST)
        await stage.raise_for(ALEX, story)
        clock, shard = stage.database.clock, chat_shard(CHAT)
        assert await stage.queue.claim(
            shard, DeliveryClass.NEWS, holder=NEWCOMER, most=4, lease=LEASE
        )
        (item,) = (await stage.queue.read(CHAT)).items
        stopping = Stopping()
        await stage.pace.senders.beat(NEWCOMER.owner)
        sender = Sender(stage.queue, stage.pace, stage.deliveries, clock, stopping)
        running = asyncio.create_task(sender.run())
        await eventually(lambda: beats_since(stage, clock.now() - timedelta(seconds=5), 2))
        clock.offset += LEASE + timedelta(seconds=10)
        back = clock.now()
        await eventually(lambda: beats_since(stage, back, 1))
        sent = Settlement(item, Fate.DONE, story.version, a_record())
        await stage.queue.settle(CHAT, NEWCOMER, [sent], release=True)
        await eventually(lambda: beats_since(stage, clock.now() - timedelta(seconds=1), 1))
        stopping.request()
        await running
        assert await stage.requests() == []


async def beats_since(stage: DeliveryStage, moment: datetime, count: int) -> bool:
    since = stage.database.clock.now() - moment
    return len(await stage.pace.senders.living(since)) == count


def a_record() -> SentRecord:
    return SentRecord(MessageId(1), 1, NOON, "x")


# A full memory


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "flood", "retry_after": 60},
        {
            "kind": "refuse",
            "error_code": 403,
            "description": "Forbidden: bot was blocked by the user",
        },
    ],
    ids=["flood", "blocked"],
)
async def test_a_refusal_is_heeded_when_memory_is_full(
    redis_url: str, fault: dict[str, object]
) -> None:
    """Else the chat is asked again each time a lease runs out."""
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        await stage.raise_for(ALEX, await stage.place(FIRST))
        await stage.fault(method="sendMessage", times=9, **fault)
        await stage.database.command("CONFIG SET", "maxmemory", "1")
        await stage.serve(request="1")
        stage.database.clock.offset += LEASE + timedelta(seconds=1)
        await stage.serve(request="2")
        assert len(await stage.requests()) == 1
