"""What goes out together, how long it gathers, how it is ordered; no clock, no server."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from bot.models.deliveries import DeliveryClass, PendingItem, SentRecord
from bot.models.identifiers import MessageId, StoryId, ThreadId
from bot.models.stories import Report, Story
from bot.news.bundles import (
    BUNDLE_FROM,
    GATHER_MOST,
    LATE,
    ONE_PAGE,
    QUIET_FEW,
    QUIET_FOR,
    STALE,
    bundle,
    gathering,
    in_bundle_order,
    missed_since,
    most_important_first,
    requests,
)
from bot.news.deliveries import Decision, Step
from bot.views.bundles import BUNDLE_LIMIT
from tests.store_values import a_feed, a_report, a_story, an_entry, breaking

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
NEWS, DIGEST = DeliveryClass.NEWS, DeliveryClass.DIGEST


def told(age: timedelta = timedelta()) -> Report:
    return a_report(an_entry(published=NOW - age))


def waiting(
    name: str = "a",
    *,
    age: timedelta = timedelta(),
    raised: datetime = NOW,
    kind: DeliveryClass = NEWS,
    thread: int = 0,
    **changes: object,
) -> Decision:
    """A first silent send of a story that was published `age` ago."""
    item = PendingItem(StoryId(name), ThreadId(thread), 1, kind, raised, raised)
    return Decision(item, Step.SEND, told(age), **changes)  # type: ignore[arg-type]


def several(count: int, **changes: object) -> list[Decision]:
    return [
        waiting(f"s{number:03d}", raised=NOW + number * SECOND, **changes)  # type: ignore[arg-type]
        for number in range(count)
    ]


def items(decisions: list[Decision]) -> list[PendingItem]:
    return [one.item for one in decisions]


def test_four_ordinary_stories_of_one_topic_go_together_and_three_do_not() -> None:
    assert bundle(several(BUNDLE_FROM - 1), now=NOW) == ()
    assert len(bundle(several(BUNDLE_FROM), now=NOW)) == BUNDLE_FROM
    apart = several(BUNDLE_FROM - 1) + several(BUNDLE_FROM - 1, thread=5)
    assert bundle(apart, now=NOW) == ()


def test_a_late_story_takes_the_others_along_but_never_a_breaking_one() -> None:
    assert len(bundle([waiting("a", age=LATE), waiting("b")], now=NOW)) == 2
    assert len(bundle(several(2), now=NOW + LATE)) == 2
    assert bundle([waiting(age=LATE)], now=NOW) == ()
    alerts = [replace(one, alone=True) for one in several(6, kind=DeliveryClass.BREAKING)]
    assert bundle(alerts, now=NOW + LATE) == ()


@given(st.integers(0, 500))
def test_a_bundle_holds_everything_oldest_first(count: int) -> None:
    together = bundle(several(count), now=NOW)
    assert len(together) == (count if count >= BUNDLE_FROM else 0)
    assert list(together) == sorted(together, key=lambda one: one.item.raised)


def test_what_was_missed_goes_together_and_leaves_a_story_on_time_alone() -> None:
    missed = several(3, kind=DIGEST)
    fresh = waiting("fresh")
    assert bundle([fresh, *missed], now=NOW) == tuple(missed)
    late = waiting("late", age=LATE)
    assert set(bundle([late, *missed], now=NOW)) == {late, *missed}
    assert missed_since([late, *missed]) == NOW
    assert missed_since([late]) is None


# Gathering


def test_a_late_story_waits_for_more_and_one_on_time_does_not() -> None:
    late, fresh = waiting("late", age=LATE), waiting("fresh")
    held = gathering([late, fresh], items([late, fresh]), now=NOW)
    assert held == (replace(late, step=Step.WAIT, until=NOW + QUIET_FEW),)
    assert gathering([late], items([late]), now=NOW + QUIET_FEW) == ()


def test_four_late_stories_are_the_end_of_an_outage_and_wait_longer() -> None:
    late = several(BUNDLE_FROM, age=LATE)
    held = gathering(late, items(late), now=NOW)
    assert {one.until for one in held} == {late[-1].item.raised + QUIET_FOR}


def test_stories_on_time_join_a_list_that_is_coming_anyway() -> None:
    late = several(BUNDLE_FROM, age=LATE)
    everything = [*late, waiting("fresh")]
    assert len(gathering(everything, items(everything), now=NOW)) == len(everything)


def test_they_join_those_that_wait_already() -> None:
    until = NOW + QUIET_FOR
    held = [replace(one.item, not_before=until) for one in several(BUNDLE_FROM, age=LATE)]
    fresh = waiting("fresh", raised=NOW + 4 * SECOND)
    now = NOW + 4 * SECOND
    (joined,) = gathering([fresh], [*held, fresh.item], now=now)
    assert joined == replace(fresh, step=Step.WAIT, until=now + QUIET_FOR)
    assert gathering([fresh], [*held[1:], fresh.item], now=now) == ()


def test_alerts_and_what_was_missed_do_not_wait() -> None:
    alert = waiting("alert", age=LATE, alone=True)
    ringing = waiting("ringing", age=LATE, silent=False)
    missed = waiting("missed", age=LATE, kind=DIGEST)
    actions = [alert, ringing, missed]
    assert gathering(actions, items(actions), now=NOW) == ()


def test_what_waited_through_an_outage_of_telegram_does_not_wait_longer() -> None:
    old = [replace(one.item, raised=NOW - timedelta(hours=8)) for one in several(9)]
    actions = [Decision(item, Step.SEND, told(timedelta(hours=8))) for item in old]
    assert gathering(actions, old, now=NOW) == ()


@given(st.lists(st.floats(0, 300), min_size=1, max_size=40))
def test_everything_that_trickles_in_goes_out_in_few_messages_and_soon(
    seconds: list[float],
) -> None:
    """A chat is looked at whenever a story is raised and whenever one that waits is due."""
    arrivals = sorted(seconds)
    pending: dict[StoryId, Decision] = {}
    due: dict[StoryId, datetime] = {}
    sent: list[tuple[datetime, int]] = []
    coming = [
        waiting(f"s{place:03d}", age=timedelta(hours=3), raised=NOW + at * SECOND)
        for place, at in enumerate(arrivals)
    ]
    while coming or pending:
        moments = [one.item.raised for one in coming[:1]] + list(due.values())
        now = min(moments)
        while coming and coming[0].item.raised <= now:
            one = coming.pop(0)
            pending[one.item.story], due[one.item.story] = one, now
        actions = [pending[each] for each in pending if due[each] <= now]
        stored = [replace(one.item, not_before=due[each]) for each, one in pending.items()]
        held = gathering(actions, stored, now=now)
        due |= {one.item.story: one.until for one in held if one.until is not None}
        out = [one for one in actions if one.item.story not in {each.item.story for each in held}]
        for one in out:
            assert now - one.item.raised <= GATHER_MOST
            del pending[one.item.story], due[one.item.story]
        if out:
            sent.append((now, len(out)))
    assert sum(count for _, count in sent) == len(arrivals)
    for (earlier, _), (later, _) in pairwise(sent):
        assert later - earlier >= QUIET_FEW


# Requests


def test_stories_of_one_bundle_change_by_one_edit_and_others_by_their_own() -> None:
    changing = [
        Decision(replace(waiting(name).item, delivery_class=DeliveryClass.EDIT), Step.EDIT, told())
        for name in "abcd"
    ]
    record = SentRecord(MessageId(7), 1, NOW, "print", bundle=True)
    places = [(one.item.thread, one.item.story) for one in changing]
    sent = dict.fromkeys(places[:3], record)
    sent[places[3]] = replace(record, message_id=MessageId(8), bundle=False)
    assert requests(changing, sent, now=NOW) == (tuple(changing[:3]), (changing[3],))


def test_breaking_stories_have_requests_of_their_own_before_the_bundle() -> None:
    alerts = [waiting(f"alert{number}", alone=True, silent=False) for number in range(2)]
    many = several(30)
    found = requests([*alerts, *many], {}, now=NOW)
    assert found == ((alerts[0],), (alerts[1],), tuple(many))


# Order


def shown(
    name: str, *, outlets: int = 1, age: timedelta = timedelta(), alert: bool = False
) -> Story:
    entries = [
        an_entry(f"{name} {number}", a_feed(f"{name}{number}"), published=NOW - age)
        for number in range(outlets)
    ]
    return a_story(name, *entries, breaking=breaking(NOW) if alert else None)


def test_the_first_page_begins_with_what_nobody_should_miss() -> None:
    minute = timedelta(minutes=1)
    stories = [
        shown("old", outlets=9, age=STALE),
        shown("quiet", age=2 * minute),
        shown("newer", age=minute),
        shown("wide", outlets=3, age=90 * minute),
        shown("alert", outlets=2, age=80 * minute, alert=True),
    ]
    ordered = most_important_first([(each, each.lead_report) for each in stories], now=NOW)
    assert [story.id for story, _ in ordered] == ["alert", "wide", "newer", "quiet", "old"]


def test_one_page_stands_in_order_of_arrival_and_more_by_importance() -> None:
    assert ONE_PAGE == BUNDLE_LIMIT
    wide = shown("s009", outlets=3)
    stories = {StoryId(f"s{number:03d}"): shown(f"s{number:03d}") for number in range(30)}
    stories[wide.id] = wide
    few = in_bundle_order(several(ONE_PAGE), stories, now=NOW)
    assert [story.id for story, _ in few] == [f"s{number:03d}" for number in range(ONE_PAGE)]
    many = in_bundle_order(several(30), stories, now=NOW)
    assert many[0][0] is wide
    assert len(many) == 30
    missed = in_bundle_order(several(ONE_PAGE, kind=DIGEST), stories, now=NOW)
    assert missed[0][0] is wide
