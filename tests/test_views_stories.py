"""Every view of stories: what it says, and that Telegram takes it whatever sources write."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.models.entries import Picture
from bot.models.identifiers import Address, EntryId
from bot.models.messages import Button, View
from bot.models.stories import Breaking, Report, Story
from bot.models.subscriptions import SubscriptionKind
from bot.views.bundles import BUNDLE_LIMIT, bundle_page_size, bundle_page_view, bundle_view
from bot.views.callbacks import parse
from bot.views.html import clean, units
from bot.views.markers import strip_marker
from bot.views.pages import (
    PAGE_SIZE,
    Page,
    breaking_view,
    latest_view,
    search_view,
    split_pages,
)
from bot.views.reading import read_view, related_view, sources_view, why_view
from bot.views.stories import ringing_view, story_view
from bot.views.times import since_text
from tests.telegram_parser import judge, judge_quoted
from tests.view_samples import (
    BOT,
    NOW,
    ZONE,
    entry,
    links,
    report,
    stories,
    story,
    subscription,
    texts,
)

hostile = settings(suppress_health_check=list(HealthCheck))


def show(
    of: Story, seen: Report | None = None, *, private: bool = True, expanded: bool = False
) -> View:
    return story_view(
        of,
        seen or of.lead_report,
        timezone=ZONE,
        now=NOW,
        bot_username=BOT,
        private=private,
        expanded=expanded,
    )


def names(view: View) -> list[list[str]]:
    return [[button.text for button in row] for row in view.buttons]


def buttons(view: View) -> list[Button]:
    return [button for row in view.buttons for button in row]


# The message of a story


def test_a_story_reads_as_designed() -> None:
    lead = report(
        title="BREAKING: Dam failure floods suburbs, 12,000 evacuated",
        picture=Picture("https://example.com/p.jpg", "The dam", "A. Person / Agency"),
        changed=NOW - timedelta(minutes=9),
    )
    view = show(
        story(lead, report(2, source="Daily Example"), report(3, source="Wire"), breaking=True)
    )
    shown = judge(view)
    assert shown.text.split("\n") == [
        "🔴 Breaking: Dam failure floods suburbs, 12,000 evacuated",
        "Water rose two metres overnight, officials said.",
        "Example Times · 2 min read · 16:05 · also: Daily Example, Wire",
        "Photo: A. Person / Agency",
        "(Updated 16:31)",
    ]
    assert shown.bold == ("🔴 Breaking: Dam failure floods suburbs, 12,000 evacuated",)
    assert shown.links == (lead.link,)
    assert view.preview is not None
    assert (view.preview.url, view.preview.large, view.preview.above) == (lead.link, True, True)
    assert names(view) == [["Read", "3 sources", "⋯ More"]]


def test_an_ordinary_story_keeps_its_title_and_has_no_prefix() -> None:
    shown = judge(show(story(report(title="URGENT: Prices fall", words=0))))
    assert shown.text.split("\n")[0] == "URGENT: Prices fall"
    assert "min read" not in shown.text
    assert "also" not in shown.text


def test_more_opens_a_second_row_and_less_closes_it() -> None:
    view = show(story(), expanded=True)
    judge(view)
    assert names(view) == [["Read", "1 source"], ["Related", "Share", "Why", "Less"]]
    assert all(parse(button.data) for button in buttons(view) if button.data)


def test_in_groups_and_channels_buttons_are_deep_links() -> None:
    view = show(story(), private=False)
    judge(view)
    assert names(view) == [["Read", "1 source", "Related"]]
    assert buttons(view)[0].url == f"https://t.me/{BOT}?start=read_a1b2c3d4e5f6"
    assert not any(button.data for button in buttons(view))


def test_a_chat_sees_the_report_that_it_follows() -> None:
    second = report(2, source="Daily Example", title="Floods near Kherson")
    shown = judge(show(story(report(), second), second))
    assert shown.text.startswith("Floods near Kherson")
    assert "Daily Example · 2 min read · 16:05 · also: Example Times" in shown.text


def test_state_media_are_labelled() -> None:
    assert "Example Times (state media) ·" in judge(show(story(report(state="RU")))).text


def test_one_source_counts_once_and_many_are_counted() -> None:
    members = [report(number, source=f"Paper {number}") for number in range(1, 8)]
    shown = judge(show(story(*members)))
    assert "also: Paper 2, Paper 3, Paper 4 and 3 more" in shown.text


def test_another_days_time_has_its_date() -> None:
    yesterday = report(published=NOW - timedelta(days=1))
    last_year = report(published=NOW - timedelta(days=365))
    assert "· 23 Nov 16:40" in judge(show(story(yesterday))).text
    assert "· 24 Nov 2025 16:40" in judge(show(story(last_year))).text


def test_a_lede_that_repeats_the_title_is_left_out() -> None:
    shown = judge(show(story(report(title="The same", lede=" The  same "))))
    assert shown.text.count("The same") == 1


def test_an_unknown_time_zone_is_read_as_utc() -> None:
    view = story_view(
        story(),
        report(),
        timezone="Mars/Olympus",
        now=NOW,
        bot_username=BOT,
        private=True,
        previews=False,
    )
    assert "14:05" in judge(view).text
    assert view.preview is None


def test_the_ring_is_one_line() -> None:
    shown = judge(ringing_view(story(breaking=True), report()))
    assert shown.text == "🔴 Breaking: Dam failure floods Kherson suburbs, 12,000 evacuated"
    assert "\n" not in shown.text


@hostile
@given(stories, st.booleans(), st.booleans())
def test_no_source_can_spoil_a_story(of: Story, private: bool, expanded: bool) -> None:
    for seen in of.reports[:3]:
        shown = judge_quoted(show(of, seen, private=private, expanded=expanded))
        if of.breaking is not None:
            assert shown.text.startswith("🔴 Breaking: ")
        judge_quoted(ringing_view(of, seen))


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("BREAKING: Dam fails", "Dam fails"),
        ("Breaking News | Dam fails", "Dam fails"),
        ("⚡️ Срочно: Плотина прорвана", "Плотина прорвана"),
        ("❗️❗️Терміново! Дамба прорвана", "Дамба прорвана"),
        ("+++ EILMELDUNG +++ Damm bricht +++", "Damm bricht"),
        ("[URGENT] Rupture du barrage", "Rupture du barrage"),
        ("ÚLTIMA HORA - Cede la presa", "Cede la presa"),
        ("【速報】ダム決壊", "ダム決壊"),
        ("Breaking Bad actor dies", "Breaking Bad actor dies"),
        ("Flash floods hit Valencia", "Flash floods hit Valencia"),
        ("Urgent care clinics close", "Urgent care clinics close"),
        ("Breaking-news fatigue is real", "Breaking-news fatigue is real"),
        ("Alert: level raised", "level raised"),
        ("LIVE: Dam fails", "LIVE: Dam fails"),
        ("BREAKING:", "BREAKING:"),
        ("", ""),
    ],
)
def test_a_sources_own_marker_goes(title: str, expected: str) -> None:
    assert strip_marker(title) == expected


@given(texts)
def test_stripping_a_marker_leaves_a_title(title: str) -> None:
    assert bool(strip_marker(title)) == bool(title)


# Bundles and lists


@hostile
@given(st.lists(stories, min_size=1, max_size=BUNDLE_LIMIT), st.booleans())
def test_a_bundle_always_holds_as_many_as_it_promises(of: list[Story], private: bool) -> None:
    items = [(each, each.lead_report) for each in of]
    view = bundle_view(items, timezone=ZONE, now=NOW, bot_username=BOT, private=private)
    shown = judge_quoted(view)
    for number in range(1, len(of) + 1):
        assert f"\n\n{number}. " in shown.text
    assert len(buttons(view)) == len(of)


@hostile
@given(
    st.lists(stories, min_size=PAGE_SIZE, max_size=PAGE_SIZE),
    st.booleans(),
    st.integers(0, 62),
    st.none() | st.just(NOW - timedelta(hours=20)),
)
def test_every_page_of_a_long_bundle_fits(
    of: list[Story], private: bool, number: int, since: datetime | None
) -> None:
    total = 500
    shown = [(each, each.lead_report) for each in of[: total - number * PAGE_SIZE]]
    page = Page(tuple(shown), number, total, bundle_page_size(total))
    view = bundle_page_view(
        page, since=since, timezone=ZONE, now=NOW, bot_username=BOT, private=private
    )
    text = judge_quoted(view).text
    assert f"Most reported first · page {number + 1} of 63" in text
    for place in range(len(shown)):
        assert f"\n\n{number * PAGE_SIZE + place + 1}. " in text


def test_what_was_missed_says_since_when() -> None:
    page = Page(((story(), report()),), 0, 42, bundle_page_size(42))
    since = NOW - timedelta(days=1)
    view = bundle_page_view(
        page, since=since, timezone=ZONE, now=NOW, bot_username=BOT, private=True
    )
    heading, pages = judge(view).text.split("\n")[:2]
    assert heading == "While you were away: 42 stories since yesterday 16:40"
    assert pages == "Most reported first · page 1 of 6"
    assert [button.text for button in view.buttons[-1]] == ["Show more"]


def test_a_list_that_opens_elsewhere_has_one_button_for_it() -> None:
    page = Page(((story(), report()),), 0, 66, bundle_page_size(66))
    whole = "https://t.me/NewsBot?start=list_-100_0123456789abcdef"
    view = bundle_page_view(
        page, since=None, timezone=ZONE, now=NOW, bot_username=BOT, private=False, whole=whole
    )
    assert judge(view).text.split("\n")[:2] == ["66 new stories", "Most reported first · 1 of 66"]
    assert view.buttons[-1] == (Button("All 66 stories", url=whole),)
    assert not any(button.data for row in view.buttons for button in row)
    short = bundle_page_view(
        Page(page.items, 0, 10, bundle_page_size(10)),
        since=None,
        timezone=ZONE,
        now=NOW,
        bot_username=BOT,
        private=False,
        whole=whole,
    )
    assert [button.text for row in short.buttons for button in row] == ["Read 1"]


@pytest.mark.parametrize(
    ("days", "text"),
    [(0, "16:40"), (1, "yesterday 16:40"), (2, "Sunday 16:40"), (7, "17 Nov 16:40")],
)
def test_since_when_reads_like_speech(days: int, text: str) -> None:
    assert since_text(NOW - timedelta(days=days), now=NOW, timezone=ZONE) == text


def test_the_largest_bundle_fits() -> None:
    worst = report(
        1,
        source='"' * 300,
        title='"' * 4_000,
        link="https://example.com/" + '"' * 980,
        state="RU",
    )
    others = [report(number, source='"' * 300 + str(number)) for number in range(2, 9)]
    of = story(worst, *others, breaking=True)
    full = [(of, worst)] * BUNDLE_LIMIT
    view = bundle_view(full, timezone=ZONE, now=NOW, bot_username=BOT, private=True)
    assert f"\n{BUNDLE_LIMIT}. " in judge_quoted(view).text


@pytest.mark.parametrize(("count", "heading"), [(1, "1 new story"), (6, "6 new stories")])
def test_a_bundle_says_how_many_are_new(count: int, heading: str) -> None:
    items = [(story(), report())] * count
    view = bundle_view(items, timezone=ZONE, now=NOW, bot_username=BOT, private=True)
    assert judge_quoted(view).text.startswith(f"{heading}\n\n1. ")


def lists(
    page: Page,
    *,
    private: bool = True,
    filter: str = "topic:world",
    token: str = "abc",
    target: Address | None = None,
) -> list[View]:
    return [
        latest_view(
            page,
            filter=filter,
            label="World",
            timezone=ZONE,
            now=NOW,
            bot_username=BOT,
            private=private,
            target=target,
        ),
        breaking_view(
            page, timezone=ZONE, now=NOW, bot_username=BOT, private=private, target=target
        ),
        search_view(
            page,
            words="dam & <flood>",
            token=token,
            timezone=ZONE,
            now=NOW,
            bot_username=BOT,
            private=private,
            target=target,
        ),
    ]


@hostile
@given(st.lists(stories, max_size=PAGE_SIZE), st.integers(0, 5), st.booleans())
def test_no_source_can_spoil_a_list(of: list[Story], number: int, private: bool) -> None:
    page = Page(tuple((each, each.lead_report) for each in of), number, total=45)
    for view in lists(page, private=private):
        shown = judge_quoted(view)
        for place in range(len(of)):
            assert f"{number * PAGE_SIZE + place + 1}. " in shown.text


def test_lists_page_in_place_and_number_through() -> None:
    items = ((story(), report()),) * PAGE_SIZE
    first, middle, last = (lists(Page(items, number, 3 * PAGE_SIZE)) for number in (0, 1, 2))
    assert names(first[0])[-1] == ["Show more"]
    assert names(middle[0])[-1] == ["« Newer", "Show more"]
    assert names(last[0])[-1] == ["« Newer"]
    assert [button.data for button in middle[0].buttons[-1]] == [
        "latest:0:topic:world",
        "latest:2:topic:world",
    ]
    assert names(middle[2])[-1] == ["« Back", "Show more"]
    text = judge_quoted(middle[0]).text
    assert text.startswith("Latest: World\npage 2 of 3\n\n9. ")
    assert "Search: dam & <flood>\n24 stories · page 2 of 3" in judge_quoted(middle[2]).text


def test_lists_of_another_chat_name_it_in_the_longest_press() -> None:
    target = Address(-(10**18) + 1)
    of = story()
    page = Page(((of, of.lead_report),), 1_000, total=10_000)
    for view in lists(page, filter="x" * 30, token="t" * 32, target=target):
        for button in view.buttons[-1]:
            press = parse(button.data)
            assert press is not None
            assert press.target == target


def test_empty_lists_say_what_to_do() -> None:
    latest, breaking, search = (judge_quoted(view).text for view in lists(Page(())))
    assert "Nothing from World yet. /latest shows everything." in latest
    assert "Nothing is breaking." in breaking
    assert "/search election" in search


@given(texts, st.integers(50, 500))
def test_pages_hold_the_whole_text_in_order(text: str, size: int) -> None:
    pages = split_pages(text, size)
    assert all(0 < units(page) <= size for page in pages)
    whole = "".join(clean(text, lines=True).split())
    assert "".join("".join(pages).split()) == whole


# Around a story


def test_read_pages_through_the_text_with_author_and_credits_at_the_end() -> None:
    lead = report(
        picture=Picture("https://e.com/p.jpg", "The broken dam", "A. Person"), changed=NOW
    )
    full = entry(
        lead,
        text="\n\n".join(f"Paragraph {number}. " + "Word " * 90 for number in range(20)),
        author="Jane Reporter",
        about="Jane Reporter covers rivers.",
    )
    first = read_view(story(lead), lead, full, timezone=ZONE, now=NOW)
    text = judge_quoted(first).text
    assert "By Jane Reporter · Example Times · 2 min read · 16:05\n(Updated 16:40)" in text
    assert "page 1 of 4" in text
    assert "covers rivers" not in text
    around = [["Continue at Example Times"], ["1 source", "Related"]]
    assert names(first) == [["Show more"], *around]
    last = read_view(story(lead), lead, full, page=99, timezone=ZONE, now=NOW)
    text = judge_quoted(last).text
    assert "Jane Reporter covers rivers." in text
    assert "The broken dam\nPhoto: A. Person" in text
    assert names(last) == [["« Back"], *around]
    assert last.preview is None


@hostile
@given(stories, texts, texts, st.integers(0, 9))
def test_no_source_can_spoil_reading(of: Story, text: str, author: str, page: int) -> None:
    seen = of.lead_report
    full = entry(seen, text=text, author=author, about=author)
    judge_quoted(read_view(of, seen, full, page=page, timezone=ZONE, now=NOW))
    judge_quoted(read_view(of, seen, None, page=page, timezone=ZONE, now=NOW))


@hostile
@given(stories, st.integers(0, 9))
def test_no_source_can_spoil_the_sources(of: Story, page: int) -> None:
    judge_quoted(sources_view(of, of.lead_report, page=page, timezone=ZONE, now=NOW))


def test_sources_stand_by_time_with_their_own_headlines() -> None:
    late = report(1, published=NOW)
    early = report(2, source="Daily Example", title="URGENT: Dam broke", state="RU")
    view = sources_view(story(late, early), late, timezone=ZONE, now=NOW)
    shown = judge_quoted(view)
    assert shown.links == (late.link, early.link, late.link)
    assert "16:05 · Daily Example (state media)\nURGENT: Dam broke" in shown.text
    assert "Reported by 2 sources" in shown.text


def test_many_sources_page() -> None:
    members = [report(number, source=f"Paper {number}") for number in range(1, 20)]
    view = sources_view(story(*members), members[0], page=1, timezone=ZONE, now=NOW)
    judge_quoted(view)
    assert names(view) == [["« Back", "Show more"]]


@hostile
@given(st.lists(stories, max_size=7), st.lists(st.tuples(texts, links), max_size=7))
def test_no_source_can_spoil_what_is_related(
    of: list[Story], pointed: list[tuple[str, str]]
) -> None:
    view = related_view(
        story(),
        report(),
        [(each, each.lead_report) for each in of],
        pointed,
        timezone=ZONE,
        now=NOW,
        bot_username=BOT,
        private=True,
    )
    judge_quoted(view)


def test_why_says_what_matched_and_why_it_is_breaking() -> None:
    of = story(report(), report(2, source="Wire"), breaking=True)
    matched = [
        subscription(),
        subscription(SubscriptionKind.ALL, "", "", breaking_only=True),
        subscription(SubscriptionKind.SOURCE, "wire", "Wire", breaking_only=True),
    ]
    text = judge_quoted(why_view(of, report(), matched, timezone=ZONE, now=NOW)).text
    assert "• the topic World\n• breaking news\n• the source Wire, breaking only" in text
    assert "breaking since 16:40: reported by 3 outlets within 41 minutes" in text
    assert "(Example Times, Wire)" in text
    assert "confirmed" not in text


def test_who_called_it_breaking_is_named_once() -> None:
    marked = Breaking(NOW, "marked urgent by Alphanews", ("Alphanews",))
    text = judge_quoted(
        why_view(replace(story(), breaking=marked), report(), timezone=ZONE, now=NOW)
    ).text
    assert "breaking since 16:40: marked urgent by Alphanews." in text
    assert text.count("Alphanews") == 1


@hostile
@given(stories, texts)
def test_no_label_can_spoil_why(of: Story, label: str) -> None:
    matched = [subscription(SubscriptionKind.SOURCE, label, label)] * 20
    judge_quoted(why_view(of, of.lead_report, matched, timezone=ZONE, now=NOW))


def test_a_story_without_a_title_still_reads() -> None:
    nameless = report(title="\u200b", source="", lede="", link="", words=0)
    of = story(nameless)
    assert judge_quoted(show(of)).text.startswith("Untitled\nsource1.example · 16:05")
    assert of.lead == EntryId(f"{1:032x}")
