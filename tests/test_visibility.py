"""What a stranger's feed says reaches those who asked for it, and nobody else."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.models.entries import Entry
from bot.models.stories import Story
from bot.news.breaking import judge
from bot.news.matching import rules_of, wanted
from bot.news.visibility import visible_to, voicing
from bot.store.stories import indices_of
from tests.store_values import NOON, a_chat, a_feed, a_story, a_subscription, an_entry, breaking

LISTED = an_entry("listed", a_feed("times"))
STRANGE = replace(an_entry("strange", a_feed("stranger")), listed=False)
SINCE = NOON - timedelta(hours=1)
EVERYTHING = a_subscription(kind="all", value="", since=SINCE)
CHOSEN = a_subscription(kind="feed", value=a_feed("stranger").id, since=SINCE)


def story(*entries: Entry) -> Story:
    told = a_story("a", *entries)
    by_entry = {entry.id: entry.listed for entry in entries}
    reports = tuple(replace(each, listed=by_entry[each.entry]) for each in told.reports)
    return replace(told, reports=reports)


def test_everybody_sees_listed_reports_and_only_subscribers_the_others() -> None:
    both = story(STRANGE, LISTED)
    assert visible_to(both, [CHOSEN]) == both
    seen = visible_to(both, [EVERYTHING])
    assert seen is not None
    assert [report.entry for report in seen.reports] == [LISTED.id]
    assert seen.lead == LISTED.id
    assert visible_to(story(STRANGE), [EVERYTHING]) is None


def test_a_strangers_report_is_wanted_by_its_feed_alone() -> None:
    settings, thread = a_chat().settings, EVERYTHING.thread
    assert rules_of(story(STRANGE)) == (CHOSEN.rule,)
    assert wanted(story(STRANGE), [EVERYTHING], settings, thread=thread) is None
    assert wanted(story(STRANGE), [CHOSEN], settings, thread=thread) is not None
    namesake = a_subscription(kind="source", value="the stranger", since=SINCE)
    assert wanted(story(STRANGE), [namesake], settings, thread=thread) is None
    assert visible_to(story(STRANGE), [namesake]) is None


def test_a_strangers_feed_is_no_voice_beside_listed_ones() -> None:
    one, two, three = (an_entry(name, a_feed(name)) for name in ("one", "two", "three"))
    told = [replace(each, title=f"Dam told by {each.owner}", lede="") for each in (one, two, three)]
    now = told[0].published
    listed = story(*told)
    assert judge(listed, told[2], now=now) is not None
    strange = story(told[0], *(replace(each, listed=False) for each in told[1:]))
    assert judge(strange, told[2], now=now) is None
    private = story(*(replace(each, listed=False) for each in told))
    assert judge(private, told[2], now=now) is not None


def test_it_stands_in_the_indices_of_its_feed_and_source_only() -> None:
    scores = indices_of(replace(story(STRANGE), breaking=breaking()))
    standing = {name for name, score in scores.items() if score is not None}
    assert standing == {f"feed:{STRANGE.feed}", "source:the stranger"}


@given(st.lists(st.booleans(), min_size=1, max_size=6))
def test_voices_are_listed_ones_wherever_there_is_one(listed: list[bool]) -> None:
    entries = [
        replace(an_entry(f"e{place}", a_feed(f"f{place}")), listed=each)
        for place, each in enumerate(listed)
    ]
    counted = voicing(story(*entries).reports)
    assert all(report.listed for report in counted) or not any(listed)
    assert len(counted) == (sum(listed) or len(listed))
