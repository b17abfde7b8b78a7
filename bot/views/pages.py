"""Lists of stories that page in place: /latest, /search, /breaking; and cutting into pages."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.models.identifiers import Address
from bot.models.messages import Button, View
from bot.models.stories import Report, Story
from bot.views.callbacks import Verb, build
from bot.views.html import Builder, bold, clean, cluster_end, cut, plain, quoted, units
from bot.views.reports import numbered
from bot.views.stories import read_buttons

PAGE_SIZE = 8
"""Stories on a page; always fit into one message."""
SHOW_MORE = "Show more"
NEWER = "« Newer"
BACK = "« Back"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of stories, each with the report that this chat sees."""

    items: tuple[tuple[Story, Report], ...]
    number: int = 0
    """From 0."""
    total: int = 0
    """Stories on all pages."""
    size: int = PAGE_SIZE

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return page_count(self.total, self.size)


def latest_view(
    page: Page,
    *,
    filter: str = "",
    label: str = "",
    timezone: str,
    now: datetime,
    bot_username: str,
    private: bool,
    target: Address | None = None,
) -> View:
    """The newest stories. `filter` comes back in the press (at most 30 bytes); `label` names it.

    Of all lists, `target`: the chat whose stories they are, when it is another one.
    """
    name = clean(label)
    return list_view(
        page,
        heading=f"Latest: {name}" if name else "Latest stories",
        empty=(
            f"Nothing from {name} yet. /latest shows everything."
            if name
            else "No stories yet. The feeds were just started; look again in a minute."
        ),
        paging=lambda number: build(Verb.LATEST, number, filter, target=target),
        timezone=timezone,
        now=now,
        bot_username=bot_username,
        private=private,
    )


def breaking_view(
    page: Page,
    *,
    timezone: str,
    now: datetime,
    bot_username: str,
    private: bool,
    target: Address | None = None,
) -> View:
    """Stories that are or were breaking, newest first."""
    return list_view(
        page,
        heading="Breaking stories",
        empty="Nothing is breaking. /latest shows what is new.",
        paging=lambda number: build(Verb.BREAKING, number, target=target),
        timezone=timezone,
        now=now,
        bot_username=bot_username,
        private=private,
    )


def search_view(
    page: Page,
    *,
    words: str,
    token: str,
    timezone: str,
    now: datetime,
    bot_username: str,
    private: bool,
    target: Address | None = None,
) -> View:
    """What a search found, best first; `token` ([0-9A-Za-z_-], at most 32) stands for the words."""
    shown = plain(words, 100)
    found = "1 story" if page.total == 1 else f"{page.total} stories"
    return list_view(
        page,
        heading=f"Search: {clean(words)}",
        note=found,
        empty=(
            "No story has these words. Fewer or more general words find more, "
            "for example: /search election"
            if shown
            else "Say what to look for, for example: /search election"
        ),
        paging=lambda number: build(Verb.SEARCH, number, token, target=target),
        timezone=timezone,
        now=now,
        bot_username=bot_username,
        private=private,
        by_time=False,
    )


def page_count(total: int, size: int) -> int:
    """Pages for so many items, at least one."""
    return max(1, -(-total // size))


def paging_row(
    number: int,
    pages: int,
    data: Callable[[int], str],
    *,
    back: str = BACK,
) -> tuple[tuple[Button, ...], ...]:
    """Back and forward buttons where there is something to go to; no row when there is not."""
    row = []
    if number > 0:
        row.append(Button(back, data(min(number, pages) - 1)))
    if number < pages - 1:
        row.append(Button(SHOW_MORE, data(number + 1)))
    return (tuple(row),) if row else ()


def split_pages(text: str, size: int) -> tuple[str, ...]:
    """Paragraphs on pages of at most `size` UTF-16 units; a longer paragraph is cut at words."""
    pages: list[str] = []
    page = ""
    for paragraph in clean(text, lines=True).split("\n\n"):
        for piece in _pieces(paragraph, size):
            longer = f"{page}\n\n{piece}" if page else piece
            if page and units(longer) > size:
                pages.append(page)
                longer = piece
            page = longer
    return (*pages, page) if page else tuple(pages)


def _pieces(paragraph: str, size: int) -> list[str]:
    pieces = []
    while units(paragraph) > size:
        # cut() ends at a word and adds the ellipsis, which does not belong between pages.
        length = max(1, len(cut(paragraph, size)) - 1)
        length = cluster_end(paragraph, length)
        pieces.append(paragraph[:length].strip())
        paragraph = paragraph[length:].strip()
    return [*pieces, paragraph] if paragraph else pieces


def list_view(
    page: Page,
    *,
    heading: str,
    empty: str,
    paging: Callable[[int], str],
    timezone: str,
    now: datetime,
    bot_username: str,
    private: bool,
    note: str = "",
    by_time: bool = True,
    whole: Button | None = None,
) -> View:
    """A page of a numbered list with its buttons. `paging` makes the data of the button to a page;
    `by_time`: pages before this one hold what is newer; `whole`: stands there instead of paging.
    """
    text = Builder()
    text.add(bold(quoted(heading, 120)))
    back = NEWER if by_time else BACK
    rows = ((whole,),) if whole else paging_row(page.number, page.pages, paging, back=back)
    items = page.items[: page.size]
    if not items:
        text.add(plain(empty if page.number == 0 else "Nothing on this page."), before="\n\n")
        return View(text.html, rows)
    numbers = f"page {page.number + 1} of {page.pages}" if page.pages > 1 else ""
    numbers = f"{len(items)} of {page.total}" if whole else numbers
    text.add(plain(" · ".join(part for part in (note, numbers) if part)))
    start = page.number * page.size + 1
    for line in numbered(items, start=start, now=now, timezone=timezone):
        text.add(line, before="\n\n")
    stories = [story for story, _ in items]
    numbers_row = read_buttons(stories, bot_username=bot_username, private=private, start=start)
    return View(text.html, (*numbers_row, *rows))
