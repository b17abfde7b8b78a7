"""Chats by the product's own id, and the addresses under which Telegram knows them.

A chat stays in the shard of its first id. An upgrade to a supergroup gives it a new address: the
new address's shard holds an alias to the chat, the chat's document the address. They are two
steps under two tags; when only the first was done, the next look by address does the second.
"""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from bot.errors import StoreError
from bot.models.chats import Chat, ChatKind
from bot.models.identifiers import Address, ChatId
from bot.store import keys, keys_deliveries
from bot.store.client import Database
from bot.store.documents import dump, load
from bot.store.paused_chats import forget_alias

_ATTEMPTS = 20


class ChatStore:
    """Who the bot talks to."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, chat_id: ChatId) -> Chat | None:
        """A chat by its own id."""
        document = await self._database.command("HGET", _chats(chat_id), chat_id)
        return None if document is None else load(Chat, document)

    async def save(self, chat: Chat) -> None:
        """Keep a chat as it is given. To change a part of a known one use `change`."""
        await self._database.command("HSET", _chats(chat.id), chat.id, dump(chat))

    async def change(self, chat_id: ChatId, change: Callable[[Chat], Chat]) -> Chat | None:
        """Replace a chat by what `change` (pure) makes of it; answers the result.

        Works on the newest document: when another process changed it meanwhile, `change` is
        called again. None when the chat is unknown.
        """
        script = self._database.script("chat_replace")
        names = [_chats(chat_id), keys_deliveries.paused(keys.chat_shard(chat_id))]
        for _ in range(_ATTEMPTS):
            document = await self._database.command("HGET", _chats(chat_id), chat_id)
            if document is None:
                return None
            before = load(Chat, document)
            after = change(before)
            if after == before:
                return before
            if await script(names, [chat_id, document, dump(after)]):
                return after
        raise StoreError(f"Chat {chat_id} is changed by too many at once.")

    async def pause(self, chat_id: ChatId, reason: str) -> Chat | None:
        """Nothing is sent there any more, for this reason (a sentence)."""
        now = self._database.clock.now()

        def paused(chat: Chat) -> Chat:
            since = chat.paused_since if chat.paused else now
            return replace(chat, paused=reason, paused_since=since)

        return await self.change(chat_id, paused)

    async def resume(self, chat_id: ChatId) -> Chat | None:
        """The chat can be reached again."""
        return await self.change(chat_id, lambda chat: replace(chat, paused="", paused_since=None))

    async def resolve(self, address: Address) -> ChatId:
        """The id of the chat at an address, known or not."""
        shard = keys.chat_shard(ChatId(address))
        alias = await self._database.command("HGET", keys.chat_aliases(shard), address)
        return ChatId(address if alias is None else int(alias))

    async def by_address(self, address: Address) -> Chat | None:
        """The chat at an address; completes an upgrade that was interrupted.

        An alias of a chat that was forgotten goes: whoever is at the address now is a new one.
        """
        chat_id = await self.resolve(address)
        chat = await self.get(chat_id)
        if chat is None and Address(chat_id) != address:
            await forget_alias(self._database, address, chat_id)
            return await self.get(ChatId(address))
        if chat is not None and address not in (chat.address, Address(chat_id)):
            return await self._set_address(chat_id, address)
        return chat

    async def move(self, chat_id: ChatId, new_address: Address) -> Chat | None:
        """The chat became a supergroup under a new address; may be called again.

        None when the chat is unknown: the next update from the address creates it.
        """
        if new_address == Address(chat_id):
            return await self.get(chat_id)
        shard = keys.chat_shard(ChatId(new_address))
        await self._database.script("chat_alias")(
            [keys.chats(shard), keys.chat_aliases(shard)], [new_address, chat_id]
        )
        return await self._set_address(chat_id, new_address)

    async def all(self) -> AsyncIterator[Chat]:
        """Every chat, shard by shard."""
        for shard in range(keys.CHAT_SHARDS):
            for document in await self._database.command("HVALS", keys.chats(shard)):
                yield load(Chat, document)

    async def count(self) -> int:
        """How many chats the bot knows."""
        batch = self._database.batch()
        for shard in range(keys.CHAT_SHARDS):
            batch.command("HLEN", keys.chats(shard))
        return sum(await batch.run())

    async def _set_address(self, chat_id: ChatId, address: Address) -> Chat | None:
        return await self.change(
            chat_id, lambda chat: replace(chat, address=address, kind=ChatKind.SUPERGROUP)
        )


def _chats(chat_id: ChatId) -> str:
    return keys.chats(keys.chat_shard(chat_id))
