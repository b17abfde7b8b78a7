"""What many chats share is read and rendered once, and never older than what a chat waits for."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.models.chats import ChatKind
from bot.models.deliveries import DeliveryClass, PendingItem
from bot.models.identifiers import NO_THREAD
from bot.services.fresh_stories import FRESH, FreshStories
from bot.services.renderings import Renderings
from bot.store.client import Database
from bot.store.stories import StoryStore
from bot.views.stories import story_view
from tests.store_values import NOON, a_chat, a_story, an_entry

STORY = a_story("dam", an_entry("dam"))
TOKEN = "the desk"


def waiting(version: int = 1) -> PendingItem:
    return PendingItem(STORY.id, NO_THREAD, version, DeliveryClass.NEWS, NOON, NOON)


async def test_a_copy_serves_until_a_chat_waits_for_more(database: Database) -> None:
    store = StoryStore(database)
    await store.acquire(TOKEN, timedelta(minutes=1))
    await store.update(TOKEN, STORY, None)
    fresh = FreshStories(store, database.clock)
    assert await fresh.of([waiting()]) == {STORY.id: STORY}
    newer = replace(STORY, version=STORY.version + 1, changed=NOON)
    await store.update(TOKEN, newer, None)
    assert await fresh.of([waiting()]) == {STORY.id: STORY}
    assert await fresh.of([waiting(newer.version)]) == {STORY.id: newer}
    assert await fresh.of([waiting()]) == {STORY.id: newer}


async def test_a_copy_grows_old(database: Database) -> None:
    store = StoryStore(database)
    await store.acquire(TOKEN, timedelta(minutes=1))
    await store.update(TOKEN, STORY, None)
    fresh = FreshStories(store, database.clock)
    await fresh.of([waiting()])
    newer = replace(STORY, version=STORY.version + 1, changed=NOON)
    await store.update(TOKEN, newer, None)
    database.clock.offset += FRESH * 2
    assert await fresh.of([waiting()]) == {STORY.id: newer}


async def test_a_story_that_is_not_there_is_left_out(database: Database) -> None:
    assert await FreshStories(StoryStore(database), database.clock).of([waiting()]) == {}


@given(
    st.sampled_from(["UTC", "Europe/Kyiv", "America/St_Johns"]),
    st.sampled_from([ChatKind.PRIVATE, ChatKind.CHANNEL]),
    st.booleans(),
    st.timedeltas(timedelta(0), timedelta(days=400)),
)
def test_what_is_kept_reads_like_what_is_rendered_anew(
    zone: str, kind: ChatKind, previews: bool, later: timedelta
) -> None:
    settings = replace(a_chat().settings, timezone=zone, previews=previews)
    chat, now = replace(a_chat(), kind=kind, settings=settings), NOON + later
    rendered = story_view(
        STORY,
        STORY.lead_report,
        now=now,
        timezone=zone,
        bot_username="bot",
        private=kind is ChatKind.PRIVATE,
        previews=previews,
    )
    assert KEPT.story(chat, STORY, STORY.lead_report, now=now) == rendered
    assert KEPT.story(chat, STORY, STORY.lead_report, now=now) == rendered


KEPT = Renderings(bot_username="bot")
