"""Commands about the chat itself: /start, /settings, /status."""

from bot.models.chats import ChatKind
from bot.models.messages import View
from bot.models.subscriptions import SubscriptionKind
from bot.services.services import Services
from bot.services.settings import change_text
from bot.views.bundles import bundle_view
from bot.views.callbacks import parse_list_start, parse_start
from bot.views.chats import group_start_view, notice_view, start_view
from bot.views.deliveries import status_lines
from bot.views.settings import settings_view
from handlers.reading import opened
from handlers.requests import Request
from handlers.subscriptions import menu, page

HEADLINES = 3


async def start(request: Request, services: Services) -> tuple[View, ...]:
    """Greet: a newcomer gets breaking news and three headlines, a deep link its story or list.

    Groups and channels get nothing until an admin chooses; who has chosen sees what.
    """
    link = parse_start(request.arguments)
    if link is not None and request.private:
        return (await opened(link, request, services),)
    listed = parse_list_start(request.arguments)
    if listed is not None and request.private:
        await services.lists.open(request.chat, request.actor, listed)
        return ()
    if request.target is not None:
        return (await menu(request, services),)
    standing = await services.subscriptions.of(request.subject, request.subject_thread)
    if not request.private:
        if standing or await services.subscriptions.elsewhere(request.subject, request.thread):
            return (await page(request, services, 0),)
        return (group_start_view(channel=request.subject.kind is ChatKind.CHANNEL),)
    services.access.require_subscriber(request.actor)
    if any(each.kind is not SubscriptionKind.ALL or not each.breaking_only for each in standing):
        return (await page(request, services, 0),)
    await services.subscriptions.put(
        request.subject,
        request.subject_thread,
        SubscriptionKind.ALL,
        "",
        breaking_only=True,
    )
    return await _first_headlines(request, services)


async def _first_headlines(request: Request, services: Services) -> tuple[View, ...]:
    chat = request.subject
    headlines = await services.stories.headlines(chat, HEADLINES)
    greeting = start_view(chat.settings, headlines=bool(headlines))
    if not headlines:
        return (greeting,)
    shown = bundle_view(
        headlines,
        timezone=chat.settings.timezone,
        now=services.clock.now(),
        bot_username=services.bot_username,
        private=True,
        heading="Current headlines",
    )
    return (greeting, shown)


async def settings(request: Request, services: Services) -> tuple[View, ...]:
    """Open the menu, or change what is named and show the result."""
    before = after = request.subject.settings
    if request.arguments:
        after = (await services.chats.change(request.subject, request.arguments)).settings
    return (
        settings_view(
            after,
            target=request.target,
            title=request.title,
            note=change_text(before, after) if request.arguments else "",
        ),
    )


async def status(request: Request, services: Services) -> tuple[View, ...]:
    """Tell whether news is flowing, and which of this chat's feeds are ill."""
    health = await services.feeds.health()
    chosen = {
        each.value
        for each in await services.subscriptions.of(request.subject, request.subject_thread)
    }
    now = services.clock.now()
    read = [item.state.last_success for item in health if item.state and item.state.last_success]
    ill = [item for item in health if item.ill]
    lines = [f"{len(health)} feeds, {len(ill)} of them failing."]
    if read:
        minutes = max(0, int((now - max(read)).total_seconds() // 60))
        lines.append(
            "A feed was read within the last minute."
            if minutes < 1
            else f"The last feed was read {minutes} min ago."
        )
    mine = [item for item in ill if chosen & {item.feed.id, item.feed.title.lower()}]
    if request.private and services.access.is_operator(request.actor):
        lines += status_lines(*await services.letters.figures())
    lines += [f"✗ {item.feed.title}: {item.state.last_error}" for item in mine[:10] if item.state]
    return (notice_view("\n".join(lines), title="Status"),)
