"""Deliveries as people see them: dead letters for operators, a closed forum topic for its group."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.models.chats import Chat
from bot.models.deliveries import DeadLetter
from bot.models.identifiers import Address, ThreadId
from bot.models.messages import Button, View
from bot.models.stories import Story
from bot.models.subscriptions import Subscription
from bot.views.callbacks import Verb, build
from bot.views.html import Builder, Rich, bold, clean, cut, join, link, plain, quoted, to_plain
from bot.views.pages import BACK, page_count, paging_row
from bot.views.reading import reason_text
from bot.views.reports import headline, title_text
from bot.views.times import moment_text

LETTERS_SIZE = 6
"""Letters on a page; each takes at most 400 units."""
_SUPERGROUPS = -1_000_000_000_000
"""Ids below it are a supergroup's or channel's, whose own number is the difference."""


@dataclass(frozen=True, slots=True)
class ShownLetter:
    """A dead letter with what is known of its chat and its story today."""

    letter: DeadLetter
    chat: Chat | None
    story: Story | None


@dataclass(frozen=True, slots=True)
class LetterPage:
    """A page of dead letters, newest first, and the figures above it."""

    items: tuple[ShownLetter, ...]
    number: int
    """From 0."""
    total: int
    dropped: int
    """Pushed out by newer ones."""
    doubts: int
    """Messages of the last 7 days that may have come twice."""


def letters_view(page: LetterPage, *, now: datetime, timezone: str) -> View:
    """The list: chat, headline, when and why; each opens by its number."""
    text = Builder()
    text.add(bold(plain("Dead letters")))
    text.add(_figures(page))
    if not page.items:
        text.add(
            plain("None: nothing was given up." if page.number == 0 else "Nothing on this page."),
            before="\n\n",
        )
    first = page.number * LETTERS_SIZE + 1
    for place, shown in enumerate(page.items):
        lines = _letter_lines(shown, number=first + place, now=now, timezone=timezone)
        text.add(lines, before="\n\n")
    numbers = tuple(
        Button(str(first + place), _data(Verb.LETTER, page.number, shown.letter))
        for place, shown in enumerate(page.items)
    )
    pages = page_count(page.total, LETTERS_SIZE)
    paging = paging_row(min(page.number, pages), pages, lambda to: build(Verb.LETTERS, to))
    return View(text.html, (*((numbers,) if numbers else ()), *paging, *_all_row(page)))


def letter_view(shown: ShownLetter, *, page: int, now: datetime, timezone: str) -> View:
    """One letter with the text that was tried; [Replay] and [Forget]."""
    letter = shown.letter
    text = Builder()
    text.add(bold(plain("Dead letter")))
    text.add(join(" · ", (_place(shown, 120), _when(letter, now=now, timezone=timezone))))
    text.add(_headline(shown, 200))
    text.add(quoted(f"Version {letter.version}. {letter.reason}", 600), before="\n\n")
    if shown.chat is None:
        text.add(plain("The chat is no longer known."))
    elif shown.chat.paused:
        text.add(quoted(f"The chat is paused: {shown.chat.paused}", 300))
    if shown.story is None:
        text.add(plain("The story is no longer kept: it cannot be replayed."))
    if letter.text:
        text.add(plain("What was tried:"), before="\n\n")
        text.add(quoted(letter.text, 2_000, lines=True))
    else:
        text.add(plain("No text was made of it."), before="\n\n")
    row = (
        Button("Replay", _data(Verb.REPLAY, page, letter)),
        Button("Forget", _data(Verb.FORGET, page, letter)),
    )
    return View(text.html, (row, (Button(BACK, build(Verb.LETTERS, page)),)))


def confirm_view(count: int, *, replay: bool, until: int, page: int) -> View:
    """Asks before something is done to all letters buried until a moment, in ms."""
    verb = "Replay" if replay else "Forget"
    letters = "the one dead letter" if count == 1 else f"all {count} dead letters"
    text = Builder()
    text.add(bold(plain(f"{verb} {letters}?")))
    if replay:
        text.add(plain("Each story goes to its chat again, unless it came there meanwhile."))
    else:
        text.add(plain("Their stories never reach those chats."))
    sure = build(Verb.ALL_LETTERS, verb.lower(), until)
    return View(
        text.html,
        ((Button(f"Yes, {verb.lower()} {letters}", sure),), (_back(page),)),
    )


def closed_topic_view(
    subscriptions: Sequence[Subscription], *, address: Address, username: str, thread: ThreadId
) -> View:
    """For the General topic: which topic gets nothing any more, and what an admin can do."""
    text = Builder()
    text.add(bold(plain("A topic of this group no longer gets news.")))
    where = topic_link(address, username, thread)
    named = link(plain("This topic"), where) if where else plain(f"Topic {thread}")
    text.add(join(" ", (named, plain("is closed or deleted, so that I cannot write there."))))
    if subscriptions:
        shown = ", ".join(reason_text(each) for each in subscriptions[:5])
        more = len(subscriptions) - 5
        text.add(quoted(f"It got: {shown}{f' and {more} more' if more > 0 else ''}.", 800))
    text.add(
        plain("Admins: reopen it and its news goes on, or end it for good by the button below."),
        before="\n\n",
    )
    return View(text.html, ((Button("End its news", build(Verb.END_TOPIC, thread)),),))


def topic_ended_view(count: int) -> View:
    """After [End its news]."""
    ended = "1 subscription" if count == 1 else f"{count} subscriptions"
    return View(plain(f"Ended: {ended} of that topic." if count else "It had ended already.").html)


def topic_link(address: Address, username: str, thread: ThreadId) -> str:
    """Opens a forum topic for the group's members; "" where there is no such link."""
    name = clean(username)
    if name:
        return f"https://t.me/{name}/{thread}"
    if address < _SUPERGROUPS:
        return f"https://t.me/c/{_SUPERGROUPS - address}/{thread}"
    return ""


