"""Replaying dead letters: twice is once, and what came meanwhile does not come again."""

from datetime import timedelta

import pytest

from bot.errors import RequestError
from bot.models.deliveries import DeadLetter, DeliveryClass
from bot.models.identifiers import NO_THREAD, ChatId, StoryId
from bot.models.stories import Story
from bot.services.dead_letters import DeadLetterService, Deed
from bot.store import keys_deliveries
from bot.store.fanout import PENDING_MOST
from sandbox.population import ALEX
from tests.delivery_stage import DeliveryStage, delivery_stage
from tests.store_values import breaking

CHAT = ChatId(ALEX)
FIRST, SECOND = StoryId("a" * 12), StoryId("b" * 12)


def service(stage: DeliveryStage) -> DeadLetterService:
    return DeadLetterService(
        stage.letters,
        stage.pace.standing,
        stage.chats,
        stage.stories,
        stage.queue,
        stage.streams,
        stage.database.clock,
    )


async def buried(
    stage: DeliveryStage,
    story: Story,
    delivery_class: DeliveryClass = DeliveryClass.NEWS,
    chat: ChatId = CHAT,
) -> DeadLetter:
    """A letter as a refusal leaves it."""
    letter = DeadLetter(
        chat,
        NO_THREAD,
        story.id,
        story.version,
        delivery_class,
        "The message is too long.",
        stage.database.clock.now(),
        "<b>Too long</b>",
    )
    await stage.letters.bury(letter)
    return letter


async def replay(stage: DeliveryStage, letter: DeadLetter) -> str:
    return await service(stage).replay(letter.chat, letter.thread, letter.story)


async def test_a_replayed_story_goes_out_and_a_second_press_does_nothing(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        letter = await buried(stage, await stage.place(FIRST, stage.entry("dam")))
        assert "Goes out again: Story of the dam" in await replay(stage, letter)
        with pytest.raises(RequestError, match="gone"):
            await replay(stage, letter)
        await stage.serve()
        assert len(await stage.requests()) == 1
        assert (await stage.letters.counts()).kept == 0


async def test_what_waits_or_came_meanwhile_does_not_come_again(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        story = await stage.place(FIRST, stage.entry("dam"))
        letter = await buried(stage, story)
        await stage.raise_for(ALEX, story)
        assert "on its way already" in await replay(stage, letter)
        await stage.serve()
        await buried(stage, story)
        assert "came there meanwhile" in await replay(stage, letter)
        await stage.serve(request="2")
        assert len(await stage.requests()) == 1
        assert (await stage.letters.counts()).kept == 0


async def test_a_breaking_story_is_breaking_again_and_an_edit_an_edit(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        flag = breaking(stage.database.clock.now())
        urgent = await stage.place(FIRST, stage.entry("dam"), breaking=flag)
        await replay(stage, await buried(stage, urgent, DeliveryClass.BREAKING))
        (item,) = (await stage.queue.read(CHAT)).items
        assert item.delivery_class is DeliveryClass.BREAKING
        await stage.serve()
        entries = [stage.entry(name) for name in ("dam", "flood")]
        wider = await stage.place(FIRST, *entries, version=2, breaking=flag)
        await replay(stage, await buried(stage, wider, DeliveryClass.EDIT))
        await stage.serve(request="2")
        assert len(await stage.requests()) == 1
        assert len(await stage.requests("editMessageText")) == 1


async def test_who_cannot_get_it_is_told_of_and_the_letter_stays(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        await stage.reader()
        story = await stage.place(FIRST, stage.entry("dam"))
        letter = await buried(stage, story)
        await stage.chats.pause(CHAT, "The person blocked the bot.")
        with pytest.raises(RequestError, match="paused, the letter stays"):
            await replay(stage, letter)
        await stage.chats.resume(CHAT)
        pending = keys_deliveries.pending(CHAT)
        full = [part for number in range(PENDING_MOST) for part in (f"{number:012d}", "1|2|1")]
        await stage.database.command("HSET", pending, *full)
        with pytest.raises(RequestError, match="Too many stories wait"):
            await replay(stage, letter)
        assert await service(stage).do_all(Deed.REPLAY, 10**15 - 1) == (
            "Replayed: 0. 1 stays: the chat cannot get it now, or the story is no longer kept."
        )
        await stage.database.command("DEL", pending)
        unknown = await buried(stage, story, chat=ChatId(4_711))
        with pytest.raises(RequestError, match="chat is no longer known"):
            await replay(stage, unknown)
        lost = DeadLetter(
            CHAT, NO_THREAD, SECOND, 1, DeliveryClass.NEWS, "Lost.", stage.database.clock.now()
        )
        await stage.letters.bury(lost)
        with pytest.raises(RequestError, match="story is no longer kept"):
            await replay(stage, lost)
        assert (await stage.letters.counts()).kept == 3


async def test_all_means_all_that_there_were_when_it_was_asked(redis_url: str) -> None:
    async with delivery_stage(redis_url) as stage:
        for number in range(5):
            await stage.reader(50_000 + number)
        story = await stage.place(FIRST, stage.entry("dam"))
        for number in range(4):
            await buried(stage, story, chat=ChatId(50_000 + number))
        letters = service(stage)
        count, moment = await letters.count_all()
        assert count == 4
        stage.database.clock.offset += timedelta(seconds=1)
        await buried(stage, story, chat=ChatId(50_004))
        assert await letters.do_all(Deed.REPLAY, moment) == "Replayed: 4."
        assert await letters.do_all(Deed.REPLAY, moment) == "Replayed: 0."
        assert (await stage.letters.counts()).kept == 1
        for number in range(4):
            (item,) = (await stage.queue.read(ChatId(50_000 + number))).items
            assert item.story == FIRST
        count, moment = await letters.count_all()
        assert await letters.do_all(Deed.FORGET, moment) == "Forgotten: 1."
        assert (await stage.letters.counts()).kept == 0
        pending = keys_deliveries.pending(ChatId(50_004))
        assert await stage.database.command("EXISTS", pending) == 0
