"""Views of chats, settings, subscriptions and feeds: sentences, buttons, Telegram's judgement."""

from dataclasses import replace
from datetime import time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models.feeds import Feed, PollState, Validators
from bot.models.identifiers import Address, FeedId, Language, Topic
from bot.models.messages import View
from bot.models.subscriptions import SubscriptionKind
from bot.views.callbacks import Verb, parse
from bot.views.chats import (
    error_view,
    group_start_view,
    help_view,
    notice_view,
    off_view,
    start_view,
)
from bot.views.feeds import FEEDS_SIZE, feed_changed_view, feeds_view
from bot.views.setting_presses import Setting, change
from bot.views.settings import SettingsPage, page_after, parse_page, settings_view
from bot.views.subscriptions import (
    list_view,
    subscribe_view,
    subscribed_view,
    unsubscribed_view,
)
from tests.telegram_parser import judge, judge_quoted
from tests.view_samples import NOW, ZONE, links, settings, subscription, texts

CHANNEL = Address(-1001234567890)


def names(view: View) -> list[list[str]]:
    return [[button.text for button in row] for row in view.buttons]


def test_start_says_what_is_on_and_how_to_end_it() -> None:
    view = start_view(settings())
    text = judge(view).text
    assert text.startswith(
        "Breaking news in English and Ukrainian is on.\n"
        "About 3 alerts a day, silent 22:30 to 07:30."
    )
    assert names(view) == [["Topics", "Language and time"], ["Turn off"]]
    judge(off_view())
    judge(group_start_view())
    assert "channel" in judge(group_start_view(channel=True)).text


def test_start_without_quiet_hours_or_languages_promises_none() -> None:
    view = start_view(replace(settings(), quiet=False, news_languages=()))
    assert "in all languages is on.\nAbout 3 alerts a day." in judge(view).text


def test_help_lists_commands_with_examples() -> None:
    view = help_view([("latest", "what is new", "/latest world"), ("/list", "subscriptions", "")])
    assert "/latest: what is new\ne.g. /latest world" in judge(view).text


@given(texts, texts)
def test_no_sentence_can_spoil_a_notice(sentence: str, title: str) -> None:
    judge(notice_view(sentence, title=title))
    judge(error_view(sentence))
    judge(help_view([(title, sentence, sentence)] * 100))


@pytest.mark.parametrize("page", list(SettingsPage))
@pytest.mark.parametrize("target", [None, CHANNEL])
def test_every_settings_button_changes_or_opens_something(
    page: SettingsPage, target: Address | None
) -> None:
    view = settings_view(settings(), page, target=target, title="A & <channel>")
    judge(view)
    for row in view.buttons:
        for button in row:
            press = parse(button.data)
            assert press is not None
            assert press.target == target
            if press.verb is Verb.SETTINGS:
                assert parse_page(press.arguments[0]) is not None
            else:
                assert change(settings(), *press.arguments) is not None
                assert page_after(Setting(press.arguments[0])) is page


@pytest.mark.parametrize(
    ("setting", "value", "field", "expected"),
    [
        ("language", "de:on", "news_languages", (Language("en"), Language("uk"), Language("de"))),
        ("language", "en:off", "news_languages", (Language("uk"),)),
        ("zone", "Asia/Tokyo", "timezone", "Asia/Tokyo"),
        ("quiet", "off", "quiet", False),
        ("hours", "23:15-06:00", "quiet_from", time(23, 15)),
        ("rings", "8", "rings_a_day", 8),
        ("previews", "off", "previews", False),
        ("muted", "sport:off", "muted_topics", (Topic.CULTURE,)),
        ("muted", "world:on", "muted_topics", (Topic.SPORT, Topic.CULTURE, Topic.WORLD)),
    ],
)
def test_a_press_changes_one_setting(
    setting: str, value: str, field: str, expected: object
) -> None:
    changed = change(settings(), setting, value)
    assert changed is not None
    assert getattr(changed, field) == expected


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("language", "de"),
        ("language", "xx:on"),
        ("language", "de:toggle"),
        ("muted", "sport"),
        ("zone", "Mars/Olympus"),
        ("zone", "../../etc/passwd"),
        ("zone", ""),
        ("quiet", "maybe"),
        ("hours", "2500-0700"),
        ("hours", "0700-0700"),
        ("hours", "7-8"),
        ("rings", "1000000"),
        ("previews", ""),
        ("muted", "weather"),
        ("nothing", "on"),
    ],
)
def test_strangers_changes_are_refused(setting: str, value: str) -> None:
    assert change(settings(), setting, value) is None


