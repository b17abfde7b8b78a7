"""Stories, chats and subscriptions for benchmarks: ordinary ones, the same in every run."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from bot.models.chats import Chat, ChatKind, Settings
from bot.models.deliveries import Target
from bot.models.entries import Entry, EntryEvent, Picture
from bot.models.identifiers import (
    NO_THREAD,
    Address,
    ChatId,
    EntryId,
    FeedId,
    Language,
    StoryId,
    Topic,
)
from bot.models.stories import Story
from bot.models.subscriptions import Subscription, SubscriptionKind
from bot.news.reports import report_of
from bot.store.fanout import CHUNK, Chunk
from bot.store.key_registry import chat_shard

ENGLISH = Language("en")
LEDE = (
    "Water rose two metres overnight after the eastern wall of the dam gave way, officials said. "
    "Buses took residents of the lower streets to three schools on the hill, and engineers hope to "
    "lower the lake by a metre before the evening."
)


def entry(number: int, at: datetime) -> Entry:
    """An entry of usual length with a picture."""
    name = blake2b(str(number).encode(), digest_size=16).hexdigest()
    return Entry(
        id=EntryId(name),
        event=EntryEvent.NEW,
        feed=FeedId(name[:16]),
        feed_title="Example Times",
        source="times.example",
        owner="Example Group",
        trusted=False,
        state="",
        language=ENGLISH,
        topic=Topic.WORLD,
        title=f"Dam failure {number} floods Kherson suburbs, 12,000 evacuated overnight",
        link=f"https://times.example/{number}",
        lede=LEDE,
        text=f"{LEDE}\n\n{LEDE}",
        author="A. Author",
        author_about="",
        picture=Picture(f"https://times.example/{number}.jpg", "The dam", "B. Person"),
        related=(),
        published=at - timedelta(minutes=1),
        arrived=at,
        content_print=name[:16],
    )


def story(number: int, at: datetime) -> Story:
    """A story told by one outlet."""
    told = entry(number, at)
    return Story(
        id=StoryId(told.id[:12]),
        version=1,
        reports=(report_of(told, baseline=False),),
        lead=told.id,
        first_reported=told.published,
        changed=at,
    )


def chat(number: int, at: datetime) -> Chat:
    """A private chat."""
    settings = Settings(ENGLISH, (ENGLISH,), "Europe/Kyiv")
    return Chat(
        id=ChatId(number),
        address=Address(number),
        kind=ChatKind.PRIVATE,
        title=f"Reader {number}",
        settings=settings,
        created=at,
    )


def everything(number: int, at: datetime) -> Subscription:
    """A chat's subscription to every story."""
    return Subscription(
        chat=ChatId(number),
        thread=NO_THREAD,
        kind=SubscriptionKind.ALL,
        value="",
        label="",
        breaking_only=False,
        since=at,
    )


def chunks(chats: Iterable[int]) -> list[Chunk]:
    """The chats as fan-out reads them: by shard, a few at a time."""
    by_shard: dict[int, list[Target]] = {}
    for number in chats:
        target = Target(ChatId(number), NO_THREAD)
        by_shard.setdefault(chat_shard(target.chat), []).append(target)
    return [
        Chunk(shard, tuple(targets[start : start + CHUNK]))
        for shard, targets in by_shard.items()
        for start in range(0, len(targets), CHUNK)
    ]


def long_ago() -> datetime:
    """Before anything that a benchmark makes."""
    return datetime.now(UTC) - timedelta(hours=1)
