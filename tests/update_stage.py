"""The intake of updates without a whole bot: real Redis, the sandbox's Bot API, own handlers."""

import asyncio
from typing import Any

import orjson

from bot.errors import StoreError
from bot.models.identifiers import ChatId
from bot.services.stopping import Stopping
from bot.services.update_handling import UpdateHandling
from bot.services.updates import UpdateIntake
from bot.store import keys_updates
from bot.store.client import Database
from bot.store.updates import NewUpdate, UpdateInbox

Json = dict[str, Any]


def message(number: int, chat: int = 42) -> Json:
    """An update with a message."""
    return {"update_id": number, "message": {"message_id": number, "chat": {"id": chat}}}


def membership(number: int, chat: int = 42) -> Json:
    """An update that is told only once."""
    return {"update_id": number, "my_chat_member": {"chat": {"id": chat}}}


def inline_query(number: int) -> Json:
    """An update that bypasses the inbox."""
    return {"update_id": number, "inline_query": {"id": str(number), "from": {"id": 7}}}


def new_update(number: int, chat: int = 42) -> NewUpdate:
    """As the inbox takes it."""
    return NewUpdate(number, ChatId(chat), orjson.dumps(message(number, chat)))


class Handler:
    """Notes what it gets; the chat 42 waits until it is let go."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.handled: list[int] = []
        self.go = asyncio.Event()

    async def handle(self, raw: Json) -> None:
        """Handle an update."""
        self.begun.append(raw["update_id"])
        if raw.get("message", {}).get("chat", {}).get("id") == 42:
            await self.go.wait()
        self.handled.append(raw["update_id"])


async def nobody(_raw: Json, _error: StoreError) -> bool:
    """Answers nothing without Redis."""
    return False


class Handling:
    """A process with the role `commands`, as far as updates go."""

    def __init__(self, database: Database, handler: Handler | None = None) -> None:
        self.handler = handler or Handler()
        self.stopping = Stopping()
        self.inbox = UpdateInbox(database)
        self.handling = UpdateHandling(
            self.inbox, self.handler.handle, database.clock, self.stopping
        )
        self.intake = UpdateIntake(self.inbox, self.handling.answer_inline, nobody)
        self._running = asyncio.create_task(self.handling.run())

    async def stop(self) -> None:
        """A normal stop."""
        self.stopping.request()
        await self._running

    async def __aenter__(self) -> "Handling":
        return self

    async def __aexit__(self, *_: object) -> None:
        self.handler.go.set()
        await self.stop()


async def waiting(database: Database) -> int:
    """How many updates are not handled yet."""
    return int(await database.command("HLEN", keys_updates.bodies()))


async def emptied(database: Database) -> bool:
    """Nothing waits, nothing is claimed."""
    claims = await database.command("HLEN", keys_updates.claims())
    return await waiting(database) == 0 and claims == 0