def test_an_unknown_settings_page_is_refused_and_none_is_the_first() -> None:
    assert parse_page("nothing") is None
    assert parse_page("") is SettingsPage.MAIN


def test_the_menu_marks_what_is_on() -> None:
    chosen = [subscription(), subscription(SubscriptionKind.ALL, "", "", breaking_only=True)]
    view = subscribe_view(chosen, target=CHANNEL, title="Daily Wire")
    assert judge(view).text.startswith("What should Daily Wire get?")
    assert names(view)[0] == ["✓ Breaking only", "Everything"]
    assert names(view)[1] == ["✓ World", "Ukraine"]
    press = parse(view.buttons[0][1].data)
    assert press is not None
    assert (press.verb, press.arguments, press.target) == (
        Verb.SUBSCRIBE,
        ("all", "all", ""),
        CHANNEL,
    )


def test_the_list_pages_and_each_can_be_ended() -> None:
    many = [subscription(SubscriptionKind.SOURCE, f"paper {n}", f"Paper {n}") for n in range(19)]
    view = list_view(many, page=1)
    text = judge(view).text
    assert "page 2 of 3\n9. The source Paper 8" in text
    assert names(view)[0] == ["End: Paper 8"]
    assert names(view)[-2] == ["« Back", "Show more"]
    assert "None yet." in judge_quoted(list_view([])).text


@given(texts, st.sampled_from(SubscriptionKind), st.booleans(), st.integers(0, 3))
def test_no_label_can_spoil_a_subscription(
    label: str, kind: SubscriptionKind, breaking_only: bool, page: int
) -> None:
    value = {"all": "", "topic": "world", "feed": "0" * 16}.get(kind, label)
    each = subscription(kind, value, label, breaking_only=breaking_only)
    judge_quoted(list_view([each] * 20, page=page, target=CHANNEL, title=label))
    judge_quoted(subscribe_view([each], title=label))
    judge(subscribed_view(each, note=label, target=CHANNEL, title=label))
    judge(unsubscribed_view(each, target=CHANNEL, title=label))


def feed(number: int = 1, *, title: str = "Example", url: str = "https://example.com/f") -> Feed:
    return Feed(FeedId(f"{number:016x}"), url, title, "", Language("en"), None)


def state(*, failures: int = 0, error: str = "", success: bool = True) -> PollState:
    return PollState(
        Validators(),
        NOW + timedelta(minutes=4),
        timedelta(minutes=5),
        failures=failures,
        last_error=error,
        last_success=NOW - timedelta(hours=1) if success else None,
        last_poll=NOW,
        entries=30,
    )


def test_ill_feeds_stand_first_with_what_is_wrong_and_since_when() -> None:
    rows = [
        (feed(1, title="Well"), state()),
        (feed(2, title="Ill"), state(failures=3, error="The address is no feed.")),
        (feed(3, title="New"), None),
    ]
    text = judge(feeds_view(rows, now=NOW, timezone=ZONE)).text
    assert text.startswith("Feeds\n3 in all · 1 failing\n\n✗ failing: Ill\n")
    assert "failed 3 times in a row, last success 15:40, next poll in 4 min. The address" in text
    assert "Well\nok, 30 entries, last success 15:40, next poll in 4 min" in text
    assert "New\nnot polled yet" in text


def test_feeds_page() -> None:
    rows = [(feed(number), None) for number in range(3 * FEEDS_SIZE)]
    view = feeds_view(rows, page=1, now=NOW, timezone=ZONE)
    assert "page 2 of 3" in judge(view).text
    assert names(view) == [["« Back", "Show more"]]
    assert "/addfeed" in judge(feeds_view([], now=NOW, timezone=ZONE)).text


@given(texts, links, texts, st.booleans())
def test_no_feed_can_spoil_the_health_page(title: str, url: str, error: str, success: bool) -> None:
    ill = state(failures=2, error=error, success=success)
    one = feed(title=title, url=url)
    judge_quoted(feeds_view([(one, ill)] * 12, now=NOW, timezone=ZONE))
    judge_quoted(feed_changed_view(one, "No longer polled."))
