"""Commands about subscriptions: /subscribe, /unsubscribe, /list."""

from bot.models.chats import Chat
from bot.models.feeds import Feed
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
        subscribed_view(done.subscription, note=note, target=request.target, title=request.place),
    )


async def unsubscribe(request: Request, services: Services) -> tuple[View, ...]:
    """End what is named; the list without a name."""
    if not request.arguments:
        return (await page(request, services, 0),)
    done = await services.subscriptions.unsubscribe(
        request.subject, request.subject_thread, request.arguments
    )
    gone = done.subscriptions
    if len(gone) == 1:
        return (
            unsubscribed_view(
                gone[0],
                again=_again(gone[0], done.forgotten, request),
                target=request.target,
                title=request.place,
            ),
        )
    return (notice_view(f"Ended {len(gone)} subscriptions: {_named(gone)}."),)


async def list_subscriptions(request: Request, services: Services) -> tuple[View, ...]:
    """List what the chat, or the topic of a forum, gets."""
    return (await page(request, services, 0),)


async def menu(request: Request, services: Services) -> View:
    """Render the menu of switches."""
    return subscribe_view(
        await services.subscriptions.of(request.subject, request.subject_thread),
        target=request.target,
        title=request.place,
    )


async def page(request: Request, services: Services, number: int) -> View:
    """Render a page of the list."""
    standing = await services.subscriptions.of(request.subject, request.subject_thread)
    return list_view(
        standing,
        page=number,
        unread=await services.subscriptions.unread(standing),
        elsewhere=await services.subscriptions.elsewhere(request.subject, request.subject_thread),
        target=request.target,
        title=request.place,
    )


def _again(gone: Subscription, forgotten: tuple[Feed, ...], request: Request) -> str:
    """The line that subscribes anew to a feed that is no longer polled: no button knows it."""
    for feed in forgotten:
        channel = _channel_word(request.subject) if request.target is not None else ""
        mode = " breaking" if gone.breaking_only else ""
        return f"/subscribe {channel}{feed.url}{mode}"
    return ""


def _channel_word(channel: Chat) -> str:
    return f"@{channel.username} " if channel.username else f"{channel.address} "


def _named(gone: tuple[Subscription, ...]) -> str:
    names = [reason_text(each) for each in gone[:10]]
    left = len(gone) - len(names)
    return ", ".join(names) + (f" and {left} more" if left else "")
