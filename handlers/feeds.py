"""Operators' commands about feeds: /addfeed, /feeds, /removefeed."""

from bot.errors import RequestError
from bot.models.messages import View
from bot.services.services import Services
from bot.views.feeds import feed_changed_view, feeds_view
from handlers.requests import Request


async def add_feed(request: Request, services: Services) -> tuple[View, ...]:
    """Add a feed for everyone, or describe a known one anew."""
    if request.actor.user is None:
        raise RequestError("An anonymous operator cannot be told from others.")
    feed = await services.feeds.add(request.arguments, request.actor.user)
    described = f"{feed.topic or 'no topic'}, {feed.language or 'language unknown'}"
    sentence = (
        f"Polled from now on ({described}). What stands in it today can be found but is not sent."
    )
    return (feed_changed_view(feed, sentence),)


async def remove_feed(request: Request, services: Services) -> tuple[View, ...]:
    """Stop polling a feed; its stories stay until they are old."""
    feed = await services.feeds.remove(request.arguments)
    count = await services.subscriptions.followers(feed)
    sentence = "No longer polled. Its stories stay for a while."
    if count:
        who = "1 subscription to it stays" if count == 1 else f"{count} subscriptions to it stay"
        sentence += f" {who}, and will go on if it is added again."
    return (feed_changed_view(feed, sentence),)


async def list_feeds(request: Request, services: Services) -> tuple[View, ...]:
    """Show the health of every feed, the ill ones first."""
    return (await health_page(request, services, 0),)


async def health_page(request: Request, services: Services, number: int) -> View:
    """Render a page of feeds and their health."""
    health = await services.feeds.health()
    return feeds_view(
        [(item.feed, item.state) for item in health],
        page=number,
        now=services.clock.now(),
        timezone=request.chat.settings.timezone,
    )
