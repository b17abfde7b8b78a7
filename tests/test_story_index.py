"""Placing entries in stories: one story per event, versions that mean something, restarts."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models.deliveries import EventKind
from bot.models.entries import Entry, EntryEvent
from bot.models.identifiers import StoryId, Topic
from bot.models.stories import Breaking, Story
from bot.news.reports import MAXIMUM_REPORTS, merge
from bot.news.stories import Placement, StoryIndex, with_breaking
from tests.wire_entries import NOON, changed_entry, story_of, wire_entry

DAM = wire_entry(
    "Dam failure floods Kherson suburbs, 12,000 evacuated",
    lede="Water rose two metres overnight after the dam's eastern wall gave way, officials said.",
)
DAM_ELSEWHERE = wire_entry(
    "Kherson suburbs flooded as dam fails; 12,000 people evacuated",
    outlet="Daily Example",
    lede="Suburbs of Kherson are under water after the eastern wall of a dam gave way overnight.",
    minutes=10,
)
BANK = wire_entry(
    "Central bank raises its main rate to nine per cent",
    outlet="Wire",
    lede="The bank surprised markets and said that prices still rise too fast.",
    minutes=5,
)


def placed(index: StoryIndex, *entries: Entry) -> Placement:
    """The placement of the last of these entries."""
    for entry in entries:
        placement = index.place(entry)
    return placement


def test_an_entry_founds_a_story() -> None:
    placement = StoryIndex().place(DAM)
    story = placement.story
    assert placement.created
    assert placement.event is EventKind.NEW
    assert placement.score == 0
    assert story.version == 1
    assert story.lead == DAM.id
    assert story.first_reported == story.changed == NOON
    assert len(story.id) == 12
    assert set(story.id) <= set("0123456789abcdefghijklmnopqrstuvwxyz")


def test_a_second_telling_widens_the_story() -> None:
    index = StoryIndex()
    first = index.place(DAM).story
    index.place(BANK)
    second = index.place(DAM_ELSEWHERE)
    assert not second.created
    assert second.event is EventKind.WIDER
    assert second.story.id == first.id
    assert second.story.version == 2
    assert second.story.lead == DAM.id
    assert [report.entry for report in second.story.reports] == [DAM.id, DAM_ELSEWHERE.id]
    assert second.score >= 0.40


def test_another_event_is_another_story() -> None:
    index = StoryIndex()
    assert index.place(DAM).story.id != index.place(BANK).story.id


def test_ukrainian_and_russian_tell_one_story() -> None:
    index = StoryIndex()
    first = index.place(
        wire_entry(
            "Прорив дамби затопив передмістя Херсона",
            language="uk",
            lede="Вода піднялася на два метри після прориву дамби біля Херсона.",
        )
    )
    second = index.place(
        wire_entry(
            "Прорыв дамбы затопил пригороды Херсона",
            outlet="Wire",
            language="ru",
            lede="Вода поднялась на два метра после прорыва дамбы под Херсоном.",
        )
    )
    assert second.story.id == first.story.id


@pytest.mark.parametrize(
    "copy",
    [
        wire_entry("Quite another headline", outlet="Portal", link=f"{DAM.link}?utm_source=x#top"),
        wire_entry(f"  {DAM.title.upper()}!", outlet="Portal", lede=f"{DAM.lede} "),
        wire_entry(f"{DAM.title} - Portal", outlet="Portal", lede=DAM.lede),
    ],
    ids=["link", "text", "text with the source's name"],
)
def test_exact_copies(copy: Entry) -> None:
    placement = placed(StoryIndex(), DAM, copy)
    assert placement.score == 1
    assert placement.event is EventKind.WIDER


def test_a_link_to_a_whole_site_proves_nothing() -> None:
    one = wire_entry("Dam fails near Kherson", link="https://agency.example/")
    other = wire_entry("Bank raises rate", outlet="Wire", link="https://agency.example/")
    assert placed(StoryIndex(), one, other).created


def test_one_link_for_all_entries_of_a_feed_proves_nothing() -> None:
    one = wire_entry("Trains delayed at the border", link="https://agency.example/status")
    other = wire_entry("Bridge reopened for lorries", link="https://agency.example/status")
    assert placed(StoryIndex(), one, other).created


def test_a_bare_heading_proves_nothing() -> None:
    heading = wire_entry("Video", identity="1", link="https://a.example/1")
    other = wire_entry("Video", outlet="Wire", identity="2", link="https://b.example/2")
    assert placed(StoryIndex(), heading, other).created


def test_templates_of_two_days_are_two_stories() -> None:
    monday = wire_entry("Погода у Києві на 2 березня", outlet="Перший", language="uk")
    tuesday = wire_entry("Погода у Києві на 3 березня", outlet="Другий", language="uk")
    assert placed(StoryIndex(), monday, tuesday).created


def test_a_daily_heading_without_a_date_is_no_copy_of_yesterdays() -> None:
    monday = wire_entry("Weather forecast for the coast", outlet="Example Times")
    tuesday = wire_entry("Weather forecast for the coast", identity="2", minutes=1440)
    assert placed(StoryIndex(), monday, tuesday).created


def test_a_second_entry_of_an_outlet_is_news_however_much_it_sounds_like_the_first() -> None:
    follow_up = wire_entry(
        "Dam failure floods Kherson suburbs: 12,000 evacuated, power cut",
        lede=DAM.lede,
        minutes=30,
    )
    placement = placed(StoryIndex(), DAM, follow_up)
    assert placement.created
    assert placement.event is EventKind.NEW


def test_two_papers_of_one_owner_tell_one_story() -> None:
    other = wire_entry("Kherson suburbs: dam failure floods streets", outlet="Other", lede=DAM.lede)
    other = replace(other, owner=DAM.owner or "One Owner", source="other.example")
    first = replace(DAM, owner=other.owner)
    assert not placed(StoryIndex(), first, other).created


def test_the_same_text_again_from_an_outlet_is_a_silent_copy() -> None:
    again = wire_entry(DAM.title, identity="again", lede=DAM.lede, minutes=30)
    placement = placed(StoryIndex(), DAM, again)
    assert not placement.created
    assert placement.event is None
    assert placement.story.version == 1
    assert len(placement.story.reports) == 2


def test_the_same_article_in_another_feed_of_the_outlet_reaches_its_subscribers() -> None:
    elsewhere = wire_entry(DAM.title, feed="europe", topic=Topic.EUROPE, lede=DAM.lede)
    elsewhere = replace(elsewhere, link=DAM.link)
    assert placed(StoryIndex(), DAM, elsewhere).event is EventKind.WIDER


def test_three_feeds_on_one_address_are_three_outlets() -> None:
    index = StoryIndex()
    events = [
        index.place(
            wire_entry(
                title,
                outlet=f"Feed {number}",
                source="127.0.0.1",
                lede=DAM.lede,
                minutes=number,
                link=f"http://127.0.0.1:{8000 + number}/dam",
            )
        ).event
        for number, title in enumerate(
            (DAM.title, DAM_ELSEWHERE.title, "Kherson dam fails, floods")
        )
    ]
    assert events == [EventKind.NEW, EventKind.WIDER, EventKind.WIDER]


def test_placing_twice_changes_nothing() -> None:
    index = StoryIndex()
    first = placed(index, DAM, DAM_ELSEWHERE)
    again = index.place(DAM_ELSEWHERE)
    assert again.event is None
    assert again.story == first.story


def test_a_changed_text_is_a_new_version() -> None:
    index = StoryIndex()
    placed(index, DAM, DAM_ELSEWHERE)
    change = changed_entry(DAM, title="Dam failure floods Kherson: 15,000 evacuated", minutes=31)
    placement = index.place(change)
    assert placement.event is EventKind.CHANGED
    assert placement.story.version == 3
    report = placement.story.lead_report
    assert report.title == change.title
    assert report.changed == NOON + timedelta(minutes=31)
    assert report.arrived == NOON
    assert placement.story.changed == NOON + timedelta(minutes=31)


def test_typography_is_no_change() -> None:
    index = StoryIndex()
    placed(index, DAM)
    change = changed_entry(DAM, title=f"“{DAM.title}”", minutes=31)
    placement = index.place(change)
    assert placement.event is None
    assert placement.story.version == 1
    assert placement.story.lead_report.title == change.title
    assert placement.story.lead_report.changed is None


def test_a_first_poll_is_found_but_no_news() -> None:
    index = StoryIndex()
    placement = index.place(replace(DAM, event=EntryEvent.BASELINE))
    assert placement.created
    assert placement.event is None
    assert placement.story.baseline


def test_the_first_real_report_of_a_known_story_is_new() -> None:
    index = StoryIndex()
    placement = placed(index, replace(DAM, event=EntryEvent.BASELINE), DAM_ELSEWHERE)
    assert placement.event is EventKind.NEW
    assert placement.story.version == 2
    assert not placement.story.baseline


def test_a_first_poll_adds_its_source_to_a_running_story() -> None:
    placement = placed(StoryIndex(), DAM, replace(DAM_ELSEWHERE, event=EntryEvent.BASELINE))
    assert placement.event is EventKind.WIDER
    assert placement.story.version == 2


def test_a_change_of_something_forgotten_is_no_news() -> None:
    change = changed_entry(DAM, title="Dam failure: one year on", minutes=0)
    placement = StoryIndex().place(change)
    assert placement.event is None
    assert placement.story.baseline


def test_an_entry_that_founds_again_takes_another_id() -> None:
    index = StoryIndex()
    first = index.place(DAM)
    again = index.place(changed_entry(DAM, title="Dam failure: one year on", minutes=80 * 60))
    assert again.created
    assert again.story.id != first.story.id


def test_a_change_of_something_older_than_the_window_finds_its_story_again() -> None:
    index = StoryIndex()
    story = placed(index, DAM).story
    index.expire(NOON + timedelta(hours=73))
    assert not index.holds(DAM.id)
    change = changed_entry(DAM, title="Dam failure: all are safe", minutes=74 * 60)
    placement = index.place(change, home=story)
    assert placement.event is EventKind.CHANGED
    assert placement.story.id == story.id
    assert placement.story.version == 2


def test_a_change_of_a_story_that_nobody_remembers_getting_is_told_nobody() -> None:
    """Sent records are kept for a day longer than stories take entries: later it would be new."""
    index = StoryIndex()
    story = placed(index, DAM).story
    index.expire(NOON + timedelta(days=8))
    change = changed_entry(DAM, title="Dam failure: all are safe", minutes=9 * 1440)
    placement = index.place(change, home=story)
    assert placement.event is None
    assert placement.story.version == 2


def test_stories_leave_after_72_hours() -> None:
    index = StoryIndex()
    story = placed(index, DAM).story
    index.expire(NOON + timedelta(hours=72))
    assert index.get(story.id) == story
    index.expire(NOON + timedelta(hours=72, seconds=1))
    assert index.get(story.id) is None
    assert index.place(replace(DAM_ELSEWHERE, arrived=NOON + timedelta(hours=73))).created


def test_a_story_takes_nothing_after_seven_days() -> None:
    index = StoryIndex()
    texts = [f"Strike of dockers in Gdansk goes on, day {day}" for day in range(1, 9)]
    stories = [
        index.place(
            wire_entry(text, outlet=f"Outlet {day}", lede="Dockers strike.", minutes=day * 1439)
        ).story.id
        for day, text in enumerate(texts)
    ]
    assert stories[0] != stories[7]


def test_a_full_story_takes_no_more_but_its_entries_found_nothing() -> None:
    index = StoryIndex()
    for number in range(MAXIMUM_REPORTS + 5):
        placement = index.place(
            wire_entry(DAM.title, outlet=f"Outlet {number}", lede=DAM.lede, minutes=number / 10)
        )
        assert placement.created == (number == 0)
    assert len(placement.story.reports) == MAXIMUM_REPORTS
    assert placement.event is None


def test_one_certain_entry_merges_two_stories() -> None:
    index = StoryIndex()
    older = story_of(wire_entry(DAM.title, outlet="A", lede=DAM.lede, minutes=0))
    newer = story_of(wire_entry(DAM.title, outlet="B", lede=DAM.lede, minutes=5, identity="b"))
    newer = with_breaking(
        with_breaking(newer, Breaking(NOON, "why", ())), Breaking(NOON, "why", ())
    )
    index.restore([newer, older])
    placement = index.place(wire_entry(f"{DAM.title} today", outlet="C", lede=DAM.lede, minutes=9))
    assert placement.event is EventKind.WIDER
    assert placement.story.ids == (older.id, newer.id)
    assert placement.story.version == newer.version + 1
    assert placement.story.breaking is not None
    assert index.get(newer.id) == placement.story
    assert len(placement.story.reports) == 3
    restored = StoryIndex()
    restored.restore([newer, placement.story])
    assert restored.get(newer.id) == placement.story


def test_merging_keeps_within_the_bound() -> None:
    crowd = [
        story_of(*(wire_entry(f"Telling {n}", outlet=f"{side} {n}") for n in range(120)))
        for side in ("left", "right")
    ]
    assert merge(crowd, NOON) == crowd[0]


def test_what_was_flagged_elsewhere_is_kept() -> None:
    index = StoryIndex()
    story = placed(index, DAM).story
    flagged = with_breaking(story, Breaking(NOON, "flagged by an operator", (), by_operator=True))
    index.adopt(flagged)
    wider = index.place(DAM_ELSEWHERE)
    assert wider.story.breaking == flagged.breaking
    assert wider.story.version == 3


SUBJECTS = (
    "Dam failure floods Kherson suburbs thousands evacuated",
    "Kherson suburbs flooded after dam failure",
    "Central bank raises main rate nine per cent",
    "Bank raises rate; markets surprised",
    "Quake of 6 shakes coastal towns",
    "Quake of 5 shakes coastal towns",
    "Погода у Києві на 2 березня",
    "Прорив дамби затопив передмістя Херсона",
    "Прорыв дамбы затопил пригороды Херсона",
    "Video",
)


@st.composite
def wires(draw: st.DrawFn) -> list[Entry]:
    """A day or more of a small wire: copies, follow-ups, changes, first polls, gaps."""
    entries: list[Entry] = []
    at = 0
    for number in range(draw(st.integers(1, 25))):
        at += draw(st.sampled_from([0, 1, 30, 600, 2000]))
        if entries and draw(st.integers(0, 3)) == 0:
            known = draw(st.sampled_from(entries))
            title = draw(st.sampled_from(SUBJECTS))
            entries.append(changed_entry(known, title=title, minutes=at))
            continue
        entries.append(
            wire_entry(
                draw(st.sampled_from(SUBJECTS)),
                outlet=f"Outlet {draw(st.integers(0, 3))}",
                lede=draw(st.sampled_from(["", *SUBJECTS[:4]])),
                identity=str(number),
                minutes=at,
                event=draw(st.sampled_from([EntryEvent.NEW, EntryEvent.NEW, EntryEvent.BASELINE])),
            )
        )
    return entries


@given(wires(), st.data())
def test_a_restart_goes_unnoticed(entries: list[Entry], data: st.DataObject) -> None:
    index = StoryIndex()
    kept: dict[StoryId, Story] = {}
    stop = data.draw(st.integers(0, len(entries)))
    for entry in entries[:stop]:
        story = index.place(entry).story
        kept[story.id] = story
    restarted = StoryIndex()
    restarted.restore(data.draw(st.permutations(list(kept.values()))))
    for entry in entries[stop:]:
        assert restarted.place(entry) == index.place(entry)


@given(wires())
def test_what_holds_for_every_placement(entries: list[Entry]) -> None:
    index = StoryIndex()
    before: dict[StoryId, Story] = {}
    for entry in entries:
        placement = index.place(entry)
        story = placement.story
        assert index.get(story.id) == story
        assert [report.entry for report in story.reports].count(entry.id) == 1
        assert story.lead in {report.entry for report in story.reports}
        assert story.first_reported <= min(report.published for report in story.reports)
        previous = before.get(story.id)
        if previous is not None and not placement.created:
            assert story.version >= previous.version
            assert placement.event is None or story.version > previous.version
        if placement.event is None and previous is not None and not story.baseline:
            assert story.version == previous.version
        assert (placement.event is None) or not story.baseline
        for story_id in story.ids:
            before[story_id] = story
