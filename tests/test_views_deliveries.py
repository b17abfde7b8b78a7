"""Views of dead letters and closed topics: sentences, buttons, Telegram's judgement of any text."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.models.chats import Chat, ChatKind
from bot.models.deliveries import DeadLetter, DeliveryClass
from bot.models.identifiers import NO_THREAD, Address, ChatId, StoryId, ThreadId
from bot.models.messages import View
from bot.views.callbacks import Press, Verb, parse
from bot.views.deliveries import (
    LETTERS_SIZE,
    LetterPage,
    ShownLetter,
    closed_topic_view,
    confirm_view,
    letter_view,
    letters_view,
    status_lines,
    topic_ended_view,
    topic_link,
)
from tests.telegram_parser import judge, judge_quoted
from tests.view_samples import NOW, ZONE, report, settings, story, subscription, texts

GROUP = ChatId(-1001234567890)


def a_chat(title: str = "Example Group", paused: str = "") -> Chat:
    return Chat(GROUP, Address(GROUP), ChatKind.SUPERGROUP, title, settings(), NOW, paused=paused)


def a_letter(**changes: object) -> DeadLetter:
    letter = DeadLetter(
        chat=GROUP,
        thread=NO_THREAD,
        story=StoryId("a1b2c3d4e5f6"),
        version=3,
        delivery_class=DeliveryClass.NEWS,
        reason="The message is too long. (Telegram: Message is too long)",
        at=NOW - timedelta(minutes=30),
        text="<b>Dam failure</b> &amp; flood",
    )
    return replace(letter, **changes)  # type: ignore[arg-type]


def page(*items: ShownLetter, **changes: int) -> LetterPage:
    figures = {"number": 0, "total": len(items), "dropped": 0, "doubts": 0, **changes}
    return LetterPage(items, **figures)


def shown_page(found: LetterPage) -> View:
    return letters_view(found, now=NOW, timezone=ZONE)


def presses(view: View) -> list[Press]:
    found = [parse(button.data) for row in view.buttons for button in row]
    assert None not in found
    return [each for each in found if each is not None]


def test_the_list_names_chat_story_reason_and_time() -> None:
    item = ShownLetter(a_letter(thread=ThreadId(77)), a_chat(), story(report()))
    view = shown_page(page(item, total=15, dropped=3, doubts=2))
    lines = judge(view).text.splitlines()
    assert lines[:2] == [
        "Dead letters",
        "15 in all · page 1 of 3 · 3 older ones were pushed out · "
        "2 messages of the last 7 days may have been sent twice",
    ]
    assert lines[3].startswith("1. Dam failure floods")
    assert lines[4] == "Example Group, topic 77 · 16:10"
    assert lines[5] == "The message is too long. (Telegram: Message is too long)"
    opened, onward, replay, forget = presses(view)
    assert opened == Press(Verb.LETTER, ("0", str(GROUP), "77", "a1b2c3d4e5f6"))
    assert (onward.verb, onward.page) == (Verb.LETTERS, 1)
    assert [replay.arguments, forget.arguments] == [("replay", "0"), ("forget", "0")]


def test_an_empty_list_says_so() -> None:
    view = shown_page(page())
    assert judge(view).text == "Dead letters\n\nNone: nothing was given up."
    assert view.buttons == ()
    assert "Nothing on this page" in judge(shown_page(page(number=4, total=3))).text


def test_a_letter_shows_the_text_that_was_tried_as_it_was_written() -> None:
    item = ShownLetter(a_letter(), a_chat(paused="The bot was removed."), None)
    view = letter_view(item, page=2, now=NOW, timezone=ZONE)
    text = judge(view).text
    assert "Version 3. The message is too long." in text
    assert "The chat is paused: The bot was removed." in text
    assert "no longer kept" in text
    assert "<b>Dam failure</b> &amp; flood" in text
    replay, forget, back = presses(view)
    assert (replay.verb, forget.verb, replay.page) == (Verb.REPLAY, Verb.FORGET, 2)
    assert (back.verb, back.page) == (Verb.LETTERS, 2)
    unknown = letter_view(
        ShownLetter(a_letter(text=""), None, None), page=0, now=NOW, timezone=ZONE
    )
    assert "No text was made of it." in judge(unknown).text
    assert "The chat is no longer known." in judge(unknown).text


def test_all_is_asked_for_with_the_moment_that_it_means() -> None:
    view = confirm_view(37, replay=False, until=1_795_500_000_000, page=4)
    assert "Forget all 37 dead letters?" in judge(view).text
    sure, back = presses(view)
    assert sure == Press(Verb.ALL_LETTERS, ("forget", "1795500000000"))
    assert (back.verb, back.page) == (Verb.LETTERS, 4)
    assert "the one dead letter" in judge(confirm_view(1, replay=True, until=1, page=0)).text


@given(title=texts, reason=texts, tried=texts, headline=texts)
def test_whatever_it_says_telegram_takes_it(
    title: str, reason: str, tried: str, headline: str
) -> None:
    letter = a_letter(
        chat=ChatId(-(10**15)), thread=ThreadId(10**14), reason=reason, text=tried[:6_000]
    )
    known = ShownLetter(letter, a_chat(title, paused=reason), story(report(title=headline)))
    unknown = ShownLetter(letter, a_chat(title), None)
    for item in (known, unknown):
        view = shown_page(page(*[item] * LETTERS_SIZE, number=9_999, total=99_999_999))
        judge_quoted(view)
        assert len(view.buttons[0]) == LETTERS_SIZE
        judge_quoted(letter_view(item, page=99_999, now=NOW, timezone=ZONE))


@given(label=texts, count=st.integers(0, 200))
def test_a_closed_topic_is_named_by_its_link_and_by_what_it_got(label: str, count: int) -> None:
    of = [subscription(label=label)] * count
    view = closed_topic_view(of, address=Address(GROUP), username="", thread=ThreadId(77))
    shown = judge_quoted(view)
    assert "no longer gets news" in shown.text
    assert shown.links == ("https://t.me/c/1234567890/77",)
    assert presses(view) == [Press(Verb.END_TOPIC, ("77",))]


def test_a_topics_link() -> None:
    thread = ThreadId(5)
    assert topic_link(Address(GROUP), "example", thread) == "https://t.me/example/5"
    assert topic_link(Address(-4_000_001), "", thread) == ""
    view = closed_topic_view([], address=Address(-4_000_001), username="", thread=thread)
    assert "Topic 5 is closed or deleted" in judge(view).text
    assert "2 subscriptions" in judge(topic_ended_view(2)).text
    assert "ended already" in judge(topic_ended_view(0)).text


def test_status_tells_operators() -> None:
    assert status_lines(0, 0) == ["No dead letters."]
    assert status_lines(3, 1) == [
        "Dead letters: 3. /buried shows them.",
        "1 message of the last 7 days may have been sent twice",
    ]
