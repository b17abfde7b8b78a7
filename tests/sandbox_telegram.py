"""A running sandbox for tests: its Bot API, its chat client and its controls over real HTTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from telegram import Bot

from sandbox import Sandbox, World, default_world

ALEX, OLENA, MAX = 1001, 1002, 1003


class HandClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = 1_800_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Telegram:
    """One sandbox and a session to talk to it."""

    def __init__(self, sandbox: Sandbox, session: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.session = session

    @property
    def world(self) -> World:
        return self.sandbox.world

    def chat_id(self, title: str) -> int:
        """The id of a chat by its title."""
        return next(chat.id for chat in self.world.chats.values() if chat.title == title)

    def bot(self) -> Bot:
        """python-telegram-bot's bot at this sandbox."""
        url = self.sandbox.base_url
        return Bot(self.sandbox.token, base_url=f"{url}/bot", base_file_url=f"{url}/file/bot")

    async def raw(self, method: str, **arguments: Any) -> tuple[int, dict[str, Any]]:
        """HTTP status and envelope of a Bot API call with a JSON body."""
        path = f"/bot{self.sandbox.token}/{method}"
        async with self.session.post(path, json=arguments) as response:
            return response.status, await response.json()

    async def call(self, method: str, **arguments: Any) -> Any:
        """The result of a call that must succeed."""
        status, envelope = await self.raw(method, **arguments)
        assert (status, envelope["ok"]) == (200, True), envelope
        return envelope["result"]

    async def refusal(self, method: str, **arguments: Any) -> str:
        """The description of a call that must be refused with its code as HTTP status."""
        status, envelope = await self.raw(method, **arguments)
        assert envelope["ok"] is False, envelope
        assert status == envelope["error_code"]
        return str(envelope["description"])

    async def person(self, path: str, **fields: Any) -> Any:
        """What a person does through the chat client; must succeed."""
        async with self.session.post(f"/client/{path}", json=fields) as response:
            answer = await response.json()
            assert response.status == 200, answer
            return answer

    async def mistake(self, path: str, **fields: Any) -> tuple[int, str]:
        """HTTP status and sentence of something that a person cannot do."""
        async with self.session.post(f"/client/{path}", json=fields) as response:
            answer = await response.json()
            assert response.status >= 400, answer
            return response.status, answer["error"]

    async def get(self, path: str, **query: Any) -> Any:
        """A GET of the chat client's or the controls' interface."""
        async with self.session.get(path, params=query) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def control(self, path: str, **fields: Any) -> None:
        """An order to the sandbox's controls."""
        async with self.session.post(f"/sandbox/{path}", json=fields) as response:
            assert response.status == 200, await response.text()

    async def updates(self, timeout: int = 5, **arguments: Any) -> list[dict[str, Any]]:
        """Everything pending, confirmed."""
        found: list[dict[str, Any]] = await self.call("getUpdates", timeout=timeout, **arguments)
        if found:
            await self.call("getUpdates", offset=found[-1]["update_id"] + 1)
        return found

    async def pressed(self, person: int, chat: int, message_id: int, **answer: Any) -> Any:
        """The first button pressed, and the press's outcome after the bot's answer."""
        press = asyncio.create_task(
            self.person("press", user=person, chat=chat, message_id=message_id, row=0, column=0)
        )
        (update,) = await self.updates()
        query = update["callback_query"]
        await self.call("answerCallbackQuery", callback_query_id=query["id"], **answer)
        return query, await press


@asynccontextmanager
async def running(
    world: World | None = None, enforce_limits: bool = False
) -> AsyncIterator[Telegram]:
    """A sandbox on a free port for as long as the context lasts."""
    sandbox = Sandbox(world or default_world(), enforce_limits)
    url = await sandbox.start()
    try:
        async with aiohttp.ClientSession(url) as session:
            yield Telegram(sandbox, session)
    finally:
        await sandbox.stop()


@pytest.fixture
async def telegram() -> AsyncIterator[Telegram]:
    """The default world, without flood control."""
    async with running() as found:
        yield found
