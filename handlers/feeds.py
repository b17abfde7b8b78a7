"""Operators' commands about feeds: /addfeed, /feeds, /removefeed."""

from bot.errors import RequestError
from bot.models.messages import View
from bot.services.feeds import Added
from bot.services.services import Services
from bot.views.feeds import feed_changed_view, feeds_view
from handlers.requests import Request


async def add_feed(request: Request, services: Services) -> tuple[View, ...]:
    """Add a feed for everyone, or describe a known one anew."""
    if request.actor.user is None:
        raise RequestError("An anonymous operator cannot be told from others.")
    added = await services.feeds.add(request.arguments, request.actor.user)
    return (feed_changed_view(added.feed, _added_text(added)),)


def _added_text(added: Added) -> str:
    feed, before = added.feed, added.before
    described = f"{feed.topic or 'no topic'}, {feed.language or 'language unknown'}"
    if before is None:
        today = "What stands in it today can be found but is not sent."
        return f"Polled from now on ({described}). {today}"
    if not before.listed:
        return f"Polled already, for who asked for it; from now on for everyone ({described})."
    if feed != before:
        return f"Polled already; described anew ({described})."
    return f"Polled already ({described}). Nothing changes."


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
