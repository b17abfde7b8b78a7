"""What opens from a story: Read, Sources, Related, Why, by a button or a deep link."""

from collections.abc import Awaitable, Callable

from bot.models.messages import View
from bot.models.stories import Report, Story
from bot.services.services import Services
from bot.services.stories import report_for
from bot.views.callbacks import Press, Verb
from bot.views.reading import read_view, related_view, sources_view, why_view
from bot.views.stories import story_view
from handlers.requests import Request


async def opened(press: Press, request: Request, services: Services) -> View:
    """Render what a story's button or deep link asks for. Raises RequestError for a lost story."""
    story = await services.stories.opened(request.chat, press.story)
    report = await _report(story, request, services)
    return await _OPEN[press.verb](press, request, services, story, report)


async def unfolded(press: Press, request: Request, services: Services, *, expanded: bool) -> View:
    """Render a story's own message with its second row of buttons, or without."""
    story = await services.stories.opened(request.chat, press.story)
    return story_view(
        story,
        await _report(story, request, services),
        timezone=request.chat.settings.timezone,
        now=services.clock.now(),
        bot_username=services.bot_username,
        private=request.private,
        previews=request.chat.settings.previews,
        expanded=expanded,
    )


async def _report(story: Story, request: Request, services: Services) -> Report:
    """Choose the report that the chat was sent, else the one that it would read."""
    sent = await services.subscriptions.report(request.chat, request.thread, story)
    return sent or report_for(story, request.chat)


async def _read(
    press: Press, request: Request, services: Services, story: Story, report: Report
) -> View:
    return read_view(
        story,
        report,
        await services.stories.entry(report),
        page=press.page,
        timezone=request.chat.settings.timezone,
        now=services.clock.now(),
        previews=request.chat.settings.previews,
    )


async def _sources(
    press: Press, request: Request, services: Services, story: Story, report: Report
) -> View:
    return sources_view(
        story,
        report,
        page=press.page,
        timezone=request.chat.settings.timezone,
        now=services.clock.now(),
    )


async def _related(
    _press: Press, request: Request, services: Services, story: Story, report: Report
) -> View:
    entry = await services.stories.entry(report)
    return related_view(
        story,
        report,
        await services.stories.related(request.chat, story),
        entry.related if entry is not None else (),
        timezone=request.chat.settings.timezone,
        now=services.clock.now(),
        bot_username=services.bot_username,
        private=request.private,
    )


async def _why(
    _press: Press, request: Request, services: Services, story: Story, report: Report
) -> View:
    return why_view(
        story,
        report,
        await services.subscriptions.reasons(request.chat, request.thread, story),
        timezone=request.chat.settings.timezone,
        now=services.clock.now(),
    )


_Opener = Callable[[Press, Request, Services, Story, Report], Awaitable[View]]
_OPEN: dict[Verb, _Opener] = {
    Verb.READ: _read,
    Verb.SOURCES: _sources,
    Verb.RELATED: _related,
    Verb.WHY: _why,
}
