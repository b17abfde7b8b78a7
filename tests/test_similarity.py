"""The measure S and the weights it stands on."""

from hypothesis import given
from hypothesis import strategies as st

from bot.news.similarity import Features, TermWeights, features, similarity

PHRASES = st.sampled_from(
    [
        "dam",
        "fails",
        "floods",
        "Kherson",
        "suburbs",
        "thousands",
        "evacuated",
        "minister",
        "resigns",
        "2",
        "12,000",
        "порт",
        "вибух",
        "пожежа",
    ]
)
TITLES = st.lists(PHRASES, min_size=1, max_size=8).map(" ".join)
ENTRIES = st.builds(features, TITLES, st.one_of(st.just(""), TITLES), st.sampled_from("abc"))


def compared(left: tuple[str, str, str], right: tuple[str, str, str]) -> float:
    one, other = features(*left), features(*right)
    weights = TermWeights()
    weights.add(one)
    weights.add(other)
    return similarity(one, other, weights)


def test_two_tellings_of_one_event() -> None:
    score = compared(
        (
            "Dam failure floods Kherson suburbs",
            "A dam gave way on Tuesday and flooded suburbs of Kherson, officials said.",
            "times",
        ),
        (
            "Kherson suburbs under water after dam collapses",
            "Suburbs of Kherson were flooded when a dam failed on Tuesday.",
            "wire",
        ),
    )
    assert score >= 0.40


def test_two_events() -> None:
    score = compared(
        ("Dam failure floods Kherson suburbs", "A dam gave way on Tuesday.", "times"),
        ("Central bank raises its rate", "The bank surprised markets.", "wire"),
    )
    assert score < 0.10


def test_other_numbers_are_another_event() -> None:
    same = compared(("Quake of 6 shakes coast", "", "a"), ("Quake of 6 shakes the coast", "", "b"))
    other = compared(("Quake of 6 shakes coast", "", "a"), ("Quake of 5 shakes the coast", "", "b"))
    assert same > 0.9
    assert other < 0.32


def test_one_number_corrected_among_other_words_is_a_small_penalty() -> None:
    plain = compared(
        ("Floods kill people in the north of Italy", "", "a"),
        ("Italy counts dead after northern floods", "", "b"),
    )
    counted = compared(
        ("Floods kill 5 people in the north of Italy", "", "a"),
        ("Italy counts 7 dead after northern floods", "", "b"),
    )
    assert plain - 0.35 < counted < plain


def test_an_outlet_does_not_repeat_itself() -> None:
    texts = ("Dam fails near Kherson", "Thousands flee.")
    assert compared((*texts, "a"), (*texts, "a")) < compared((*texts, "a"), (*texts, "b"))


def test_templates_need_the_same_numbers_and_places() -> None:
    assert (
        compared(("Weather forecast for 2 May", "", "a"), ("Weather forecast for 3 May", "", "b"))
        < 0
    )
    assert compared(("Погода у Києві 2 травня", "", "a"), ("Погода у Львові 2 травня", "", "b")) < 0
    assert (
        compared(("Погода у Києві 2 травня", "", "a"), ("Погода у Києві 2 травня", "", "b")) > 0.9
    )
    assert compared(("Weather forecast for 2 May", "", "a"), ("Storm hits on 2 May", "", "b")) < 0


@given(ENTRIES, ENTRIES, st.lists(ENTRIES, max_size=5))
def test_s_is_symmetric_within_a_family_and_bounded(
    left: Features, right: Features, others: list[Features]
) -> None:
    weights = TermWeights()
    for entry in others:
        weights.add(entry)
    score = similarity(left, right, weights)
    assert -1.0 <= score <= 1.0 + 1e-9
    if left.cyrillic == right.cyrillic:
        assert abs(score - similarity(right, left, weights)) < 1e-9


@given(TITLES, TITLES)
def test_a_copy_is_wholly_alike(title: str, lede: str) -> None:
    one, other = features(title, lede, "a"), features(title, lede, "b")
    expected = 1.0 if len(one.full) > 1 else 0.0
    assert abs(similarity(one, other, TermWeights()) - expected) < 1e-9


@given(st.lists(ENTRIES, max_size=8), st.lists(ENTRIES, max_size=8))
def test_removing_undoes_adding(kept: list[Features], passing: list[Features]) -> None:
    plain, visited = TermWeights(), TermWeights()
    for entry in passing:
        visited.add(entry)
    for entry in kept:
        plain.add(entry)
        visited.add(entry)
    for entry in passing:
        visited.remove(entry)
    everything = {term for entry in (*kept, *passing) for term in entry.full}
    for cyrillic in (True, False):
        assert plain.of(everything, cyrillic=cyrillic) == visited.of(everything, cyrillic=cyrillic)
