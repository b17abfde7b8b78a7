"""A story in a chat: the message itself, its buttons, the ringing reply.

Everything is rendered as the story is now; which report a chat sees was decided before.
"""

from collections.abc import Sequence
from datetime import datetime

from bot.models.messages import Button, Preview, View
from bot.models.stories import Report, Story
from bot.views.callbacks import Verb, build, deep_link, share_query
from bot.views.html import Builder, Rich, bold, clean, is_link, quoted
from bot.views.reports import (
    distinct_sources,
    headline,
    source_line,
    sources_text,
    strong_headline,
    updated_line,
)

LEDE_UNITS = 420
CREDIT_UNITS = 120
READ_ROW = 4
READ = "Read"
RELATED = "Related"
SHARE = "Share"
WHY = "Why"
MORE = "⋯ More"
LESS = "Less"


def story_view(
    story: Story,
    report: Report,
    *,
    timezone: str,
    now: datetime,
    bot_username: str,
    private: bool,
    previews: bool = True,
    expanded: bool = False,
) -> View:
    """The message of a story, as the given report tells it.

    `private`: a private chat, where buttons act; elsewhere they are deep links. `expanded`: with
    the second row of buttons.
    """
    text = Builder()
    text.add(strong_headline(report, breaking=story.breaking is not None))
    text.add(_lede(report))
    text.add(source_line(story, report, now=now, timezone=timezone))
    text.add(_credit(report))
    text.add(updated_line(report, now=now, timezone=timezone))
    return View(
        text.html,
        story_buttons(story, bot_username=bot_username, private=private, expanded=expanded),
        report_preview(report) if previews else None,
    )


def story_buttons(
    story: Story, *, bot_username: str, private: bool, expanded: bool = False
) -> tuple[tuple[Button, ...], ...]:
    """The keyboard alone: More and Less edit only this."""
    sources = sources_text(len(distinct_sources(story)))
    if not private:
        names = ((READ, Verb.READ), (sources, Verb.SOURCES), (RELATED, Verb.RELATED))
        return (
            tuple(
                Button(name, url=deep_link(bot_username, verb, story.id)) for name, verb in names
            ),
        )
    first = [
        Button(READ, build(Verb.READ, story.id)),
        Button(sources, build(Verb.SOURCES, story.id)),
    ]
    if not expanded:
        return ((*first, Button(MORE, build(Verb.MORE, story.id))),)
    second = (
        Button(RELATED, build(Verb.RELATED, story.id)),
        Button(SHARE, share=share_query(story.id)),
        Button(WHY, build(Verb.WHY, story.id)),
        Button(LESS, build(Verb.LESS, story.id)),
    )
    return (tuple(first), second)


def ringing_view(story: Story, report: Report) -> View:
    """One line, sent as a reply with a sound: edits of the story's own message notify nobody."""
    return View(bold(headline(report, breaking=story.breaking is not None)).html)


def read_buttons(
    stories: Sequence[Story], *, bot_username: str, private: bool, start: int = 1
) -> tuple[tuple[Button, ...], ...]:
    """Buttons "Read 1", "Read 2", … for a numbered list, four a row: a telephone's width."""
    buttons = [
        Button(
            f"{READ} {start + place}",
            data=build(Verb.READ, story.id) if private else "",
            url="" if private else deep_link(bot_username, Verb.READ, story.id),
        )
        for place, story in enumerate(stories)
    ]
    return tuple(
        tuple(buttons[place : place + READ_ROW]) for place in range(0, len(buttons), READ_ROW)
    )


def report_preview(report: Report) -> Preview | None:
    """The large picture above the text; it cannot fail the send, unlike a photo by address."""
    return Preview(report.link) if is_link(report.link) else None


def _lede(report: Report) -> Rich:
    lede = quoted(report.lede, LEDE_UNITS)
    # Many feeds repeat the title as summary.
    return Rich() if clean(report.lede) == clean(report.title) else lede


def _credit(report: Report) -> Rich:
    if report.picture is None:
        return Rich()
    credit = clean(report.picture.credit)
    return quoted(f"Photo: {credit}", CREDIT_UNITS) if credit else Rich()
