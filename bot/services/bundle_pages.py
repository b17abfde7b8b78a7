"""What a message of several stories shows now, page by page; turning its pages.

Whoever may press turns them: the page is the message's, as with /latest. A channel's list shows its
first page only, and opens in private (bot.services.channel_lists).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b

from bot.errors import RequestError
from bot.models.chats import Chat, ChatKind
from bot.models.identifiers import ChatId, MessageId, StoryId
from bot.models.messages import View
from bot.models.stories import Report, Story
from bot.news.matching import wanted
from bot.news.visibility import visible_to
from bot.services.delivery_results import view_print
from bot.store.chats import ChatStore
from bot.store.clock import Clock
from bot.store.messages import MessageStore, MessageStories
from bot.store.stories import StoryStore
from bot.store.subscriptions import SubscriptionStore
from bot.views.bundles import bundle_page_size, bundle_page_view
from bot.views.callbacks import ListLink, list_link
from bot.views.pages import Page

TOO_OLD = "This list is too old to turn its pages. /latest shows what is new."


class BundlePages:
    """For senders and handlers. All methods raise StoreError when Redis does not answer."""

    def __init__(
        self,
        messages: MessageStore,
        stories: StoryStore,
        subscriptions: SubscriptionStore,
        chats: ChatStore,
        clock: Clock,
        *,
        bot_username: str,
    ) -> None:
        self._messages = messages
        self._stories = stories
        self._subscriptions = subscriptions
        self._chats = chats
        self._clock = clock
        self._bot_username = bot_username

    async def turn(self, chat: Chat, message_id: MessageId, page: int) -> View:
        """Go to a page of a message. Raises RequestError when nobody knows what it lists."""
        listed = await self._messages.get(chat.id, message_id)
        if listed is None or listed.address not in (None, chat.address):
            raise RequestError(TOO_OLD)
        last = Page((), total=len(listed.stories), size=bundle_page_size(len(listed.stories))).pages
        number = min(page, last - 1)
        view = await self.now(chat, replace(listed, page=number))
        # Before the message is edited: whoever edits it meanwhile shows the new page, too.
        await self._messages.change(
            chat.id,
            message_id,
            lambda newest: replace(newest, page=number, view_print=view_print(view)),
        )
        return view

    async def now(self, chat: Chat, listed: MessageStories) -> View:
        """The page that is shown, with its stories as they are now, as the chat whose list it is
        may see them. Raises RequestError when that chat is forgotten.
        """
        owner = await self._chats.get(listed.channel) if listed.channel else chat
        if owner is None:
            raise RequestError(TOO_OLD)
        size = bundle_page_size(len(listed.stories))
        ids = listed.stories[listed.page * size : (listed.page + 1) * size]
        found = await self._stories.get_many(ids)
        subscriptions = await self._subscriptions.of(owner.id)
        shown = []
        # Two of them may have become one story.
        once = {story.id: story for each in ids if (story := found.get(each))}
        for story in once.values():
            seen = visible_to(story, subscriptions)
            if seen is not None:
                report = wanted(seen, subscriptions, owner.settings, thread=listed.thread)
                shown.append((seen, report or seen.lead_report))
        return self.view(chat, shown, listed)

    def view(
        self, chat: Chat, shown: Sequence[tuple[Story, Report]], listed: MessageStories
    ) -> View:
        """A page with these stories on it."""
        return bundle_page_view(
            Page(
                tuple(shown),
                listed.page,
                len(listed.stories),
                bundle_page_size(len(listed.stories)),
            ),
            since=listed.since,
            now=self._clock.now(),
            timezone=chat.settings.timezone,
            bot_username=self._bot_username,
            private=chat.kind is ChatKind.PRIVATE,
            whole=self._whole(chat, listed),
        )

    def _whole(self, chat: Chat, listed: MessageStories) -> str:
        if chat.kind is not ChatKind.CHANNEL:
            return ""
        return list_link(self._bot_username, ListLink(chat.address, list_token(chat.id, listed)))


def list_token(chat: ChatId, listed: MessageStories) -> str:
    """What a channel's list is opened by: the same for the same stories, so that a copy that a
    crash left behind opens, too.
    """
    held = f"{chat}:{','.join(listed.stories)}:{listed.since}"
    return blake2b(held.encode(), digest_size=8).hexdigest()


def in_pages(listed: MessageStories) -> bool:
    """Whether a list has more than the page that stands there."""
    return len(listed.stories) > bundle_page_size(len(listed.stories))


def on_shown_page(listed: MessageStories, story: Story) -> bool | None:
    """Whether a story stands on the page that is shown; None when the message does not list it."""
    places: Mapping[StoryId, int] = {each: place for place, each in enumerate(listed.stories)}
    place = min((places[each] for each in story.ids if each in places), default=None)
    if place is None:
        return None
    return place // bundle_page_size(len(listed.stories)) == listed.page
