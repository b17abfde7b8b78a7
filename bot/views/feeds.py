"""Feeds as operators see them: the health page, and one feed after a change."""

from collections.abc import Sequence
from datetime import datetime

from bot.models.feeds import Feed, PollState
from bot.models.messages import View
from bot.views.callbacks import Verb, build
from bot.views.html import Builder, Rich, bold, clean, join, link, plain, quoted
from bot.views.pages import page_count, paging_row
from bot.views.times import moment_text, span_text

FEEDS_SIZE = 10


def feeds_view(
    feeds: Sequence[tuple[Feed, PollState | None]],
    *,
    page: int = 0,
    now: datetime,
    timezone: str,
) -> View:
    """Health of every feed, the ill ones first, then in the order given."""
    ordered = sorted(feeds, key=lambda each: 0 if _failures(each[1]) else 1)
    ill = sum(1 for _, state in feeds if _failures(state))
    pages = page_count(len(ordered), FEEDS_SIZE)
    number = min(max(page, 0), pages - 1)
    text = Builder()
    text.add(bold(plain("Feeds")))
    if not ordered:
        text.add(plain("None yet. For example: /addfeed https://example.com/feed.xml"))
    else:
        failing = "all well" if not ill else f"{ill} failing"
        parts = [f"{len(ordered)} in all", failing]
        if pages > 1:
            parts.append(f"page {number + 1} of {pages}")
        text.add(plain(" · ".join(parts)))
    for feed, state in ordered[number * FEEDS_SIZE : (number + 1) * FEEDS_SIZE]:
        text.add(feed_lines(feed, state, now=now, timezone=timezone), before="\n\n")
    return View(text.html, paging_row(number, pages, lambda to: build(Verb.FEEDS, to)))


def feed_lines(feed: Feed, state: PollState | None, *, now: datetime, timezone: str) -> Rich:
    """A feed's name, then its health in one or two lines."""
    name = link(quoted(clean(feed.title) or feed.url, 80), feed.url)
    head = join(" ", (_sign(state), bold(name)))
    return join("\n", (head, quoted(health_text(state, now=now, timezone=timezone), 240)))


def health_text(state: PollState | None, *, now: datetime, timezone: str) -> str:
    """ "ok, 30 entries, last success 14:05, next poll in 4 min" or what is wrong and since when."""
    if state is None or (state.last_poll is None and not state.failures):
        return "not polled yet"
    success = (
        f"last success {moment_text(state.last_success, now=now, timezone=timezone)}"
        if state.last_success is not None
        else "never read"
    )
    wait = state.next_poll - now
    upcoming = f"next poll in {span_text(wait)}" if wait.total_seconds() >= 1 else "next poll now"
    if not state.failures:
        entries = "1 entry" if state.entries == 1 else f"{state.entries} entries"
        return f"ok, {entries}, {success}, {upcoming}"
    times = "once" if state.failures == 1 else f"{state.failures} times in a row"
    sentence = clean(state.last_error) or "No reason is known."
    return f"failed {times}, {success}, {upcoming}. {sentence}"


def feed_changed_view(feed: Feed, sentence: str) -> View:
    """After /addfeed or /removefeed: the sentence, then the feed."""
    text = Builder()
    text.add(plain(sentence, 400))
    text.add(bold(quoted(clean(feed.title) or feed.url, 80)), before="\n\n")
    text.add(quoted(feed.url, 2_200))
    return View(text.html)


def _failures(state: PollState | None) -> int:
    return state.failures if state is not None else 0


def _sign(state: PollState | None) -> Rich:
    return plain("✗ failing:" if _failures(state) else "")
