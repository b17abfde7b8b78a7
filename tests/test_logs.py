"""What reaches the log: a lasting trouble once a minute, everything else as it comes."""

import logging

from bot.logs import REMEMBERED, REPEATED_AFTER, Repetitions

MINUTE = REPEATED_AFTER.total_seconds()


def record(
    words: str, *values: object, at: float, level: int = logging.WARNING, trace: bool = False
) -> logging.LogRecord:
    error = ValueError("odd")
    info = (ValueError, error, None) if trace else None
    made = logging.LogRecord("bot", level, "here", 1, words, values, info)
    made.created = at
    return made


def test_the_same_warning_is_written_once_a_minute_and_counted() -> None:
    repetitions = Repetitions()
    assert repetitions.filter(record("%s stopped", "polling", at=0.0))
    assert not any(repetitions.filter(record("%s stopped", "polling", at=n)) for n in range(1, 60))
    assert repetitions.filter(record("%s stopped", "the desk", at=30.0))
    again = record("%s stopped", "polling", at=MINUTE)
    assert repetitions.filter(again)
    assert again.getMessage() == "polling stopped (59 times more since it was last written)"
    assert not repetitions.filter(record("%s stopped", "polling", at=MINUTE + 1))


def test_what_stopped_for_a_while_is_written_without_a_count() -> None:
    repetitions = Repetitions()
    assert repetitions.filter(record("100 % full", at=0.0))
    later = record("100 % full", at=MINUTE * 5)
    assert repetitions.filter(later)
    assert later.getMessage() == "100 % full"


def test_traces_and_information_are_always_written() -> None:
    repetitions = Repetitions()
    for _ in range(2):
        assert repetitions.filter(record("The Post: 1 new", at=0.0, level=logging.INFO))
        assert repetitions.filter(record("odd", at=0.0, trace=True))


def test_a_clock_that_was_put_back_hides_nothing() -> None:
    repetitions = Repetitions()
    assert repetitions.filter(record("full", at=MINUTE * 9))
    assert repetitions.filter(record("full", at=0.0))


def test_ever_new_sentences_are_not_kept() -> None:
    repetitions = Repetitions()
    for number in range(REMEMBERED + 1):
        assert repetitions.filter(record("chat %s was cut short", number, at=0.0))
    assert repetitions.filter(record("chat %s was cut short", 0, at=1.0))
