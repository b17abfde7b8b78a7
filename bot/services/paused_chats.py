"""Chats that stay paused are forgotten after weeks.

Observation: who blocked a bot seldom comes back, but some do, and peers that delete at once are
complained about. Rule: after eight weeks a paused chat loses its settings and subscriptions; feeds
that nobody else follows are no longer polled. A slow sweep: a hundred chats every half minute, in
every process with the role `commands`. Known exception: a chat that was paused before the time was
noted gets its eight weeks from when it is first seen. Rejected: a TTL on the chat's keys, which
cannot undo its places in the rule index.
"""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from bot.models.chats import Chat
from bot.services.stopping import Stopping
from bot.services.subscriptions import SubscriptionService
from bot.store.chats import ChatStore
from bot.store.clock import Clock
from bot.store.key_registry import CHAT_SHARDS
from bot.store.paused_chats import PausedChat, PausedChatStore
from bot.store.subscriptions import SubscriptionStore

log = logging.getLogger(__name__)

KEPT = timedelta(weeks=8)
REST = timedelta(seconds=30)


class PausedChatSweep:
    """One in each process with the role `commands`; any number do the same work, harmlessly."""

    def __init__(
        self,
        paused: PausedChatStore,
        chats: ChatStore,
        subscriptions: SubscriptionStore,
        service: SubscriptionService,
        clock: Clock,
        stopping: Stopping,
    ) -> None:
        self._paused = paused
        self._chats = chats
        self._subscriptions = subscriptions
        self._service = service
        self._clock = clock
        self._stopping = stopping
        self._shard = self._cursor = 0

    async def run(self) -> None:
        """Sweep until stopped."""
        while not self._stopping.requested:
            try:
                await self.step()
            except Exception as error:
                await self._stopping.recover("the sweep of paused chats", error)
            await self._stopping.rest(REST)

    async def step(self) -> int:
        """Look at some chats; how many were forgotten. Raises StoreError."""
        self._cursor, found = await self._paused.look(self._shard, self._cursor)
        if not self._cursor:
            self._shard = (self._shard + 1) % CHAT_SHARDS
        now = self._clock.now()
        forgotten = 0
        for paused in found:
            since = paused.chat.paused_since
            if since is None:
                await self._chats.change(paused.chat.id, lambda chat: _noted(chat, now))
            elif now - since > KEPT:
                forgotten += await self._forget(paused)
        return forgotten

    async def _forget(self, paused: PausedChat) -> bool:
        chat = paused.chat
        subscriptions = await self._subscriptions.of(chat.id)
        if not await self._paused.purge(paused, subscriptions):
            return False
        await self._service.let_go(subscriptions)
        log.info("chat %s was paused for over %s and is forgotten", chat.id, KEPT)
        return True


def _noted(chat: Chat, now: datetime) -> Chat:
    return replace(chat, paused_since=now) if chat.paused and not chat.paused_since else chat
