"""From claim to settled: the sender of one process, against the plain way.

The plain way reads one delivery from a list, renders it, sends it by python-telegram-bot (or
aiogram) as it comes, and removes it from the list. First with a Telegram that answers at once
within the process (what the queue costs), then with one in another process (what a delivery
costs).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from telegram import Bot
from telegram.request import BaseRequest, HTTPXRequest

from benchmarks.audience import TOKEN, Audience, audience
from benchmarks.instant_telegram import instant_serving
from benchmarks.measuring import compare, table
from benchmarks.sending import by_aiogram, send_by_default
from benchmarks.telegram_server import FIRST_PERSON
from benchmarks.values import story
from bot.messenger.bots import create_bot
from bot.messenger.telegram import Messenger
from bot.models.identifiers import Address
from bot.models.messages import View
from bot.services.stopping import Stopping
from bot.views.stories import story_view

CHATS = 1000
AT_ONCE = 30
ROUNDS = 3
PLAIN = "one at a time, python-telegram-bot as it comes"
PLAIN_AIOGRAM = "one at a time, aiogram as it comes"
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


Send = Callable[[Address, View], Awaitable[None]]


async def run() -> None:
    """Measure and print."""
    instant = Bot(TOKEN, request=InstantRequest(), get_updates_request=InstantRequest())
    plain = Bot(TOKEN, request=InstantRequest(), get_updates_request=InstantRequest())
    async with plain:
        ways: dict[str, Send] = {PLAIN: partial(send_by_default, plain)}
        await _measure("The queue, from claim to settled (no network)", instant, ways)
    async with instant_serving() as address:
        request = HTTPXRequest(connection_pool_size=AT_ONCE)
        default = Bot(TOKEN, base_url=f"{address}/bot", request=request)
        async with default, by_aiogram(address) as aiogram:
            both: dict[str, Send] = {
                PLAIN: partial(send_by_default, default),
                PLAIN_AIOGRAM: aiogram,
            }
            ours = create_bot(TOKEN, address)
            await _measure("A whole delivery, from claim to settled", ours, both)


async def _measure(heading: str, ours: Bot, ways: Mapping[str, Send]) -> None:
    async with audience(FIRST_PERSON) as waiting, Messenger(ours) as messenger:

        async def prepare_plain() -> None:
            chats = await waiting.wait_for_a_story(CHATS)
            await waiting.database.command("RPUSH", WAITING, *chats)

        async def prepare() -> None:
            await waiting.wait_for_a_story(CHATS)

        costs = await compare(
            {name: partial(_plainly, waiting, send) for name, send in ways.items()}
            | {SENDER: partial(_sent, waiting, messenger)},
            ROUNDS,
            {**dict.fromkeys(ways, prepare_plain), SENDER: prepare},
        )
    table(f"{heading}, {CHATS} chats", costs, PLAIN)


async def _sent(waiting: Audience, messenger: Messenger) -> int:
    stopping = Stopping()

    async def stop_when_done() -> None:
        await waiting.until_idle()
        stopping.request()

    await asyncio.gather(waiting.send_all(messenger, stopping), stop_when_done())
    return CHATS


async def _plainly(waiting: Audience, send: Send) -> int:
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
            await send(Address(int(chat)), view)
            await database.command("LREM", TAKEN, 1, chat)

    await asyncio.gather(*(worker() for _ in range(AT_ONCE)))
    return CHATS
