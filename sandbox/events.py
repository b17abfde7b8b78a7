"""What a person's chat client is told at once: new, edited and deleted messages, and the rest.

One queue per open connection. With nobody listening an event costs next to nothing, because the
message is put into words only for listeners.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sandbox.chats import Chat, Message
from sandbox.values import JsonObject

QUEUE_LIMIT = 10_000


class Events:
    """The open connections of each person."""

    def __init__(self) -> None:
        self._queues: dict[int, set[asyncio.Queue[JsonObject]]] = {}

    @contextmanager
    def listening(self, person_id: int) -> Iterator[asyncio.Queue[JsonObject]]:
        """A queue of the person's events for as long as the context lasts."""
        queue: asyncio.Queue[JsonObject] = asyncio.Queue(QUEUE_LIMIT)
        queues = self._queues.setdefault(person_id, set())
        queues.add(queue)
        try:
            yield queue
        finally:
            queues.discard(queue)
            if not queues:
                self._queues.pop(person_id, None)

    def listeners(self, chat: Chat) -> list[int]:
        """The people in a chat who are listening now."""
        return [person_id for person_id in self._queues if chat.has(person_id)]

    def connected(self) -> set[int]:
        """Everybody who listens now."""
        return set(self._queues)

    def close(self) -> None:
        """End every connection: an empty event is the last one."""
        for person_id in self.connected():
            self.tell(person_id, {})

    def tell(self, person_id: int, event: JsonObject) -> None:
        """Give one person an event; a connection that reads too slowly misses it."""
        for queue in self._queues.get(person_id, ()):
            if not queue.full():
                queue.put_nowait(event)

    def message(self, kind: str, chat: Chat, message: Message) -> None:
        """Tell a chat's listeners about a message ("message" or "edited")."""
        self._spread(
            chat,
            lambda: {"type": kind, "chat_id": chat.id, "message": message.for_client()},
        )

    def deleted(self, chat: Chat, message_id: int) -> None:
        """Tell a chat's listeners that a message is gone."""
        self._spread(
            chat, lambda: {"type": "deleted", "chat_id": chat.id, "message_id": message_id}
        )

    def typing(self, chat: Chat, action: str) -> None:
        """Tell a chat's listeners that the bot is busy."""
        self._spread(chat, lambda: {"type": "typing", "chat_id": chat.id, "action": action})

    def commands(self) -> None:
        """Tell everybody that the bot's commands changed."""
        for person_id in list(self._queues):
            self.tell(person_id, {"type": "commands", "chat_id": None})

    def _spread(self, chat: Chat, event: Callable[[], JsonObject]) -> None:
        if not self._queues:
            return
        listeners = self.listeners(chat)
        if listeners:
            told = event()
            for person_id in listeners:
                self.tell(person_id, told)
