"""Whatever happens between desk, fan-out and delivery: every story is told, once, as it is last.

Real Redis, the sandbox's Telegram over HTTP; processes die in the middle of requests.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.models.deliveries import EventKind
from bot.models.identifiers import NO_THREAD, ChatId, StoryId
from bot.models.stories import Story
from bot.news.deliveries import EditRule
from bot.store.deliveries import Holder
from sandbox.population import ALEX
from tests.delivery_stage import DeliveryStage, delivery_stage
from tests.store_values import a_report, breaking

CHAT = ChatId(ALEX)
NO_GAPS = EditRule(
    first_gap=timedelta(), gap=timedelta(), text_gap=timedelta(), most=10_000, age=timedelta(days=9)
)
IDS = tuple(StoryId(letter * 12) for letter in "abc")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["grow", "grow", "break", "merge", "fan out", "serve", "serve", "kill", "flood", "time"]
        ),
        st.integers(0, 2),
    ),
    max_size=16,
)


@dataclass
class Wire:
    """The desk's side: stories as they are, and events on their way to fan-out."""

    stage: DeliveryStage
    stories: dict[StoryId, Story] = field(default_factory=dict)
    events: list[tuple[Story, EventKind]] = field(default_factory=list)
    told: set[StoryId] = field(default_factory=set)
    copies: dict[StoryId, int] = field(default_factory=dict)
    """How many messages a story had already when its parts became one."""
    entries: int = 0
    kills: int = 0

    async def grow(self, story_id: StoryId, kind: EventKind = EventKind.WIDER) -> None:
        self.entries += 1
        entry = self.stage.entry(f"{story_id} {self.entries}")
        before = self.stories.get(story_id)
        if before is None:
            if story_id not in self.told:
                self.told.add(story_id)
                await self._keep(await self.stage.place(story_id, entry), EventKind.NEW)
            return
        now = self.stage.database.clock.now()
        flagged = breaking(now) if kind is EventKind.BREAKING else None
        after = replace(
            before,
            version=before.version + 1,
            reports=(*before.reports, a_report(entry)),
            changed=now,
            breaking=before.breaking or flagged,
        )
        await self.stage.stories.place("the desk", after, entry, None)
        await self._keep(after, kind)

    async def merge(self) -> None:
        first, *others = self.stories.values()
        if not others:
            return
        other = others[0]
        places = [(NO_THREAD, each) for each in (*first.ids, *other.ids)]
        self.copies[first.id] = len(await self.stage.queue.sent(CHAT, places))
        del self.stories[other.id]
        self.stories[first.id] = replace(
            first,
            version=max(first.version, other.version),
            reports=(*first.reports, *other.reports),
            breaking=first.breaking or other.breaking,
            aliases=(*first.aliases, *other.ids),
        )
        await self.grow(first.id)

    async def _keep(self, story: Story, kind: EventKind) -> None:
        self.stories[story.id] = story
        self.events.append((story, kind))

    async def fan_out(self) -> None:
        for story, kind in self.events:
            await self.stage.raise_for(ALEX, story, kind)
        self.events = self.events[-1:]

    async def killed(self, turns: int, request: str) -> None:
        """A sender that dies at some moment; its lease is taken back."""
        serving = asyncio.create_task(self.stage.serve(request=request))
        for _ in range(turns * 12):
            await one_turn()
        self.kills += not serving.done()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await self.stage.queue.settle(CHAT, Holder("me", request), (), release=True)


async def one_turn() -> None:
    """Let everything that is ready run once."""
    turn = asyncio.get_running_loop().create_future()
    turn.get_loop().call_soon(turn.set_result, None)
    await turn


def first_messages(stage: DeliveryStage) -> Counter[str]:
    """How many messages, ringing replies apart, tell of each story."""
    found: Counter[str] = Counter()
    for message in stage.sandbox.world.chats[ALEX].messages.values():
        if "reply_to_message" not in message.payload:
            text = message.payload.get("text", "")
            found.update(story_id for story_id in IDS if story_id in text)
    return found


async def step(stage: DeliveryStage, wire: Wire, turn: int, name: str, number: int) -> None:
    match name:
        case "grow":
            await wire.grow(IDS[number])
        case "break":
            await wire.grow(IDS[number], EventKind.BREAKING)
        case "merge" if wire.stories:
            await wire.merge()
        case "fan out":
            await wire.fan_out()
        case "serve":
            await stage.serve(request=str(turn))
        case "kill":
            await wire.killed(number + 1, str(turn))
        case "flood":
            await stage.fault(method="sendMessage", kind="flood", retry_after=3)
        case "time":
            stage.database.clock.offset += timedelta(minutes=5 * number + 1)


async def settled(stage: DeliveryStage) -> None:
    """Time passes until nothing is pending."""
    for turn in range(30):
        stage.database.clock.offset += timedelta(minutes=2)
        await stage.serve(request=f"last {turn}")
        if not (await stage.queue.read(CHAT)).items:
            return


async def checked(redis_url: str, steps: list[tuple[str, int]]) -> None:
    async with delivery_stage(redis_url, edit_rule=NO_GAPS) as stage:
        await stage.database.command("FLUSHALL")
        await stage.reader()
        wire = Wire(stage)
        for turn, (name, number) in enumerate(steps):
            await step(stage, wire, turn, name, number)
        await wire.fan_out()
        await settled(stage)
        assert (await stage.queue.read(CHAT)).items == ()
        assert await stage.queue.holders() == {}
        told = first_messages(stage)
        for story in wire.stories.values():
            messages = sum(told[each] for each in story.ids)
            assert 1 <= messages <= max(1, wire.copies.get(story.id, 0)) + wire.kills
            records = await stage.queue.sent(CHAT, [(NO_THREAD, each) for each in story.ids])
            assert max(record.version for record in records.values()) == story.version


@given(steps=STEPS)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
async def test_every_story_is_told_once_as_it_is_last(
    redis_url: str, steps: list[tuple[str, int]]
) -> None:
    await checked(redis_url, steps)
