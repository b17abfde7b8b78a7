"""Around one story: its text, its sources, what is related, and why it came."""

from collections.abc import Sequence
from datetime import datetime

from bot.models.entries import Entry
from bot.models.identifiers import StoryId
from bot.models.messages import Button, View
from bot.models.stories import Report, Story
from bot.models.subscriptions import Subscription, SubscriptionKind
from bot.views.callbacks import Verb, build
from bot.views.html import Builder, Rich, clean, is_link, italic, join, link, plain, quoted
from bot.views.pages import page_count, paging_row, split_pages
from bot.views.reports import (
    distinct_sources,
    headline,
    numbered,
    plain_prefix,
    reading_minutes,
    source_name,
    source_text,
    sources_text,
    strong_headline,
    updated_line,
)
from bot.views.stories import RELATED, read_buttons, report_preview
from bot.views.times import moment_text

READ_UNITS = 2_400
"""Of the entry's own text on a page; leaves room for what stands around it."""
SOURCES_SIZE = 8
RELATED_LIMIT = 5


def read_view(
    story: Story,
    report: Report,
    entry: Entry | None,
    *,
    page: int = 0,
    timezone: str,
    now: datetime,
    previews: bool = True,
) -> View:
    """The feed's own text of one report, in pages; the author and credits always.

    Without an entry (no longer kept) the lede is shown. A page beyond the last is the last.
    """
    body = entry.text if entry is not None and clean(entry.text) else report.lede
    pages = split_pages(body, READ_UNITS) or ("",)
    number = min(max(page, 0), len(pages) - 1)
    last = number == len(pages) - 1
    text = Builder()
    text.add(strong_headline(report, breaking=story.breaking is not None))
    text.add(_byline(report, entry, now=now, timezone=timezone))
    text.add(updated_line(report, now=now, timezone=timezone))
    if len(pages) > 1:
        text.add(plain(f"page {number + 1} of {len(pages)}"))
    text.add(quoted(pages[number], lines=True), before="\n\n")
    if last:
        for line in _ending(report, entry):
            text.add(line, before="\n\n")
    rows = paging_row(number, len(pages), lambda to: build(Verb.READ, story.id, to))
    preview = report_preview(report) if previews and number == 0 else None
    around = (
        Button(sources_text(len(distinct_sources(story))), build(Verb.SOURCES, story.id)),
        Button(RELATED, build(Verb.RELATED, story.id)),
    )
    return View(text.html, (*rows, *_continue_row(report), around), preview)


def sources_view(
    story: Story, report: Report, *, page: int = 0, timezone: str, now: datetime
) -> View:
    """Who reported it, when and under which headline, the earliest first."""
    ordered = sorted(story.reports, key=lambda each: (each.published, each.arrived, each.entry))
    pages = page_count(len(ordered), SOURCES_SIZE)
    number = min(max(page, 0), pages - 1)
    count = sources_text(len(distinct_sources(story)))
    text = Builder()
    text.add(strong_headline(report, breaking=story.breaking is not None))
    text.add(plain(f"Reported by {count}"))
    for each in ordered[number * SOURCES_SIZE : (number + 1) * SOURCES_SIZE]:
        when = moment_text(each.published, now=now, timezone=timezone)
        line = join(" · ", (plain(when), source_name(each)))
        text.add(line + Rich("\n", 1) + headline(each, breaking=False, limit=200), before="\n\n")
    rows = paging_row(number, pages, lambda to: build(Verb.SOURCES, story.id, to))
    return View(text.html, rows)