def status_lines(letters: int, doubts: int) -> list[str]:
    """What /status adds for operators."""
    buried = "No dead letters" if not letters else f"Dead letters: {letters}"
    lines = [f"{buried}. /buried shows them." if letters else f"{buried}."]
    if doubts:
        lines.append(_doubts_text(doubts))
    return lines


def _figures(page: LetterPage) -> Rich:
    pages = page_count(page.total, LETTERS_SIZE)
    parts = [f"{page.total} in all"] if page.total else []
    if pages > 1:
        parts.append(f"page {page.number + 1} of {pages}")
    if page.dropped:
        parts.append(f"{page.dropped} older ones were pushed out")
    if page.doubts:
        parts.append(_doubts_text(page.doubts))
    return plain(" · ".join(parts))


def _doubts_text(doubts: int) -> str:
    messages = "1 message" if doubts == 1 else f"{doubts} messages"
    return f"{messages} of the last 7 days may have been sent twice"


def _all_row(page: LetterPage) -> tuple[tuple[Button, ...], ...]:
    if not page.total:
        return ()
    return (
        (
            Button("Replay all", build(Verb.ASK_ALL, "replay", page.number)),
            Button("Forget all", build(Verb.ASK_ALL, "forget", page.number)),
        ),
    )


def _letter_lines(shown: ShownLetter, *, number: int, now: datetime, timezone: str) -> Rich:
    letter = shown.letter
    head = join(" ", (plain(f"{number}."), _headline(shown, 110)))
    where = join(" · ", (_place(shown, 60), _when(letter, now=now, timezone=timezone)))
    return join("\n", (head, where, quoted(letter.reason, 180)))


def _headline(shown: ShownLetter, limit: int) -> Rich:
    """The story's; of one no longer kept the first line of what was tried."""
    story, letter = shown.story, shown.letter
    if story is not None:
        return headline(story.lead_report, breaking=story.breaking is not None, limit=limit)
    tried = to_plain(letter.text).partition("\n")[0]
    return quoted(cut(clean(tried), limit)) or plain(f"Story {letter.story}")


def headline_text(shown: ShownLetter) -> str:
    """The story's title for a notice; its id when it is no longer kept."""
    if shown.story is None:
        return f"story {shown.letter.story}"
    return title_text(shown.story.lead_report, breaking=shown.story.breaking is not None)


def _place(shown: ShownLetter, limit: int) -> Rich:
    title = clean(shown.chat.title) if shown.chat is not None else ""
    named = quoted(title or f"chat {shown.letter.chat}", limit)
    thread = shown.letter.thread
    return join(", ", (named, plain(f"topic {thread}") if thread else Rich()))


def _when(letter: DeadLetter, *, now: datetime, timezone: str) -> Rich:
    return plain(moment_text(letter.at, now=now, timezone=timezone))


def _back(page: int) -> Button:
    return Button(BACK, build(Verb.LETTERS, page))


def _data(verb: Verb, page: int, letter: DeadLetter) -> str:
    return build(verb, page, letter.chat, letter.thread, letter.story)
