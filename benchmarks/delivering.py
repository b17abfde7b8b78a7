"""From claim to settled: the sender of one process, against the plain way.

The plain way reads one delivery from a list, renders it, sends it by python-telegram-bot as it
comes, and removes it from the list. First with a Telegram that answers at once within the process
(what the queue costs), then with the sandbox's Bot API in another process (what a delivery costs).
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

from telegram import Bot
from telegram.request import BaseRequest, HTTPXRequest

from benchmarks.audience import TOKEN, Audience, audience
from benchmarks.measuring import compare, table
from benchmarks.sending import send_by_default
from benchmarks.telegram_server import FIRST_PERSON, serving
from benchmarks.values import story
from bot.messenger.bots import create_bot
from bot.messenger.telegram import Messenger
from bot.models.identifiers import Address
from bot.services.stopping import Stopping
from bot.views.stories import story_view

CHATS = 1000
AT_ONCE = 30
ROUNDS = 3
POLL = timedelta(milliseconds=50)
PLAIN = "one at a time, python-telegram-bot as it comes"
SENDER = "the sender"
WAITING, TAKEN = "{benchmark}:waiting", "{benchmark}:taken"
ME = b'{"ok":true,"result":{"id":1,"is_bot":true,"first_name":"Bot","username":"bot"}}'


class InstantRequest(BaseRequest):
    """A Telegram without a network: every message is accepted at once."""

    def __init__(self) -> None:
        self._messages = 0

    @property
    def read_timeout(self) -> float | None:
        """Nobody waits."""
        return None

    async def initialize(self) -> None:
        """Nothing to open."""

    async def shutdown(self) -> None:
        """Nothing to close."""

    async def do_request(self, url: str, *_: Any, **__: Any) -> tuple[int, bytes]:
        """The answer of getMe, or of sendMessage."""
        if url.lower().endswith("getme"):
            return 200, ME
        self._messages += 1
        text = (
            f'{{"ok":true,"result":{{"message_id":{self._messages},"date":1,'
            f'"chat":{{"id":1,"type":"private"}},"text":"A story"}}}}'
        )
        return 200, text.encode()


async def run() -> None:
    """Measure and print."""
    instant = Bot(TOKEN, request=InstantRequest(), get_updates_request=InstantRequest())
    plain = Bot(TOKEN, request=InstantRequest(), get_updates_request=InstantRequest())
    await _measure("The queue, from claim to settled (no network)", instant, plain)
    # One round more warms up; each round takes chats of its own.
    async with serving(2 * CHATS * (ROUNDS + 1)) as address:
        default = HTTPXRequest(connection_pool_size=AT_ONCE)
        await _measure(
            "A whole delivery, from claim to settled",
            create_bot(TOKEN, address),
            Bot(TOKEN, base_url=f"{address}/bot", request=default),
        )


async def _measure(heading: str, ours: Bot, default: Bot) -> None:
    async with audience(FIRST_PERSON) as waiting, default, Messenger(ours) as messenger:

        async def prepare_plain() -> None:
            chats = await waiting.wait_for_a_story(CHATS)
            await waiting.database.command("RPUSH", WAITING, *chats)

        async def prepare() -> None:
            await waiting.wait_for_a_story(CHATS)

        before: dict[str, Callable[[], Awaitable[None]]] = {PLAIN: prepare_plain, SENDER: prepare}
        costs = await compare(
            {PLAIN: lambda: _plainly(waiting, default), SENDER: lambda: _sent(waiting, messenger)},
            ROUNDS,
            before,
        )
    table(f"{heading}, {CHATS} chats", costs, PLAIN)


async def _sent(waiting: Audience, messenger: Messenger) -> int:
    stopping = Stopping()

    async def stop_when_done() -> None:
        idle = False
        while not idle:
            await asyncio.sleep(POLL.total_seconds())
            idle = await waiting.idle()
        stopping.request()

    await asyncio.gather(waiting.send_all(messenger, stopping), stop_when_done())
    return CHATS


async def _plainly(waiting: Audience, default: Bot) -> int:
    """Thirty workers, each of which takes one delivery after another."""
    database = waiting.database

    async def worker() -> None:
        while True:
            chat = await database.command("LMOVE", WAITING, TAKEN, "LEFT", "RIGHT")
            if chat is None:
                return
            now = database.clock.now()
            told = story(1, now)
            view = story_view(
                told, told.lead_report, timezone="UTC", now=now, bot_username="bot", private=True
            )
            await send_by_default(default, Address(int(chat)), view)
            await database.command("LREM", TAKEN, 1, chat)

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return CHATS
