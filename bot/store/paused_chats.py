"""Chats that are paused: looking through them a few at a time, and forgetting one for good.

When a chat is forgotten is decided in bot.services.paused_chats.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.models.chats import Chat
from bot.models.deliveries import DeliveryClass
from bot.models.identifiers import Address, ChatId
from bot.models.subscriptions import Subscription
from bot.store import keys, keys_deliveries
from bot.store.client import Argument, Database
from bot.store.documents import load

LOOK_AT = 100


@dataclass(frozen=True, slots=True)
class PausedChat:
    """A paused chat as it was read."""

    chat: Chat
    document: bytes


class PausedChatStore:
    """All methods raise StoreError when Redis does not answer."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def look(self, shard: int, cursor: int) -> tuple[int, tuple[PausedChat, ...]]:
        """About a hundred of a shard's paused chats, and where to look on; 0 is its beginning
        and its end. Some may come twice.
        """
        following, names = await self._database.command(
            "SSCAN", keys_deliveries.paused(shard), cursor, "COUNT", LOOK_AT
        )
        if not names:
            return int(following), ()
        documents = await self._database.command("HMGET", keys.chats(shard), *names)
        found = [
            PausedChat(load(Chat, document), bytes(document))
            for document in documents
            if document is not None
        ]
        return int(following), tuple(one for one in found if one.chat.paused)

    async def purge(self, paused: PausedChat, subscriptions: Sequence[Subscription]) -> bool:
        """Forget the chat and all that it asked for; false where it was resumed or changed."""
        chat = paused.chat
        shard = keys.chat_shard(chat.id)
        names = [keys_deliveries.queue(shard, each) for each in DeliveryClass]
        names += [
            keys.chats(shard),
            keys_deliveries.paused(shard),
            keys_deliveries.missed(shard),
            keys_deliveries.leases(shard),
            keys.subscriptions(chat.id),
            keys_deliveries.pending(chat.id),
            keys_deliveries.rings(chat.id),
        ]
        arguments: list[Argument] = [chat.id, paused.document]
        for each in subscriptions:
            rule = each.rule.removeprefix("breaking:")
            names += [keys.wants(shard, rule), keys.wants(shard, f"breaking:{rule}")]
            arguments.append(f"{chat.id}:{each.thread}")
        if not await self._database.script("chat_purge")(names, arguments):
            return False
        # Interrupted here the alias leads nowhere; the next look by the address removes it.
        if chat.address != Address(chat.id):
            await forget_alias(self._database, chat.address, chat.id)
        return True


async def forget_alias(database: Database, address: Address, chat_id: ChatId) -> None:
    """An address no longer leads to a chat that is not known any more."""
    shard = keys.chat_shard(ChatId(address))
    await database.script("chat_unalias")([keys.chat_aliases(shard)], [address, chat_id])
