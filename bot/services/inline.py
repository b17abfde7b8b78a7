"""Stories shared into any chat by an inline query: `@bot words`, or a Share button's story."""

from datetime import timedelta

from bot.errors import RequestError
from bot.messenger.inline import InlineResult
from bot.messenger.telegram import Messenger
from bot.models.chats import Chat
from bot.models.stories import Report, Story
from bot.services.stories import Shelf, StoryService, report_for
from bot.store.clock import Clock
from bot.views.callbacks import parse_share
from bot.views.html import clean, cut
from bot.views.pages import Page
from bot.views.reports import source_text, title_text
from bot.views.stories import story_view

TITLE_UNITS = 120
KEPT = timedelta(seconds=30)
"""How long Telegram may repeat an answer; one without stories is not repeated, news may come."""


class InlineService:
    """Answers inline queries; they live for 30 seconds and do not pass the queue."""

    def __init__(
        self, stories: StoryService, messenger: Messenger, clock: Clock, *, bot_username: str
    ) -> None:
        self._stories = stories
        self._messenger = messenger
        self._clock = clock
        self._bot_username = bot_username

    async def answer(self, query_id: str, words: str, offset: str, reader: Chat) -> None:
        """Offer story cards: the one shared, those found, or the latest without words."""
        number = int(offset) if offset.isdecimal() and len(offset) < 4 else 0
        page = await self._page(words, number, reader)
        results = [self._card(story, report, reader) for story, report in page.items]
        further = str(number + 1) if number + 1 < page.pages and results else ""
        await self._messenger.answer_inline(
            query_id, results, next_offset=further, keep=KEPT if results else timedelta()
        )

    async def _page(self, words: str, number: int, reader: Chat) -> Page:
        shared = parse_share(words)
        if shared is not None:
            try:
                story = await self._stories.opened(reader, shared)
            except RequestError:
                return Page(())
            return Page(((story, report_for(story, reader)),), total=1)
        if not words.strip():
            return await self._stories.latest(reader, Shelf(), number)
        return (await self._stories.search(reader, words, number)).page

    def _card(self, story: Story, report: Report, reader: Chat) -> InlineResult:
        """A story as something to send; its buttons are links, which work in every chat."""
        view = story_view(
            story,
            report,
            timezone=reader.settings.timezone,
            now=self._clock.now(),
            bot_username=self._bot_username,
            private=False,
        )
        picture = report.picture.url if report.picture is not None else ""
        return InlineResult(
            id=story.id,
            title=cut(title_text(report, breaking=story.breaking is not None), TITLE_UNITS),
            description=cut(f"{source_text(report)}: {clean(report.lede)}", TITLE_UNITS),
            view=view,
            thumbnail=picture,
        )
