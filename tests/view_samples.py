"""Stories, entries and hostile texts for tests of the views."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from bot.models.chats import Settings
from bot.models.entries import Entry, EntryEvent, Picture
from bot.models.identifiers import (
    NO_THREAD,
    ChatId,
    EntryId,
    FeedId,
    Language,
    StoryId,
    Topic,
)
from bot.models.stories import Breaking, Report, Story
from bot.models.subscriptions import Subscription, SubscriptionKind

NOW = datetime(2026, 11, 24, 14, 40, tzinfo=UTC)
ZONE = "Europe/Kyiv"
BOT = "NewsflashSandboxBot"

HOSTILE = (
    "<b>bold</b> & <a href='x'>link</a> <br/> <!-- --> </b>",
    "&nbsp;&lt;&#65;&#x42;&apos;&amp;quot;",
    "\u202eevil\u202c \u2066mixed\u2069 \u200f\u200eשלום עולם",
    "\u200b\u200b\u2060\ufeff\u00ad",
    "\u3164\u2800\u115f\uffa0",
    "\ud83d half \udc00 pair \ud83d\ude00",
    "👨‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿🇺🇦🇩🇪👍🏽" * 60,
    "Z̷̡̛̳̤͐a̶̢̛͎͑l̵̡̛̠g̷̛̰̈́o̴" * 200,
    "word " * 800,
    "x" * 4_000,
    "😀" * 4_000,
    '"' * 4_000,
    "\x00\x01\x1b[31m\x7f\x85 \r\n\t\u2028\u2029",
    "@everyone #tag /start https://example.com t.me/x *md* _md_ `md` [a](b)",
    "한국어 뉴스 속보 " * 300,
    "",
    "   \n\n  ",
)

texts = st.one_of(
    # By number, so that a failure names it instead of printing 4,000 characters.
    st.integers(0, len(HOSTILE) - 1).map(HOSTILE.__getitem__),
    st.text(st.characters(), max_size=300),
    st.text(
        st.sampled_from("<>&\"'/=ab \u200b\u200d\u202e\ud83d\ude00😀🇺🇦\u0301\n\t;#x"), max_size=400
    ),
    st.builds(
        lambda piece, times: (piece * times)[:6_000],
        st.text(min_size=1, max_size=20),
        st.integers(1, 600),
    ),
)
ADDRESSES = (
    "https://news.example.com/a?b=1&c=%22x%22#d",
    "http://127.0.0.1:8080/wire/a",
    "javascript:alert(1)",
    "http://localhost/a",
    "https://a.com/" + "é<>\"'&" * 150,
    "https://a.com/" + "x" * 5_000,
    "https://user:pass@a.com/",
    "",
    "https://a.com/a b\n",
)
links = st.one_of(
    st.integers(0, len(ADDRESSES) - 1).map(ADDRESSES.__getitem__),
    st.builds("https://{}/{}".format, st.text(max_size=30), st.text(max_size=60)),
)


def report(
    number: int = 1,
    *,
    source: str = "Example Times",
    title: str = "Dam failure floods Kherson suburbs, 12,000 evacuated",
    lede: str = "Water rose two metres overnight, officials said.",
    link: str | None = None,
    picture: Picture | None = None,
    words: int = 430,
    state: str = "",
    published: datetime = NOW - timedelta(minutes=35),
    changed: datetime | None = None,
) -> Report:
    """A report; each number has its own link and domain."""
    return Report(
        entry=EntryId(f"{number:032x}"),
        feed=FeedId(f"{number:016x}"),
        feed_title=source,
        source=f"source{number}.example",
        owner=f"Owner {number}",
        trusted=False,
        state=state,
        language=Language("en"),
        topic=Topic.WORLD,
        title=title,
        link=f"https://source{number}.example/dam?a=1&b=2" if link is None else link,
        lede=lede,
        picture=picture,
        words=words,
        published=published,
        arrived=published + timedelta(seconds=20),
        baseline=False,
        content_print="0" * 16,
        changed=changed,
    )


def story(*reports: Report, breaking: bool = False) -> Story:
    """A story of these reports, the first leading."""
    members = reports or (report(),)
    voices = tuple(dict.fromkeys(each.feed_title for each in members))
    return Story(
        id=StoryId("a1b2c3d4e5f6"),
        version=1,
        reports=members,
        lead=members[0].entry,
        first_reported=min(each.published for each in members),
        changed=NOW,
        breaking=Breaking(NOW, "reported by 3 outlets within 41 minutes", voices)
        if breaking
        else None,
    )


def entry(of: Report, *, text: str = "", author: str = "", about: str = "") -> Entry:
    """The entry of a report, with its full text."""
    return Entry(
        id=of.entry,
        event=EntryEvent.NEW,
        feed=of.feed,
        feed_title=of.feed_title,
        source=of.source,
        owner=of.owner,
        trusted=of.trusted,
        state=of.state,
        language=of.language,
        topic=of.topic,
        title=of.title,
        link=of.link,
        lede=of.lede,
        text=text,
        author=author,
        author_about=about,
        picture=of.picture,
        related=(),
        published=of.published,
        arrived=of.arrived,
        content_print=of.content_print,
    )


def subscription(
    kind: SubscriptionKind = SubscriptionKind.TOPIC,
    value: str = "world",
    label: str = "World",
    *,
    breaking_only: bool = False,
) -> Subscription:
    """A subscription of one private chat."""
    return Subscription(ChatId(1001), NO_THREAD, kind, value, label, breaking_only, NOW)


def settings() -> Settings:
    """A newcomer's settings."""
    return Settings(Language("en"), (Language("en"), Language("uk")), ZONE)


reports = st.builds(
    report,
    st.integers(1, 40),
    source=texts,
    title=texts,
    lede=texts,
    link=links,
    picture=st.none() | st.builds(Picture, url=links, caption=texts, credit=texts),
    words=st.integers(0, 100_000),
    state=st.sampled_from(("", "RU")),
    changed=st.none() | st.just(NOW),
)
stories = st.builds(
    lambda members, breaking: story(*members, breaking=breaking),
    st.lists(reports, min_size=1, max_size=30, unique_by=lambda each: each.entry),
    st.booleans(),
)
