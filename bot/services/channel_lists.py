"""A channel's list of stories, opened in the private chat of who pressed its button.

Observation: a channel's message is everybody's. When any of its subscribers could turn the pages,
it turned under the eyes of all others, and thirty presses used up the channel's edits of a minute.
Rule: the channel's message stands still; its button opens the list as a message of one's own. The
button's payload comes back from strangers: it opens for the channel's members, for anyone where the
channel is public, and shows what the channel's subscriptions may see. Whether there is such a
channel or list is told to nobody else. Known exception: who leaves the channel may still turn the
pages of a list that he opened before.
"""

from dataclasses import replace

from bot.errors import ForbiddenError, RequestError
from bot.models.chats import Chat, ChatKind
from bot.models.identifiers import NO_THREAD
from bot.services.access import AccessService, Actor
from bot.services.bundle_pages import TOO_OLD, BundlePages
from bot.services.delivery_results import view_print
from bot.services.replies import Replies
from bot.store.chats import ChatStore
from bot.store.messages import MessageStore
from bot.views.callbacks import ListLink

NOT_YOURS = "This list is for the readers of its channel. Join the channel, then press again."


class ChannelLists:
    """For handlers. Raises StoreError when Redis does not answer."""

    def __init__(
        self,
        messages: MessageStore,
        chats: ChatStore,
        pages: BundlePages,
        access: AccessService,
        replies: Replies,
    ) -> None:
        self._messages = messages
        self._chats = chats
        self._pages = pages
        self._access = access
        self._replies = replies

    async def open(self, reader: Chat, actor: Actor, link: ListLink) -> None:
        """Send the list into a private chat. Raises RequestError with a sentence."""
        channel = await self._chats.by_address(link.channel)
        if channel is None or channel.kind is not ChatKind.CHANNEL:
            raise ForbiddenError(NOT_YOURS)
        if not await self._access.may_read(channel, actor):
            raise ForbiddenError(NOT_YOURS)
        listed = await self._messages.published(channel.id, link.token)
        if listed is None:
            raise RequestError(TOO_OLD)
        opened = replace(listed, page=0, address=reader.address, channel=channel.id)
        view = await self._pages.now(reader, opened)
        message_id = await self._replies.send(reader, NO_THREAD, view)
        if message_id is not None:
            shown = replace(opened, view_print=view_print(view))
            await self._messages.save(reader.id, message_id, shown)
