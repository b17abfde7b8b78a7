"""Commands about stories: /latest, /search, /breaking, /flash."""

from bot.errors import RequestError
from bot.models.identifiers import StoryId
from bot.models.messages import View
from bot.services.services import Services
from bot.services.stories import Found, Shelf
from bot.views.chats import notice_view
from bot.views.pages import breaking_view, latest_view, search_view
from handlers.requests import Request

FLASH_EXAMPLE = "Reply to a story with /flash, or send /flash https://example.com/article"


async def latest(request: Request, services: Services) -> tuple[View, ...]:
    """Show the first page of everything, a topic or a source."""
    shelf = await services.stories.shelf(request.subject, request.arguments)
    return (await latest_page(request, services, shelf, 0),)


async def latest_page(request: Request, services: Services, shelf: Shelf, number: int) -> View:
    """Render a page of a shelf."""
    return latest_view(
        await services.stories.latest(request.subject, shelf, number),
        filter=shelf.code,
        label=shelf.label,
        timezone=request.subject.settings.timezone,
        now=services.clock.now(),
        bot_username=services.bot_username,
        private=request.private,
        target=request.target,
    )


async def search(request: Request, services: Services) -> tuple[View, ...]:
    """Show the first page of what was found."""
    found = await services.stories.search(request.subject, request.arguments)
    return (found_page(request, services, found),)


def found_page(request: Request, services: Services, found: Found) -> View:
    """Render a page of a search."""
    return search_view(
        found.page,
        words=found.words,
        token=found.token,
        timezone=request.subject.settings.timezone,
        now=services.clock.now(),
        bot_username=services.bot_username,
        private=request.private,
        target=request.target,
    )


async def breaking(request: Request, services: Services) -> tuple[View, ...]:
    """Show what is or was breaking, newest first."""
    return (await breaking_page(request, services, 0),)


async def breaking_page(request: Request, services: Services, number: int) -> View:
    """Render a page of breaking stories."""
    return breaking_view(
        await services.stories.breaking(request.subject, number),
        timezone=request.subject.settings.timezone,
        now=services.clock.now(),
        bot_username=services.bot_username,
        private=request.private,
        target=request.target,
    )


async def flash(request: Request, services: Services) -> tuple[View, ...]:
    """Make a story breaking, by an operator's word."""
    named = request.arguments or request.replied_story
    if not named:
        raise RequestError(f"Which story? {FLASH_EXAMPLE}")
    if request.actor.user is None:
        raise RequestError("An anonymous operator cannot be told from others.")
    story = await services.stories.flash(StoryId(named), request.actor.user)
    return (notice_view(f"Goes out as breaking: {story.lead_report.title}"),)
