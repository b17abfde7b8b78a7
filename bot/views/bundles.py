"""Several stories in one message: a bundle of up to ten, or a longer one in pages.

Which stories, and in what order, is decided in bot.news.bundles.
"""

from collections.abc import Sequence
from datetime import datetime

from bot.models.messages import Button, View
from bot.models.stories import Report, Story
from bot.views.callbacks import Verb, build
from bot.views.pages import PAGE_SIZE, Page, list_view
from bot.views.times import since_text

BUNDLE_LIMIT = 10
"""Stories that always fit into one message without pages."""
GONE = "These stories are no longer kept. /latest shows what is new."
IMPORTANT_FIRST = "most reported first"


def bundle_page_size(total: int) -> int:
    """Stories on a page of a bundle of so many."""
    return BUNDLE_LIMIT if total <= BUNDLE_LIMIT else PAGE_SIZE


def bundle_view(
    items: Sequence[tuple[Story, Report]],
    *,
    timezone: str,
    now: datetime,
    bot_username: str,
    private: bool,
    heading: str = "",
) -> View:
    """Up to BUNDLE_LIMIT stories in the order given. `heading`: instead of how many there are."""
    page = Page(tuple(items), 0, len(items), BUNDLE_LIMIT)
    return _view(
        page,
        heading or _count(page.total, "new "),
        timezone=timezone,
        now=now,
        bot_username=bot_username,
        private=private,
    )


def bundle_page_view(
    page: Page,
    *,
    since: datetime | None,
    timezone: str,
    now: datetime,
    bot_username: str,
    private: bool,
    whole: str = "",
) -> View:
    """A page of a bundle, of the size that bundle_page_size says. `since`: when the chat began to
    miss these stories; None for stories that are simply new. `whole`: where all pages can be
    turned, when that is not here.
    """
    heading = _count(page.total, "new ")
    if since is not None:
        missed = since_text(since, now=now, timezone=timezone)
        heading = f"While you were away: {_count(page.total)} since {missed}"
    return _view(
        page,
        heading,
        timezone=timezone,
        now=now,
        bot_username=bot_username,
        private=private,
        whole=whole if page.pages > 1 else "",
    )


def _view(
    page: Page,
    heading: str,
    *,
    timezone: str,
    now: datetime,
    bot_username: str,
    private: bool,
    whole: str = "",
) -> View:
    return list_view(
        page,
        heading=heading,
        note=IMPORTANT_FIRST.capitalize() if page.pages > 1 else "",
        empty=GONE,
        paging=lambda number: build(Verb.PAGE, number),
        timezone=timezone,
        now=now,
        bot_username=bot_username,
        private=private,
        by_time=False,
        whole=Button(f"All {_count(page.total)}", url=whole) if whole else None,
    )


def _count(total: int, kind: str = "") -> str:
    return f"1 {kind}story" if total == 1 else f"{total} {kind}stories"
