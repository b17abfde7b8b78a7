"""Commands about subscriptions: /subscribe, /unsubscribe, /list."""

from bot.models.messages import View
from bot.models.subscriptions import Subscription
from bot.services.services import Services
from bot.views.chats import notice_view
from bot.views.reading import reason_text
from bot.views.subscriptions import (
    list_view,
    subscribe_view,
    subscribed_view,
    unsubscribed_view,
)
from handlers.requests import Request


async def subscribe(request: Request, services: Services) -> tuple[View, ...]:
    """Subscribe to what is named; the menu without a name."""
    services.access.require_subscriber(request.actor)
    if not request.arguments:
        return (await menu(request, services),)
    done = await services.subscriptions.subscribe(
        request.subject, request.subject_thread, request.arguments, by=request.actor.user
    )
    note = ""
    if done.before == done.subscription:
        note = "It did so already."
    elif done.before is not None:
        note = f"Before, it got {reason_text(done.before)}."
    return (
        subscribed_view(done.subscription, note=note, target=request.target, title=request.title),
    )


async def unsubscribe(request: Request, services: Services) -> tuple[View, ...]:
    """End what is named; the list without a name."""
    if not request.arguments:
        return (await page(request, services, 0),)
    gone = await services.subscriptions.unsubscribe(
        request.subject, request.subject_thread, request.arguments
    )
    if len(gone) == 1:
        return (unsubscribed_view(gone[0], target=request.target, title=request.title),)
    return (notice_view(f"Ended {len(gone)} subscriptions: {_named(gone)}."),)


async def list_subscriptions(request: Request, services: Services) -> tuple[View, ...]:
    """List what the chat, or the topic of a forum, gets."""
    return (await page(request, services, 0),)


async def menu(request: Request, services: Services) -> View:
    """Render the menu of toggles."""
    return subscribe_view(
        await services.subscriptions.of(request.subject, request.subject_thread),
        target=request.target,
        title=request.title,
    )


async def page(request: Request, services: Services, number: int) -> View:
    """Render a page of the list."""
    return list_view(
        await services.subscriptions.of(request.subject, request.subject_thread),
        page=number,
        target=request.target,
        title=request.title,
    )


def _named(gone: tuple[Subscription, ...]) -> str:
    names = [reason_text(each) for each in gone[:10]]
    left = len(gone) - len(names)
    return ", ".join(names) + (f" and {left} more" if left else "")
