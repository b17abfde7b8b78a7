"""What a target wants of a story, and when it may ring."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models.chats import Settings
from bot.models.entries import Entry, EntryEvent
from bot.models.identifiers import NO_THREAD, ChatId, Language, ThreadId, Topic
from bot.models.stories import Breaking, Story
from bot.models.subscriptions import Subscription, SubscriptionKind
from bot.news.matching import ring_allowed, rules_of, wanted
from tests.wire_entries import NOON, print_of, story_of, wire_entry

ENGLISH, UKRAINIAN, GERMAN = Language("en"), Language("uk"), Language("de")
SETTINGS = Settings(
    language=ENGLISH,
    news_languages=(ENGLISH, UKRAINIAN),
    timezone="Europe/Kyiv",
    muted_topics=(Topic.SPORT,),
)
EARLIER = NOON - timedelta(hours=1)
TIMES = wire_entry("Dam fails near Kherson", outlet="Example Times")
PORTAL = wire_entry(
    "Прорвало дамбу", outlet="Портал", language="uk", topic=Topic.UKRAINE, minutes=5
)
BLATT = wire_entry("Damm bricht bei Cherson", outlet="Blatt", language="de", minutes=9)
STORY = story_of(TIMES, PORTAL, BLATT)
FLAG = Breaking(NOON, "reported by 3 outlets within 9 minutes", ())
BREAKING = replace(STORY, breaking=FLAG)


def subscription(
    kind: SubscriptionKind = SubscriptionKind.ALL,
    value: str = "",
    *,
    breaking_only: bool = False,
    since: datetime = EARLIER,
    thread: ThreadId = NO_THREAD,
) -> Subscription:
    return Subscription(ChatId(7), thread, kind, value, value or "all", breaking_only, since)


def led_by(story: Story, *subscriptions: Subscription, settings: Settings = SETTINGS) -> str | None:
    report = wanted(story, subscriptions, settings, thread=NO_THREAD)
    return report.feed_title if report else None


def test_rules_name_every_way_to_a_story() -> None:
    assert rules_of(story_of(TIMES, PORTAL)) == tuple(
        sorted(
            [
                "all",
                f"feed:{TIMES.feed}",
                f"feed:{PORTAL.feed}",
                "topic:world",
                "topic:ukraine",
                "source:example times",
                "source:портал",
            ]
        )
    )


def test_rules_of_a_breaking_story_name_both_modes() -> None:
    rules = rules_of(replace(story_of(TIMES), breaking=FLAG))
    assert set(rules) >= {"all", "breaking:all", "topic:world", "breaking:topic:world"}
    assert len(rules) == 8


def test_a_first_poll_is_wanted_by_none() -> None:
    baseline = story_of(replace(TIMES, event=EntryEvent.BASELINE))
    assert rules_of(baseline) == ()
    assert led_by(baseline, subscription()) is None


@pytest.mark.parametrize(
    ("kind", "value", "leader"),
    [
        (SubscriptionKind.ALL, "", "Example Times"),
        (SubscriptionKind.FEED, PORTAL.feed, "Портал"),
        (SubscriptionKind.TOPIC, "ukraine", "Портал"),
        (SubscriptionKind.TOPIC, "science", None),
        (SubscriptionKind.SOURCE, "blatt", "Blatt"),
        (SubscriptionKind.SOURCE, "unknown", None),
        (SubscriptionKind.FEED, print_of("unknown", 16), None),
    ],
)
def test_what_leads(kind: SubscriptionKind, value: str, leader: str | None) -> None:
    assert led_by(STORY, subscription(kind, value)) == leader


def test_languages_limit_everything_and_topics_but_no_source_chosen_by_name() -> None:
    german = story_of(BLATT)
    assert led_by(german, subscription()) is None
    assert led_by(german, subscription(SubscriptionKind.TOPIC, "world")) is None
    assert led_by(german, subscription(SubscriptionKind.SOURCE, "blatt")) == "Blatt"


def test_a_report_in_no_stated_language_is_for_everyone() -> None:
    assert led_by(story_of(replace(TIMES, language=Language(""))), subscription()) is not None


def test_the_language_named_first_leads() -> None:
    settings = replace(SETTINGS, news_languages=(UKRAINIAN, ENGLISH))
    assert led_by(STORY, subscription(), settings=settings) == "Портал"


def test_only_what_arrived_after_the_subscription() -> None:
    assert led_by(STORY, subscription(since=NOON)) == "Портал"
    assert led_by(STORY, subscription(since=NOON + timedelta(minutes=5))) is None


def test_another_thread_has_its_own_subscriptions() -> None:
    assert led_by(STORY, subscription(thread=ThreadId(5))) is None


def test_breaking_only_waits_for_breaking() -> None:
    assert led_by(STORY, subscription(breaking_only=True)) is None
    assert led_by(BREAKING, subscription(breaking_only=True)) == "Example Times"


def test_muted_topics_are_left_out_of_alerts_over_everything_only() -> None:
    sport = replace(story_of(replace(TIMES, topic=Topic.SPORT)), breaking=FLAG)
    assert led_by(sport, subscription(breaking_only=True)) is None
    assert led_by(sport, subscription()) is not None
    by_topic = subscription(SubscriptionKind.TOPIC, "sport", breaking_only=True)
    assert led_by(sport, by_topic) is not None


@given(
    st.sets(st.sampled_from([TIMES, PORTAL, BLATT]), min_size=1).map(
        lambda entries: sorted(entries, key=lambda entry: entry.arrived)
    ),
    st.lists(
        st.builds(
            subscription,
            st.just(SubscriptionKind.ALL),
            breaking_only=st.booleans(),
            since=st.sampled_from([EARLIER, NOON, NOON + timedelta(minutes=6)]),
        )
        | st.builds(
            subscription,
            st.just(SubscriptionKind.TOPIC),
            st.sampled_from(["world", "ukraine", "sport"]),
            breaking_only=st.booleans(),
        )
        | st.builds(
            subscription,
            st.just(SubscriptionKind.SOURCE),
            st.sampled_from(["blatt", "портал"]),
        ),
        max_size=4,
    ),
    st.booleans(),
)
def test_whoever_wants_a_story_is_found_by_its_rules(
    entries: list[Entry], subscriptions: list[Subscription], is_breaking: bool
) -> None:
    story = replace(story_of(*entries), breaking=FLAG if is_breaking else None)
    report = wanted(story, subscriptions, SETTINGS, thread=NO_THREAD)
    if report is not None:
        assert report in story.reports
        assert {each.rule for each in subscriptions} & set(rules_of(story))


def rings(
    at: datetime = NOON,
    *,
    before: tuple[datetime, ...] = (),
    settings: Settings = SETTINGS,
    story: Story = BREAKING,
) -> bool:
    return ring_allowed(settings, at, before, story)


def test_breaking_rings_and_nothing_else_does() -> None:
    assert rings()
    assert not rings(story=STORY)


def test_old_news_does_not_ring() -> None:
    assert not rings(NOON + timedelta(minutes=61))
    late_flag = told_at(NOON + timedelta(hours=6))
    assert rings(NOON + timedelta(hours=6), story=late_flag)
    assert not rings(NOON + timedelta(hours=6, minutes=1), story=late_flag)


def test_what_was_read_too_late_does_not_ring_when_it_is_flagged() -> None:
    """After an outage of the bot old reports are flagged at the moment at which they are read."""
    later = NOON + timedelta(hours=2)
    flagged_now = replace(BREAKING, breaking=replace(FLAG, at=later))
    assert not rings(later, story=flagged_now)
    by_hand = replace(flagged_now, breaking=replace(FLAG, at=later, by_operator=True))
    assert rings(later, story=by_hand)


def told_at(moment: datetime) -> Story:
    """A story whose last report and flag are of that moment."""
    reports = tuple(replace(report, published=moment) for report in BREAKING.reports)
    return replace(BREAKING, reports=reports, breaking=replace(FLAG, at=moment))


def test_rings_are_few_and_apart() -> None:
    hours = tuple(NOON - timedelta(hours=hour) for hour in (1, 2, 3, 4))
    assert rings(before=hours[:3])
    assert not rings(before=hours)
    assert rings(before=tuple(ring - timedelta(days=1) for ring in hours))
    assert not rings(before=(NOON - timedelta(minutes=14),))
    assert rings(before=(NOON - timedelta(minutes=15),))
    assert not rings(settings=replace(SETTINGS, rings_a_day=0))


@pytest.mark.parametrize(
    ("local", "quiet"),
    [
        (time(22, 29), False),
        (time(22, 30), True),
        (time(0, 0), True),
        (time(7, 29), True),
        (time(7, 30), False),
        (time(12, 0), False),
    ],
)
def test_quiet_hours_are_local(local: time, quiet: bool) -> None:
    # In March, Kyiv is two hours ahead of UTC.
    at = datetime.combine(NOON.date(), local, UTC) - timedelta(hours=2)
    story = replace(told_at(at), first_reported=at)
    assert rings(at, story=story) is not quiet
    assert rings(at, story=story, settings=replace(SETTINGS, quiet=False))


def test_quiet_hours_within_one_day_and_none() -> None:
    nap = replace(SETTINGS, quiet_from=time(13), quiet_until=time(15))
    assert not rings(settings=nap)
    assert rings(settings=replace(nap, timezone="America/New_York"))
    assert rings(settings=replace(nap, quiet_from=time(14), quiet_until=time(14)))


def test_an_unknown_time_zone_is_utc() -> None:
    nap = replace(SETTINGS, quiet_from=time(11), quiet_until=time(13))
    assert not rings(settings=replace(nap, timezone="Nowhere/Here"))
    assert not rings(settings=replace(nap, timezone="../etc/passwd"))
