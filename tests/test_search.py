"""Full-text search over a real index in a directory."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import NewsflashError
from bot.models.identifiers import Language
from bot.models.stories import Story
from bot.search.index import SearchIndex
from bot.search.words import document_forms, light_stem, query_words
from tests.wire_entries import NOON, story_of, wire_entry

DAM = story_of(
    wire_entry(
        "Dam failure floods Kherson suburbs",
        lede="Water rose two metres overnight, officials said.",
    ),
    wire_entry(
        "Прорив дамби затопив передмістя",
        outlet="Портал Новин",
        language="uk",
        lede="Вода піднялася на два метри, повідомили рятувальники.",
        minutes=5,
    ),
)
ELECTION = story_of(
    wire_entry("Elections called for autumn", outlet="Wire", lede="The president dissolved it.")
)
VYBORY = story_of(
    wire_entry(
        "Выборы назначены на осень", outlet="Агентство", language="ru", lede="Указ подписан."
    )
)
WAHL = story_of(
    wire_entry(
        "Häuser für Flüchtlinge gebaut",
        outlet="Blatt",
        language="de",
        lede="Städte melden Erfolge.",
    )
)
RZAD = story_of(
    wire_entry(
        "Rządowe szpitale zamknięte", outlet="Gazeta", language="pl", lede="Lekarze strajkują."
    )
)
TOKYO = story_of(wire_entry("東京で地震", outlet="Shinbun", language="ja"))
EVERYTHING = (DAM, ELECTION, VYBORY, WAHL, RZAD, TOKYO)


@pytest.fixture
def index(tmp_path: Path) -> Iterator[SearchIndex]:
    opened = SearchIndex(tmp_path / "search")
    opened.open()
    opened.add(EVERYTHING)
    yield opened
    opened.close()


def found(index: SearchIndex, words: str, *, languages: tuple[str, ...] = ()) -> set[str]:
    ids, total = index.search(
        words, languages=tuple(Language(each) for each in languages), limit=20, offset=0
    )
    assert total == len(ids)
    return set(ids)


@pytest.mark.parametrize(
    ("words", "story"),
    [
        ("kherson", DAM),
        ("flooded suburb", DAM),
        ("overnight official", DAM),
        ("дамба", DAM),
        ("рятувальник", DAM),
        ("Example Times", DAM),
        ("портал новин", DAM),
        ("election", ELECTION),
        ("ELECTIONS", ELECTION),
        ("выборов", VYBORY),
        ("вибори", VYBORY),
        ("haus", WAHL),
        ("Fluchtlinge", WAHL),
        ("stadt", WAHL),
        ("rządowych szpitali", RZAD),
        ("szpital", RZAD),
        ("地震", TOKYO),
        ("dam failure floods Kherson suburbs tomorrow", DAM),
        ("the dam in Kherson", DAM),
        ("failure dam kher", DAM),
    ],
)
def test_words_find_their_story(index: SearchIndex, words: str, story: Story) -> None:
    assert found(index, words) == {story.id}


def test_all_of_a_few_words_must_be_found(index: SearchIndex) -> None:
    assert found(index, "kherson elections") == set()
    ids, _ = index.search("kherson flood elections", limit=5, offset=0, loose=True)
    assert ids[0] == DAM.id


def test_an_unfinished_last_word_is_completed_and_a_finished_one_is_not(index: SearchIndex) -> None:
    assert found(index, "subur") == {DAM.id}
    assert found(index, "subur ") == set()
    assert found(index, "subur kherson") == set()


def test_languages(index: SearchIndex) -> None:
    assert found(index, "kherson", languages=("uk",)) == {DAM.id}
    assert found(index, "kherson", languages=("de", "ru")) == set()


@pytest.mark.parametrize(
    "words",
    [
        "",
        "   ",
        '"',
        "+",
        "-",
        ":",
        "***",
        "((",
        "\\",
        "/",
        "~1",
        "^",
        "\x00",
        "🙂",
        '"+-:~^*()[]{}',
    ],
)
def test_nothing_to_look_for_finds_nothing(index: SearchIndex, words: str) -> None:
    assert index.search(words, limit=5, offset=0) == ((), 0)


@pytest.mark.parametrize(
    "words",
    [
        'kherson "',
        "+kherson -dam",
        "title:kherson",
        "kherson AND",
        "NOT kherson",
        "(kherson",
        "kherson~9^",
        "id:* kherson",
        "kherson\x00",
    ],
)
def test_signs_are_no_commands(index: SearchIndex, words: str) -> None:
    assert index.search(words, limit=5, offset=0, loose=True)[0] in {(DAM.id,), ()}


def test_hostile_words_are_no_error(index: SearchIndex) -> None:
    @given(st.text(max_size=200), st.booleans())
    def search(words: str, loose: bool) -> None:
        ids, total = index.search(words, limit=3, offset=0, loose=loose)
        assert len(ids) <= min(3, total)

    search()
    assert index.search("x" * 100_000, limit=1, offset=0) == ((), 0)
    assert index.search("kherson " * 10_000, limit=1, offset=0)[1] == 1
    assert index.search("kherson", limit=0, offset=0) == ((), 0)
    assert index.search("kherson", limit=5, offset=-1) == ((), 0)
    assert index.search("kherson", limit=5, offset=10**6) == ((), 1)


def test_newer_is_better_and_titles_matter_more(index: SearchIndex) -> None:
    old = story_of(wire_entry("Volcano erupts", outlet="A", minutes=-60 * 24 * 20))
    new = story_of(wire_entry("Volcano erupts", outlet="B"))
    aside = story_of(wire_entry("Flights cancelled", outlet="C", lede="A volcano erupts."))
    index.add([old, aside, new])
    assert index.search("volcano", limit=5, offset=0)[0] == (new.id, aside.id, old.id)


def test_pages_follow_each_other(index: SearchIndex) -> None:
    stories = [
        story_of(wire_entry(f"Volcano report {n}", outlet=f"Outlet {n}", minutes=n))
        for n in range(600)
    ]
    index.add(stories)
    seen: list[str] = []
    for offset in range(0, 700, 50):
        ids, total = index.search("volcano", limit=50, offset=offset)
        assert total == 600
        seen.extend(ids)
    assert len(set(seen)) == len(seen) == 600
    assert seen[0] == stories[-1].id


def test_a_new_version_replaces_and_a_merger_removes(index: SearchIndex) -> None:
    renamed = replace(
        ELECTION, reports=(replace(ELECTION.reports[0], title="Vote postponed"),), version=2
    )
    index.add([renamed])
    assert found(index, "elections") == set()
    assert found(index, "postponed") == {ELECTION.id}
    index.add([replace(DAM, aliases=(ELECTION.id,))])
    assert found(index, "postponed") == set()


def test_the_old_is_removed_by_age(index: SearchIndex) -> None:
    index.remove_before(NOON + timedelta(minutes=1))
    assert found(index, "elections") == set()
    assert found(index, "kherson") == {DAM.id}
    index.remove_before(NOON + timedelta(minutes=6))
    assert index.empty


def test_a_restart_finds_everything_again(tmp_path: Path) -> None:
    first = SearchIndex(tmp_path)
    first.open()
    assert first.empty
    first.add(EVERYTHING)
    first.close()
    second = SearchIndex(tmp_path)
    second.open()
    assert not second.empty
    assert found(second, "kherson") == {DAM.id}
    second.add([ELECTION])
    assert found(second, "elections") == {ELECTION.id}
    second.close()


@pytest.mark.parametrize("damage", ["garbled", "cut", "gone"])
def test_a_damaged_index_is_built_anew(tmp_path: Path, damage: str) -> None:
    whole = SearchIndex(tmp_path / "whole")
    whole.open()
    whole.add(EVERYTHING)
    whole.close()
    files = sorted(path for path in (tmp_path / "whole" / "stories-1").iterdir())
    for number, damaged in enumerate(files):
        copy = tmp_path / str(number) / "stories-1"
        copy.mkdir(parents=True)
        for path in files:
            (copy / path.name).write_bytes(path.read_bytes())
        content = damaged.read_bytes()
        target = copy / damaged.name
        if damage == "gone":
            target.unlink()
        else:
            target.write_bytes(b"\xff" * len(content) if damage == "garbled" else content[:-9])
        index = SearchIndex(tmp_path / str(number))
        index.open()
        if index.empty:
            index.add(EVERYTHING)
        assert found(index, "kherson") == {DAM.id}
        index.close()


def test_another_schema_is_dropped_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "stories-0").mkdir()
    (tmp_path / "notes").mkdir()
    index = SearchIndex(tmp_path)
    index.open()
    assert index.empty
    index.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes", "stories-1"]


def test_two_writers_are_told_apart(tmp_path: Path) -> None:
    first, second = SearchIndex(tmp_path), SearchIndex(tmp_path)
    first.open()
    second.open()
    first.add([DAM])
    with pytest.raises(NewsflashError, match="Another process writes"):
        second.add([DAM])
    first.close()
    second.add([DAM])
    second.close()


def test_a_closed_index_says_so(tmp_path: Path) -> None:
    with pytest.raises(NewsflashError, match="not open"):
        SearchIndex(tmp_path).search("kherson", limit=1, offset=0)
    (tmp_path / "file").write_text("")
    with pytest.raises(NewsflashError, match="cannot be kept"):
        SearchIndex(tmp_path / "file").open()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("вибори", "виборів"),
        ("вибори", "выборов"),
        ("министр", "міністра"),
        ("уряд", "уряду"),
        ("закон", "законом"),
        ("szpital", "szpitale"),
        ("rząd", "rządu"),
    ],
)
def test_light_stems(one: str, other: str) -> None:
    assert light_stem(one) == light_stem(other)


@given(st.text(), st.sampled_from(["en", "uk", "ru", "pl", "ja", ""]))
def test_a_text_is_found_by_each_of_its_words(text: str, language: str) -> None:
    forms = set(document_forms(text, Language(language)))
    assert not any(character.isspace() for form in forms for character in form)
    for word in query_words(text):
        assert forms & set(word)


def test_the_feeders_place_is_kept_and_goes_with_a_damaged_index(tmp_path: Path) -> None:
    for expected in ("", "17-3"):
        index = SearchIndex(tmp_path)
        index.open()
        assert index.place == expected
        index.add(EVERYTHING)
        index.remember("17-3")
        index.close()
    next(tmp_path.glob("stories-*/meta.json")).write_text("{")
    index = SearchIndex(tmp_path)
    index.open()
    assert index.place == ""
    index.add(EVERYTHING)
    index.clear()
    assert index.empty
    index.close()
