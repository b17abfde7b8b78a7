"""Short ways to the values that the tests of the store keep."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from bot.models.chats import Chat, ChatKind, Settings
from bot.models.deliveries import EventKind, FanOutEvent
from bot.models.entries import Entry, EntryEvent, Picture
from bot.models.feeds import Feed, PollState, Validators
from bot.models.identifiers import (
    Address,
    ChatId,
    EntryId,
    FeedId,
    Language,
    StoryId,
    ThreadId,
    Topic,
    UserId,
)
from bot.models.stories import Breaking, Report, Story
from bot.models.subscriptions import Subscription, SubscriptionKind

NOON = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
ENGLISH = Language("en")


def digits(text: str, size: int) -> str:
    """So many hexadecimal digits that stand for a text."""
    return blake2b(text.encode(), digest_size=size // 2).hexdigest()


def a_feed(name: str = "times", **changes: object) -> Feed:
    feed = Feed(
        id=FeedId(digits(name, 16)),
        url=f"https://{name}.example/feed.xml",
        title=f"The {name.title()}",
        owner=name,
        language=ENGLISH,
        topic=Topic.WORLD,
        added_by=UserId(7),
    )
    return replace(feed, **changes)  # type: ignore[arg-type]


def a_state(polled: datetime = NOON, **changes: object) -> PollState:
    state = PollState(
        validators=Validators('W/"1"', "Tue, 24 Nov 2026 11:00:00 GMT"),
        next_poll=polled + timedelta(minutes=5),
        interval=timedelta(minutes=5),
        last_success=polled,
        last_poll=polled,
        baseline_done=True,
        document_print="d",
        entries=1,
    )
    return replace(state, **changes)  # type: ignore[arg-type]


def an_entry(name: str = "dam", feed: Feed | None = None, **changes: object) -> Entry:
    feed = feed or a_feed()
    entry = Entry(
        id=EntryId(digits(feed.id + name, 32)),
        event=EntryEvent.NEW,
        feed=feed.id,
        feed_title=feed.title,
        source="times.example",
        owner=feed.owner,
        trusted=False,
        state="",
        language=feed.language,
        topic=feed.topic,
        title=f"Story of the {name}",
        link=f"https://times.example/{name}",
        lede="It happened.",
        text="It happened.\n\nIndeed.",
        author="A. Author",
        author_about="",
        picture=Picture("https://times.example/1.jpg", "A dam", "B. Person"),
        related=(("Older", "https://times.example/older"),),
        published=NOON - timedelta(minutes=1),
        arrived=NOON,
        content_print=digits(name, 16),
    )
    return replace(entry, **changes)  # type: ignore[arg-type]


def a_report(entry: Entry, **changes: object) -> Report:
    report = Report(
        entry=entry.id,
        feed=entry.feed,
        feed_title=entry.feed_title,
        source=entry.source,
        owner=entry.owner,
        trusted=entry.trusted,
        state=entry.state,
        language=entry.language,
        topic=entry.topic,
        title=entry.title,
        link=entry.link,
        lede=entry.lede,
        picture=entry.picture,
        words=3,
        published=entry.published,
        arrived=entry.arrived,
        baseline=entry.event is EntryEvent.BASELINE,
        content_print=entry.content_print,
        listed=entry.listed,
    )
    return replace(report, **changes)  # type: ignore[arg-type]


def a_story(story_id: str, *entries: Entry, **changes: object) -> Story:
    entries = entries or (an_entry(),)
    story = Story(
        id=StoryId(story_id),
        version=1,
        reports=tuple(a_report(entry) for entry in entries),
        lead=entries[0].id,
        first_reported=min(entry.published for entry in entries),
        changed=NOON,
    )
    return replace(story, **changes)  # type: ignore[arg-type]


def an_event(story: Story, kind: EventKind = EventKind.NEW) -> FanOutEvent:
    return FanOutEvent(kind, story.ids, story.version, ("all", "topic:world"), NOON)


def breaking(at: datetime = NOON) -> Breaking:
    return Breaking(at, "reported by 3 outlets within 41 minutes", ("a", "b", "c"))


def a_chat(chat_id: int = 42, **changes: object) -> Chat:
    chat = Chat(
        id=ChatId(chat_id),
        address=Address(chat_id),
        kind=ChatKind.PRIVATE if chat_id > 0 else ChatKind.GROUP,
        title="A reader",
        settings=Settings(ENGLISH, (ENGLISH, Language("uk")), "Europe/Kyiv"),
        created=NOON,
    )
    return replace(chat, **changes)  # type: ignore[arg-type]


def a_subscription(chat: int = 42, **changes: object) -> Subscription:
    subscription = Subscription(
        chat=ChatId(chat),
        thread=ThreadId(0),
        kind=SubscriptionKind.TOPIC,
        value="world",
        label="World",
        breaking_only=False,
        since=NOON,
    )
    return replace(subscription, **changes)  # type: ignore[arg-type]