def related_view(
    story: Story,
    report: Report,
    related: Sequence[tuple[Story, Report]],
    links: Sequence[tuple[str, str]] = (),
    *,
    timezone: str,
    now: datetime,
    bot_username: str,
    private: bool,
) -> View:
    """Other stories about the matter, then (title, address) pairs that the report points to."""
    text = Builder()
    text.add(plain("Related to"))
    text.add(strong_headline(report, breaking=story.breaking is not None))
    shown = related[:RELATED_LIMIT]
    for line in numbered(shown, start=1, now=now, timezone=timezone):
        text.add(line, before="\n\n")
    pointed = [(title, url) for title, url in links if is_link(url)][:RELATED_LIMIT]
    if pointed:
        text.add(quoted(f"{source_text(report)} points to", 100), before="\n\n")
    for title, url in pointed:
        text.add(plain_prefix("•") + link(quoted(clean(title) or url, 200), url))
    if not shown and not pointed:
        text.add(plain("Nothing related is known yet."), before="\n\n")
    stories = [each for each, _ in shown]
    return View(text.html, read_buttons(stories, bot_username=bot_username, private=private))


def why_view(
    story: Story,
    report: Report,
    subscriptions: Sequence[Subscription] = (),
    *,
    timezone: str,
    now: datetime,
) -> View:
    """In plain words: what it was matched by, and why it was called breaking."""
    text = Builder()
    text.add(strong_headline(report, breaking=story.breaking is not None))
    if subscriptions:
        text.add(plain("This chat gets it because it asked for:"), before="\n\n")
        for subscription in subscriptions[:10]:
            text.add(quoted(f"• {reason_text(subscription)}", 200))
    else:
        text.add(plain("No subscription of this chat asked for it."), before="\n\n")
    if story.breaking is not None:
        text.add(_breaking_reason(story, now=now, timezone=timezone), before="\n\n")
    text.add(plain("/list shows and ends subscriptions."), before="\n\n")
    return View(text.html, _sources_row(story.id))


def reason_text(subscription: Subscription) -> str:
    """A subscription in words, as plain text: "the topic World, breaking only"."""
    label = clean(subscription.label) or clean(subscription.value)
    what = {
        SubscriptionKind.ALL: "everything",
        SubscriptionKind.FEED: f"the feed {label}",
        SubscriptionKind.TOPIC: f"the topic {label}",
        SubscriptionKind.SOURCE: f"the source {label}",
    }[subscription.kind]
    if not subscription.breaking_only:
        return what
    return (
        "breaking news" if subscription.kind is SubscriptionKind.ALL else f"{what}, breaking only"
    )


def _breaking_reason(story: Story, *, now: datetime, timezone: str) -> Rich:
    breaking = story.breaking
    if breaking is None:
        return Rich()
    when = moment_text(breaking.at, now=now, timezone=timezone)
    who = ", ".join(clean(voice) for voice in breaking.voices[:8] if clean(voice))
    reason = clean(breaking.reason)
    named = f"{reason} ({who})" if who and not reason.endswith(who) else reason
    return quoted(f"It has been called breaking since {when}: {named}.", 600)


def _byline(report: Report, entry: Entry | None, *, now: datetime, timezone: str) -> Rich:
    author = clean(entry.author) if entry is not None else ""
    minutes = f"{reading_minutes(report.words)} min read" if report.words else ""
    when = moment_text(report.published, now=now, timezone=timezone)
    return join(
        " · ",
        (
            quoted(f"By {author}", 120) if author else Rich(),
            source_name(report),
            plain(minutes),
            plain(when),
        ),
    )


def _ending(report: Report, entry: Entry | None) -> tuple[Rich, ...]:
    picture = report.picture
    caption = quoted(picture.caption, 300) if picture is not None else Rich()
    credit = clean(picture.credit) if picture is not None else ""
    photo = quoted(f"Photo: {credit}", 120) if credit else Rich()
    about = quoted(entry.author_about, 400) if entry is not None else Rich()
    return (italic(about), join("\n", (caption, photo)))


def _continue_row(report: Report) -> tuple[tuple[Button, ...], ...]:
    if not is_link(report.link):
        return ()
    return ((Button(f"Continue at {source_text(report)}"[:60], url=report.link),),)


def _sources_row(story: StoryId) -> tuple[tuple[Button, ...], ...]:
    return (
        (
            Button("Read", build(Verb.READ, story)),
            Button("Sources", build(Verb.SOURCES, story)),
        ),
    )
