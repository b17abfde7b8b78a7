"""Forum topics that Telegram calls closed or deleted: told once, then left alone for a while.

Observation: each story for such a topic cost one refused request and a dead letter, and nobody in
the chat knew why it was silent. Rule: the first refusal is told in the General topic, once; until
the topic works again its stories are dropped without a request. It is tried again after three
days, when it is reopened, and when somebody sends a command there. Known exception: where General
is closed too, nobody is told. Rejected: telling admins in private, which most never allowed.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from bot.messenger.refusals import Action, Outcome
from bot.models.chats import Chat, ClosedTopic
from bot.models.identifiers import NO_THREAD, ChatId, ThreadId
from bot.services.paced_requests import PacedRequests
from bot.store.chats import ChatStore
from bot.store.clock import Clock
from bot.store.subscriptions import SubscriptionStore
from bot.views.deliveries import closed_topic_view

TRIED_AGAIN = timedelta(days=3)
KNOWN_MOST = 100
"""Closed topics remembered of one chat; the first ones go."""
NOTICE_WITHIN = timedelta(seconds=3)
"""A notice whose turn would come later waits for the next refusal: the chat is leased."""
_SETTLED = frozenset({Action.ACCEPTED, Action.UNCERTAIN, Action.CLOSED, Action.BURY, Action.GONE})
"""The notice is not tried again."""


class ClosedTopics:
    """For one process. All methods raise StoreError when Redis does not answer."""

    def __init__(
        self,
        chats: ChatStore,
        subscriptions: SubscriptionStore,
        requests: PacedRequests,
        clock: Clock,
    ) -> None:
        self._chats = chats
        self._subscriptions = subscriptions
        self._requests = requests
        self._clock = clock

    async def closed(self, chat: Chat, thread: ThreadId) -> Outcome:
        """The topic refused a story. CLOSED when it is left alone from now on; else the chat's
        admins were not told yet, and what became of that. Raises TooLateError when that must wait
        for a slot of the pace.
        """
        newest = await self._chats.get(chat.id) or chat
        if thread != NO_THREAD and newest.closed_topic(thread) is None:
            told = await self._tell(chat, thread)
            if told.action not in _SETTLED:
                return told
        await leave_alone(self._chats, chat.id, thread, self._clock.now() + TRIED_AGAIN)
        return Outcome(Action.CLOSED)

    async def _tell(self, chat: Chat, thread: ThreadId) -> Outcome:
        # Its place in the chat's window is that of the story, which wrote nothing. With one of its
        # own a chat whose window is in even use would starve: each story takes what the last notice
        # waits for.
        standing = await self._subscriptions.of(chat.id)
        view = closed_topic_view(
            [each for each in standing if each.thread == thread],
            address=chat.address,
            username=chat.username,
            thread=thread,
        )
        before = self._clock.now() + NOTICE_WITHIN
        return await self._requests.send(chat, NO_THREAD, view, silent=True, before=before)


async def leave_alone(
    chats: ChatStore, chat_id: ChatId, thread: ThreadId, until: datetime
) -> Chat | None:
    """Send nothing to a topic until then."""

    def left(chat: Chat) -> Chat:
        others = [each for each in chat.closed_topics if each.thread != thread]
        topics = (*others, ClosedTopic(thread, until))[-KNOWN_MOST:]
        return replace(chat, closed_topics=topics)

    return await chats.change(chat_id, left)


async def reopened(chats: ChatStore, chat_id: ChatId, thread: ThreadId) -> Chat | None:
    """The topic works again; were it closed once more, that would be told."""
    return await chats.change(
        chat_id,
        lambda chat: replace(
            chat,
            closed_topics=tuple(each for each in chat.closed_topics if each.thread != thread),
        ),
    )
