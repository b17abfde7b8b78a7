"""The services that handlers call, as one value. Composed once, by the composition root."""

from dataclasses import dataclass

from bot.services.access import AccessService
from bot.services.bundle_pages import BundlePages
from bot.services.channel_lists import ChannelLists
from bot.services.chats import ChatService
from bot.services.dead_letters import DeadLetterService
from bot.services.feeds import FeedService
from bot.services.inline import InlineService
from bot.services.replies import Replies
from bot.services.stories import StoryService
from bot.services.subscriptions import SubscriptionService
from bot.store.clock import Clock


@dataclass(frozen=True, slots=True)
class Services:
    """Everything between a request and its answer."""

    chats: ChatService
    subscriptions: SubscriptionService
    feeds: FeedService
    stories: StoryService
    access: AccessService
    bundles: BundlePages
    lists: ChannelLists
    letters: DeadLetterService
    replies: Replies
    inline: InlineService
    clock: Clock
    bot_username: str
    """Without "@"."""
