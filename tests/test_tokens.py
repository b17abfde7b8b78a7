"""Words as comparable terms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.news.tokens import (
    MAXIMUM_TERMS,
    PREFIX,
    fold,
    is_cyrillic,
    normal_form,
    numbers,
    skeleton,
    term_ids,
    terms,
    words,
)


def terms_of(text: str) -> list[str]:
    return terms(words(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("правительство выделило помощь", "pravitelstvo vydelilo pomosch"),
        ("Свердловской области", "sverdlovskoy oblasti"),
        ("Чувашии", "chuvashii"),
        ("Зеленський", "Зеленский"),
        ("вибори", "выборы"),
        ("Ёлка", "елка"),
        ("Київ", "київ"),
        ("Straße", "STRASSE"),
        ("Łódź", "lodz"),
        ("café", "cafe"),
    ],
)
def test_spellings_share_their_terms_of(one: str, other: str) -> None:
    assert terms_of(one) == terms_of(other)


def test_endings_do_not_matter() -> None:
    assert terms_of("ministers announced") == terms_of("ministry announcement")
    assert terms_of("виборів") == terms_of("вибори")


def test_words_of_no_meaning_are_left_out() -> None:
    assert terms_of("The war and the peace") == terms_of("war peace")
    assert terms_of("не в и на") == []


def test_a_word_of_meaning_in_one_language_is_no_stop_word_of_another() -> None:
    assert "die" in terms_of("Hundreds die in quake")
    assert "var" in terms_of("The war goes on")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("12,000 evacuated", {"12000"}),
        ("12.000 evakuiert", {"12000"}),
        ("12\u00a0000 людей", {"12000"}),
        ("12 000 людей", {"12000"}),
        ("On 19 100 left", {"19", "100"}),
        ("3,5 Prozent", {"3.5"}),
        ("3.5 per cent", {"3.5"}),
        ("May 2, 2020", {"2"}),
        ("in 2026", set()),
        ("G7 leaders meet", set()),
        ("Flight 370", {"370"}),
    ],
)
def test_numbers(text: str, expected: set[str]) -> None:
    assert numbers(words(text)) == expected


def test_languages_without_spaces_give_pairs_of_signs() -> None:
    assert terms_of("東京地震") == ["東京", "京地", "地震"]
    assert terms_of("水") == ["水"]


def test_families() -> None:
    assert is_cyrillic("Вибух у порту")
    assert not is_cyrillic("Explosion in the port of Одеса")
    assert not is_cyrillic("")


def test_normal_form_ignores_typography() -> None:
    assert normal_form("“Dam” fails – 12,000 flee!") == normal_form('"Dam" fails - 12 000 flee')


def test_prints_are_the_same_in_every_process() -> None:
    assert term_ids(["dam"]).tolist() == [4286250477]


@given(st.text())
def test_any_text_is_understood(text: str) -> None:
    for word in words(text):
        assert word
        assert " " not in word
    for term in terms_of(text):
        assert term
        assert term[0].isdigit() or len(term) <= max(PREFIX, 2) or not term.isascii()
    assert fold(fold(text)) == fold(text)
    numbers(words(text))
    is_cyrillic(text)


@given(st.text(alphabet="абвгґдеєжзиіїйклмнопрстуфхцчшщьюяabcdefghijklmnopqrstuvwxyz"))
def test_the_skeleton_is_plain_latin(word: str) -> None:
    assert all("a" <= letter <= "z" for letter in skeleton(fold(word)))


@given(st.lists(st.integers(0, 10**9), min_size=300, max_size=400))
def test_terms_are_bounded(values: list[int]) -> None:
    assert len(terms_of(" ".join(map(str, values)))) <= MAXIMUM_TERMS
