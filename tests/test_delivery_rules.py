"""What becomes of a pending item, decided without a clock or a server."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.models.deliveries import DeliveryClass, PendingItem, SentRecord
from bot.models.identifiers import MessageId, StoryId, ThreadId
from bot.models.stories import Breaking, Story
from bot.news.deliveries import (
    Decision,
    EditRule,
    Step,
    decide,
    due_of,
    in_order,
    next_edit,
    retry_delay,
)
from tests.store_values import a_report, a_story, an_entry

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
RULE = EditRule()
NEWS = DeliveryClass.NEWS


def pending(
    story: str = "a", *, version: int = 1, kind: DeliveryClass = DeliveryClass.NEWS, thread: int = 0
) -> PendingItem:
    return PendingItem(StoryId(story), ThreadId(thread), version, kind, NOW, NOW)


def sent(version: int = 1, **changes: object) -> SentRecord:
    record = SentRecord(MessageId(7), version, NOW - timedelta(minutes=1), "print")
    return replace(record, **changes)  # type: ignore[arg-type]


def broken(story: Story) -> Story:
    return replace(story, breaking=Breaking(NOW, "reported by 3 outlets", ("a", "b", "c")))


def step(
    item: PendingItem,
    story: Story | None,
    record: SentRecord | None,
    *,
    matches: bool = True,
    may_ring: bool = True,
    now: datetime = NOW,
) -> Decision:
    report = story.lead_report if story and matches else None
    return decide(item, story, report, record, may_ring=may_ring, now=now, rule=RULE)


def test_an_ordinary_story_arrives_silently() -> None:
    decision = step(pending(), a_story("a", an_entry()), None)
    assert (decision.step, decision.silent) == (Step.SEND, True)


def test_a_breaking_story_rings_when_it_may_and_is_silent_when_not() -> None:
    story, item = broken(a_story("a", an_entry())), pending(kind=DeliveryClass.BREAKING)
    assert not step(item, story, None).silent
    assert step(item, story, None, may_ring=False).silent


def test_what_no_subscription_matches_is_dropped() -> None:
    assert step(pending(), a_story("a", an_entry()), None, matches=False).step is Step.DROP
    assert step(pending(), None, None).step is Step.DROP


def test_a_silent_story_that_becomes_breaking_gets_one_ringing_reply() -> None:
    story, item = broken(a_story("a", an_entry())), pending(version=2, kind=DeliveryClass.BREAKING)
    assert step(item, story, sent()).step is Step.RING
    assert step(item, story, sent(alerted=True, rang=True)).step is Step.EDIT
    # Unsubscribed meanwhile: what stands there stays true, but nothing rings.
    assert step(item, story, sent(), matches=False).step is Step.EDIT
    assert step(item, story, sent(), may_ring=False).step is Step.EDIT


def test_a_version_that_was_shown_is_not_shown_again() -> None:
    assert step(pending(version=2), a_story("a", an_entry()), sent(2)).step is Step.DROP
    assert step(pending(version=3), a_story("a", an_entry()), sent(2)).step is Step.EDIT


def test_edits_are_three_then_fifteen_minutes_apart_and_five_at_most() -> None:
    story, item = a_story("a", an_entry()), pending(version=9, kind=DeliveryClass.EDIT)
    assert step(item, story, sent()).step is Step.EDIT
    second = step(item, story, sent(edits=1, edited_at=NOW))
    assert (second.step, second.until) == (Step.WAIT, NOW + timedelta(minutes=3))
    third = step(item, story, sent(edits=2, edited_at=NOW))
    assert (third.step, third.until) == (Step.WAIT, NOW + timedelta(minutes=15))
    assert step(item, story, sent(edits=5, edited_at=NOW)).step is Step.DROP


def test_no_edit_after_a_day_but_a_correction_always() -> None:
    old = sent(sent_at=NOW - timedelta(hours=24))
    item = pending(version=2, kind=DeliveryClass.EDIT)
    assert step(item, a_story("a", an_entry()), old).step is Step.DROP
    correction = pending(version=2, kind=DeliveryClass.CORRECTION)
    assert step(correction, a_story("a", an_entry()), replace(old, edits=9)).step is Step.EDIT


def test_a_changed_text_waits_less_than_one_more_source() -> None:
    record = sent(edits=1, edited_at=NOW - timedelta(seconds=10))
    changed = a_report(an_entry(), changed=NOW)
    assert next_edit(a_report(an_entry()), record, RULE) == NOW + timedelta(seconds=170)
    assert next_edit(changed, record, RULE) == NOW + timedelta(seconds=20)


@given(st.lists(st.sampled_from(list(DeliveryClass)), max_size=20))
def test_breaking_goes_before_everything_else(classes: list[DeliveryClass]) -> None:
    decisions = [
        Decision(pending(str(number), kind=kind), Step.SEND, alone=kind is DeliveryClass.BREAKING)
        for number, kind in enumerate(classes)
    ]
    found = [one.item.delivery_class for one in in_order(decisions)]
    breaking = classes.count(DeliveryClass.BREAKING)
    assert all(each is DeliveryClass.BREAKING for each in found[:breaking])
    assert found[breaking:] == sorted(found[breaking:], key=lambda each: max(each, NEWS))


@given(st.integers(0, 10_000))
def test_a_retry_waits_between_a_second_and_less_than_a_minute(attempts: int) -> None:
    assert timedelta(seconds=1) <= retry_delay(attempts) <= timedelta(seconds=50)
    assert retry_delay(attempts) <= retry_delay(attempts + 1)


def test_what_is_tried_again_is_tried_together() -> None:
    """Else each story of a chat would come at a time of its own after an outage."""
    later = NOW + timedelta(seconds=40)
    fresh = pending("fresh")
    waiting = replace(pending("waiting"), not_before=later)
    failed = replace(pending("failed"), attempts=3)
    failed_later = replace(pending("later"), attempts=1, not_before=later)
    assert due_of([fresh, waiting, failed_later], NOW) == [fresh]
    assert due_of([fresh, waiting, failed, failed_later], NOW) == [fresh, failed, failed_later]


def test_only_a_fresh_breaking_story_goes_alone() -> None:
    item = pending(kind=DeliveryClass.BREAKING)
    story = broken(a_story("a", an_entry()))
    assert step(item, story, None).alone
    hour_later = step(item, story, None, may_ring=False, now=NOW + timedelta(minutes=61))
    assert (hour_later.step, hour_later.alone) == (Step.SEND, False)
    assert not step(item, a_story("a", an_entry()), None).alone


def after_the_reply(record: SentRecord, decision: Decision) -> SentRecord:
    return replace(record, alerted=True, rang=not decision.silent)


@given(
    bundle=st.booleans(),
    may_ring=st.booleans(),
    minutes=st.integers(0, 180),
    versions=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    alerted=st.booleans(),
    rang=st.booleans(),
    kind=st.sampled_from(DeliveryClass),
)
def test_what_breaks_after_it_was_told_is_announced_once_with_sound_only_where_it_may(
    bundle: bool,
    may_ring: bool,
    minutes: int,
    versions: tuple[int, int],
    alerted: bool,
    rang: bool,
    kind: DeliveryClass,
) -> None:
    story, now = broken(a_story("a", an_entry())), NOW + timedelta(minutes=minutes)
    fresh = minutes <= 60
    may_ring = may_ring and fresh
    record = sent(versions[0], bundle=bundle, alerted=alerted, rang=rang)
    item = pending(version=versions[1], kind=kind)
    decision = step(item, story, record, may_ring=may_ring, now=now)
    untold = not alerted and not rang
    assert (decision.step is Step.RING) == (untold and fresh and (may_ring or bundle))
    if decision.step is Step.RING:
        assert decision.silent != may_ring
        # Whatever is allowed in the morning: told is told.
        record = after_the_reply(record, decision)
        assert step(item, story, record, now=now).step is not Step.RING
        newer = pending(version=9, kind=kind)
        assert step(newer, story, record, now=now).step is not Step.RING


@given(st.booleans(), st.booleans())
def test_nothing_is_announced_that_nobody_wants_any_more_or_that_did_not_break(
    bundle: bool, may_ring: bool
) -> None:
    item, story = pending(version=2, kind=DeliveryClass.BREAKING), a_story("a", an_entry())
    for decision in (
        step(item, broken(story), sent(bundle=bundle), matches=False, may_ring=may_ring),
        step(item, story, sent(bundle=bundle), may_ring=may_ring),
    ):
        assert decision.step is Step.EDIT
