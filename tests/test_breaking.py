"""What is breaking, who counts as a voice, what a marker is."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models.entries import Entry, EntryEvent
from bot.models.stories import Breaking
from bot.news.breaking import URGENT_MARKERS, is_urgent, judge, strip_marker
from bot.news.reports import with_breaking
from bot.news.templates import is_template
from bot.news.voices import voices
from tests.wire_entries import NOON, story_of, wire_entry

TELLINGS = (
    wire_entry("Dam fails near Kherson", outlet="Example Times", lede="Water rose in the night."),
    wire_entry("Kherson dam gives way", outlet="Daily Example", lede="A wall broke.", minutes=20),
    wire_entry("Flood after dam breaks", outlet="Wire", lede="Thousands left.", minutes=41),
)


def judged(*entries: Entry, minutes: float = 45) -> Breaking | None:
    return judge(story_of(*entries), entries[-1], now=NOON + timedelta(minutes=minutes))


def test_three_voices_within_the_hour() -> None:
    breaking = judged(*TELLINGS)
    assert breaking is not None
    assert breaking.reason == "reported by 3 outlets within 41 minutes"
    assert breaking.voices == ("Example Times", "Daily Example", "Wire")
    assert breaking.at == NOON + timedelta(minutes=45)
    assert not breaking.by_operator


def test_two_voices_are_not_enough() -> None:
    assert judged(*TELLINGS[:2]) is None


def test_three_voices_in_three_hours_are_not_enough() -> None:
    late = wire_entry("Flood after dam breaks", outlet="Wire", minutes=180)
    assert judged(*TELLINGS[:2], late, minutes=181) is None


def test_a_later_burst_counts() -> None:
    entries = (
        TELLINGS[0],
        *(
            wire_entry(
                f"Telling {number} of the dam", outlet=f"Outlet {number}", minutes=200 + number
            )
            for number in (1, 2, 3)
        ),
    )
    breaking = judged(*entries, minutes=204)
    assert breaking is not None
    assert breaking.reason == "reported by 3 outlets within 2 minutes"


@pytest.mark.parametrize(
    "third",
    [
        wire_entry("Another telling", outlet="Daily Example", minutes=30),
        wire_entry("KHERSON DAM GIVES WAY!", outlet="Copyist", minutes=30),
        wire_entry("Another telling", outlet="Wire", minutes=30, event=EntryEvent.BASELINE),
    ],
    ids=["same outlet", "same title", "first poll"],
)
def test_what_is_no_third_voice(third: Entry) -> None:
    assert judged(*TELLINGS[:2], third) is None


def test_a_copied_lead_is_one_voice() -> None:
    lede = "Water rose two metres overnight after the eastern wall of the dam gave way, they said."
    entries = [
        wire_entry(f"Headline {number}", outlet=f"Outlet {number}", lede=lede)
        for number in range(4)
    ]
    assert judged(*entries) is None
    assert voices(story_of(*entries)) == ("Outlet 0",)


def test_outlets_of_one_owner_and_of_one_state_are_one_voice() -> None:
    owned = [wire_entry(f"Telling {n}", outlet=f"Paper {n}", owner="Holding") for n in range(4)]
    ruled = [wire_entry(f"Telling {n}", outlet=f"Organ {n}", state="XX") for n in range(4)]
    assert len(voices(story_of(*owned))) == 1
    assert len(voices(story_of(*ruled))) == 1
    assert judged(*owned[:2], *ruled[:2]) is None


def test_feeds_on_one_address_are_told_apart_by_owner_or_feed() -> None:
    owned = [
        wire_entry(f"Telling {n}", outlet="Feed", feed=f"f{n}", source="127.0.0.1", owner=f"o{n}")
        for n in range(3)
    ]
    nameless = [
        wire_entry(f"Telling {n}", outlet="Feed", feed=f"f{n}", source="127.0.0.1")
        for n in range(3)
    ]
    domain = [
        wire_entry(f"Telling {n}", outlet="Feed", feed=f"f{n}", source="one.example")
        for n in range(3)
    ]
    assert judged(*owned) is not None
    assert judged(*nameless) is not None
    assert judged(*domain) is None


def test_a_trusted_source_is_believed_alone() -> None:
    entry = wire_entry("BREAKING: Dam fails near Kherson", outlet="Wire", trusted=True)
    breaking = judged(entry, minutes=1)
    assert breaking is not None
    assert breaking.reason == "marked urgent by Wire"
    assert breaking.voices == ("Wire",)
    assert judged(wire_entry("BREAKING: Dam fails", outlet="Wire"), minutes=1) is None


def test_never_old_never_twice_never_from_a_first_poll() -> None:
    urgent = wire_entry("URGENT: Dam fails near Kherson", trusted=True)
    assert judged(urgent, minutes=361) is None
    story = story_of(urgent)
    flagged = with_breaking(story, Breaking(NOON, "", ()))
    assert flagged.version == story.version + 1
    assert judge(flagged, urgent, now=NOON) is None
    baseline = wire_entry("URGENT: Dam fails", trusted=True, event=EntryEvent.BASELINE)
    assert judged(baseline, minutes=1) is None


@pytest.mark.parametrize(
    "title",
    [
        "Weather forecast for Tuesday",
        "Live: election night",
        "Dam fails: live updates",
        "Погода в Києві на 3 травня",
        "Прогноз погоды на неделю",
        "Гороскоп на завтра",
        "Курс долара на 5 березня",
        "Магнитные бури в марте",
        "Liveticker: Sturm im Norden",
        "En direct : la crise au parlement",
        "Última jornada, en vivo",
        "Prognoza pogody na dziś",
        "Oroscopo di oggi",
    ],
)
def test_templates_never_break(title: str) -> None:
    assert is_template(title)
    assert judged(wire_entry(f"URGENT: {title}", trusted=True), minutes=1) is None
    entries = [wire_entry(title, outlet=f"Outlet {n}", lede=f"{n} {title}") for n in range(3)]
    assert judged(*entries) is None


@pytest.mark.parametrize(
    "title",
    [
        "Weather warning for the whole coast",
        "Extreme weather kills 20",
        "Minister to live in exile",
        "Погоду испортил митинг",
        "Court directs minister to resign",
        "Курс на вступ до союзу",
    ],
)
def test_events_are_no_templates(title: str) -> None:
    assert not is_template(title)


@pytest.mark.parametrize(
    ("title", "rest"),
    [
        ("BREAKING: Dam fails", "Dam fails"),
        ("Breaking News: Dam fails", "Dam fails"),
        ("Breaking | Dam fails", "Dam fails"),
        ("[BREAKING] Dam fails", "Dam fails"),
        ("URGENT - Dam fails", "Dam fails"),
        ("URGENT Dam fails", "Dam fails"),
        ("⚡️ ТЕРМІНОВО: Прорвало дамбу", "Прорвало дамбу"),
        ("Терміново! Прорвало дамбу", "Прорвало дамбу"),
        ("СРОЧНО. Прорвало дамбу", "Прорвало дамбу"),
        ("Срочно: прорвало дамбу", "прорвало дамбу"),
        ("EILMELDUNG: Damm bricht", "Damm bricht"),
        ("Eil: Damm bricht", "Damm bricht"),
        ("+++ EIL +++ Damm bricht", "Damm bricht"),
        ("ALERTE INFO - Le barrage cède", "Le barrage cède"),
        ("ÚLTIMA HORA | Cede una presa", "Cede una presa"),
        ("PILNE: Pękła tama", "Pękła tama"),
        ("ULTIM'ORA: cede la diga", "cede la diga"),
    ],
)
def test_markers(title: str, rest: str) -> None:
    assert is_urgent(title)
    assert strip_marker(title) == rest


@pytest.mark.parametrize(
    "title",
    [
        "Breaking the ice in Oslo",
        "Urgent care centres to close",
        "Breaking-point: schools in crisis",
        "Flash floods hit the north",
        "Developing countries ask for aid",
        "Срочно требуются врачи",
        "Терміново потрібна кров",
        "Alerte aux inondations",
        "URGENTLY NEEDED: DOCTORS",
        "BREAKING BAD RETURNS TO TV",
        "Record-breaking: heat in May",
        "",
    ],
)
def test_words_in_a_sentence_are_no_markers(title: str) -> None:
    assert not is_urgent(title)
    assert strip_marker(title) == title


@given(
    st.sampled_from(sorted({word for words in URGENT_MARKERS.values() for word in words})),
    st.text(alphabet=st.characters(categories=["Ll", "Lu", "Nd"]), min_size=1),
)
def test_every_marker_works_and_leaves_the_rest(marker: str, rest: str) -> None:
    assert strip_marker(f"{marker.upper()}: {rest}") == rest


@given(st.text())
def test_stripping_never_empties_a_title(title: str) -> None:
    stripped = strip_marker(title)
    assert stripped in title
    assert bool(stripped.strip()) == bool(title.strip())


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 400)), min_size=1))
def test_a_burst_never_counts_more_than_there_are(tellings: list[tuple[int, int, int]]) -> None:
    entries = [
        wire_entry(
            f"Telling number {title}",
            outlet=f"Outlet {outlet}",
            minutes=minutes,
            identity=f"{place}",
        )
        for place, (outlet, title, minutes) in enumerate(tellings)
    ]
    breaking = judged(*entries, minutes=400)
    if breaking is not None:
        assert len({outlet for outlet, _, _ in tellings}) >= 3
        assert len({title for _, title, _ in tellings}) >= 3
        assert len(breaking.voices) == 3
