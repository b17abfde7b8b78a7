"""The soak judges rightly: what a view writes has arrived, and each repeat has its cause."""

import pytest

from benchmarks.soak_ledger import Arrived, Event, Ledger, Mailbox, Sending, arrivals_of
from bot.views.bundles import bundle_view
from bot.views.stories import story_view
from tests.telegram_parser import read
from tests.view_samples import BOT, NOW, ZONE, report, story

TITLES = ("Dam fails near Kherson", "Ferry strike ends in Lisbon", "Otters return to the Thames")
SENDER, OTHER = frozenset({"127.0.0.1:1"}), frozenset({"127.0.0.1:2"})


@pytest.mark.parametrize("count", [1, 2, 3])
def test_every_headline_of_a_bundle_has_arrived(count: int) -> None:
    told = [report(title=title) for title in TITLES[:count]]
    shown = [(story(each), each) for each in told]
    view = bundle_view(shown, timezone=ZONE, now=NOW, bot_username=BOT, private=True)
    message = Arrived(1, 7.0, read(view.text).text)
    assert arrivals_of([message]) == {title: [message] for title in TITLES[:count]}


def test_a_story_alone_has_arrived() -> None:
    one = report(title=TITLES[0])
    view = story_view(story(one), one, timezone=ZONE, now=NOW, bot_username=BOT, private=True)
    message = Arrived(1, 7.0, read(view.text).text)
    assert arrivals_of([message]) == {TITLES[0]: [message]}


def with_events(*events: Event) -> Ledger:
    """A ledger with one story, and what happened to the bot."""
    ledger = Ledger()
    ledger.publish(TITLES[0], 99.0, steady=False)
    ledger.events.extend(events)
    return ledger


def sending(*, answered: float | None = 100.5, lost: bool = False) -> Sending:
    return Sending(next(iter(SENDER)), 100.0, answered, lost)


def mailbox(first: Sending) -> Mailbox:
    messages = [Arrived(1, 100.0, TITLES[0]), Arrived(2, 104.0, TITLES[0])]
    return Mailbox("1", messages, {1: first, 2: Sending(next(iter(SENDER)), 104.0, 104.1, False)})


@pytest.mark.parametrize(
    ("first", "event", "cause"),
    [
        (sending(), Event(100.4, True, SENDER), "kill"),
        (sending(answered=None), Event(130.0, True, SENDER), "kill"),
        (sending(), Event(100.4, False, SENDER), "stop"),
        (sending(), Event(100.4, True, OTHER), "unexplained"),
        (sending(), Event(102.0, True, SENDER), "unexplained"),
        (sending(), Event(99.0, True, SENDER), "unexplained"),
        (sending(lost=True), Event(102.0, True, OTHER), "lost answer"),
        (sending(answered=121.0), Event(102.0, True, OTHER), "lost answer"),
    ],
)
def test_a_repeat_has_its_cause(first: Sending, event: Event, cause: str) -> None:
    found = with_events(event).findings([mailbox(first)])
    assert (found.repeats, found.lost, found.deliveries) == ({cause: 1}, 0, 1)
    assert bool(found.unexplained) is (cause in ("stop", "unexplained"))


def test_only_what_its_own_sender_left_behind_is_under_way() -> None:
    first = sending()
    assert with_events(Event(100.4, True, SENDER)).under_way([mailbox(first)]) == 1
    assert with_events(Event(100.4, True, OTHER)).under_way([mailbox(first)]) == 0
    assert with_events(Event(100.4, False, SENDER)).under_way([mailbox(first)]) == 0


def test_what_is_missing_is_named() -> None:
    ledger = Ledger()
    ledger.publish(TITLES[1], 99.0, steady=True)
    ledger.publish(TITLES[0], 99.0, steady=True)
    ledger.stories[TITLES[0]].final = "also: "
    found = ledger.findings([mailbox(sending(lost=True))])
    assert found.lost == 1
    assert TITLES[1] in found.missing[0]
    assert (found.latencies, found.edits_expected, found.edits_missing) == ((1.0,), 1, 1)
