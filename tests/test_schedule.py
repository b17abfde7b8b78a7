"""When feeds are polled next, as pure arithmetic."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.models.feeds import PollState, Validators
from bot.news.schedule import after_failure, next_poll

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINIMUM = timedelta(minutes=1)
MAXIMUM = timedelta(hours=6)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MIDDLE = 0.5
"""The jitter that moves nothing."""


def state(*, failures: int = 0, polled: bool = True, interval: timedelta = HOUR) -> PollState:
    return PollState(
        Validators(), NOW, interval, failures=failures, last_success=NOW - HOUR if polled else None
    )


def interval(
    *published: datetime,
    known: PollState | None = None,
    hint: timedelta | None = None,
    maximum: timedelta = MAXIMUM,
) -> timedelta:
    found, due = next_poll(
        NOW,
        known or state(),
        entries_published=published,
        minimum=MINIMUM,
        maximum=maximum,
        jitter=MIDDLE,
        hint=hint,
    )
    assert due == NOW + found
    return found


def every(gap: timedelta, count: int = 10, newest: datetime = NOW) -> list[datetime]:
    return [newest - gap * n for n in range(count)]


def test_the_first_poll_is_followed_by_the_shortest_interval() -> None:
    assert interval(*every(DAY), known=state(polled=False)) == MINIMUM


def test_half_the_mean_gap_of_the_recent_entries() -> None:
    assert interval(*every(HOUR, 11)) == timedelta(minutes=30) * 10 / 11
    assert interval(*every(timedelta(seconds=10))) == MINIMUM
    assert interval(*every(DAY, 60)) == MAXIMUM


def test_order_and_future_dates_do_not_matter() -> None:
    dates = every(HOUR)
    assert interval(*dates[::-1], NOW + DAY) == interval(*dates)


@pytest.mark.parametrize(("days", "share"), [(8, 4), (15, 2), (31, 1)])
def test_silence_slows_down(days: int, share: int) -> None:
    assert interval(*every(HOUR, newest=NOW - days * DAY)) == MAXIMUM / share


def test_without_dates_a_moderate_pace() -> None:
    assert MINIMUM < interval() < HOUR


def test_a_hint_makes_slower_but_not_slower_than_the_maximum() -> None:
    dates = every(timedelta(minutes=2))
    assert interval(*dates, hint=HOUR) == HOUR
    assert interval(*dates, hint=timedelta(days=365)) == MAXIMUM
    assert interval(*dates, hint=timedelta(days=365), maximum=3 * DAY) == DAY
    assert interval(*dates, hint=timedelta(seconds=1)) == interval(*dates)


def test_an_unchanged_document_grows_the_interval_a_little() -> None:
    found, _ = next_poll(
        NOW, state(), entries_published=None, minimum=MINIMUM, maximum=MAXIMUM, jitter=MIDDLE
    )
    assert HOUR < found < 1.2 * HOUR


MOMENTS = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
SPANS = st.timedeltas(timedelta(seconds=1), timedelta(days=1))


@given(
    st.lists(MOMENTS, max_size=30),
    SPANS,
    SPANS,
    st.floats(0, 1, exclude_max=True),
    st.none() | st.timedeltas(),
    st.booleans(),
)
def test_within_the_bounds_always(
    published: list[datetime],
    minimum: timedelta,
    more: timedelta,
    jitter: float,
    hint: timedelta | None,
    polled: bool,
) -> None:
    maximum = minimum + more
    found, due = next_poll(
        NOW,
        state(polled=polled),
        entries_published=published,
        minimum=minimum,
        maximum=maximum,
        jitter=jitter,
        hint=hint,
    )
    assert minimum <= found <= maximum
    assert minimum <= due - NOW <= 1.1 * maximum


def failed(
    failures: int, *, retry_after: timedelta | None = None, jitter: float = MIDDLE
) -> timedelta:
    _, due = after_failure(
        NOW, state(failures=failures), minimum=MINIMUM, jitter=jitter, retry_after=retry_after
    )
    return due - NOW


def test_failures_double_the_wait_up_to_a_day() -> None:
    waits = [failed(count) for count in range(12)]
    assert waits[:3] == [2 * MINIMUM, 4 * MINIMUM, 8 * MINIMUM]
    assert waits[-1] == DAY
    assert failed(10_000) == DAY


def test_retry_after_is_a_minimum_and_believed_for_a_week() -> None:
    assert failed(0, retry_after=HOUR) >= HOUR
    assert failed(0, retry_after=HOUR, jitter=0.0) >= HOUR
    assert failed(11, retry_after=HOUR) == DAY
    assert timedelta(days=7) <= failed(0, retry_after=timedelta(days=365)) < timedelta(days=8)
    assert failed(0, retry_after=timedelta(seconds=-5)) == failed(0)


@given(st.integers(0, 1000), SPANS, st.floats(0, 1, exclude_max=True))
def test_a_failed_feed_is_never_asked_sooner_than_a_sound_one(
    failures: int, minimum: timedelta, jitter: float
) -> None:
    found, due = after_failure(NOW, state(failures=failures), minimum=minimum, jitter=jitter)
    assert found >= minimum
    assert due - NOW >= minimum
