"""What one sent message costs: the messenger against python-telegram-bot's default sending.

Both send the same rendered story, thirty at a time, to the sandbox's Bot API in another process.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiogram
from aiogram import types
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from telegram import Bot, InlineKeyboardButton, InlineKeyboardMarkup, LinkPreviewOptions
from telegram.request import HTTPXRequest

from benchmarks import values
from benchmarks.measuring import compare, table
from benchmarks.telegram_server import FIRST_PERSON, serving
from bot.messenger.bots import create_bot
from bot.messenger.telegram import Messenger
from bot.models.identifiers import NO_THREAD, Address
from bot.models.messages import View
from bot.views.stories import story_view

TOKEN = "1000000001:SANDBOX"
PEOPLE = 100
MESSAGES = 300
AT_ONCE = 30
ROUNDS = 5
DEFAULT = "python-telegram-bot, send_message as it comes"
AIOGRAM = "aiogram, send_message as it comes"
OURS = "the messenger over aiohttp"


async def run() -> None:
    """Measure and print."""
    now = datetime.now(UTC)
    told = values.story(1, now)
    view = story_view(
        told, told.lead_report, timezone="UTC", now=now, bot_username="bot", private=True
    )
    async with serving(PEOPLE) as address:
        base = f"{address}/bot"
        request = HTTPXRequest(connection_pool_size=AT_ONCE)
        async with (
            Bot(TOKEN, base_url=base, request=request) as plain,
            by_aiogram(address) as send_by_aiogram,
            Messenger(create_bot(TOKEN, address)) as messenger,
        ):
            costs = await compare(
                {
                    DEFAULT: lambda: _all(lambda chat: send_by_default(plain, chat, view)),
                    AIOGRAM: lambda: _all(lambda chat: send_by_aiogram(chat, view)),
                    OURS: lambda: _all(lambda chat: _by_messenger(messenger, chat, view)),
                },
                ROUNDS,
            )
    table(f"One sent message ({AT_ONCE} at once)", costs, DEFAULT)


async def _all(send: Callable[[Address], Awaitable[None]]) -> int:
    chats = iter([Address(FIRST_PERSON + number % PEOPLE) for number in range(MESSAGES)])

    async def one_after_another() -> None:
        for chat in chats:
            await send(chat)

    await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))
    return MESSAGES


async def _by_messenger(messenger: Messenger, chat: Address, view: View) -> None:
    outcome = await messenger.send(chat, NO_THREAD, view, silent=True)
    if outcome.message_id is None:
        raise RuntimeError(f"The message was refused: {outcome.sentence}")


async def send_by_default(plain: Bot, chat: Address, view: View) -> None:
    """Send a view as python-telegram-bot's documents show it."""
    preview = view.preview
    await plain.send_message(
        chat,
        view.text,
        parse_mode="HTML",
        disable_notification=True,
        link_preview_options=LinkPreviewOptions(
            url=preview.url if preview else None, prefer_large_media=True, show_above_text=True
        ),
        reply_markup=InlineKeyboardMarkup(
            [
                [InlineKeyboardButton(button.text, callback_data=button.data) for button in row]
                for row in view.buttons
            ]
        ),
    )


@asynccontextmanager
async def by_aiogram(address: str) -> AsyncIterator[Callable[[Address, View], Awaitable[None]]]:
    """Sends a view as aiogram's documents show it."""
    session = AiohttpSession(api=TelegramAPIServer.from_base(address))
    async with aiogram.Bot(TOKEN, session=session) as bot:

        async def send(chat: Address, view: View) -> None:
            preview = view.preview
            await bot.send_message(
                chat,
                view.text,
                parse_mode="HTML",
                disable_notification=True,
                link_preview_options=types.LinkPreviewOptions(
                    url=preview.url if preview else None,
                    prefer_large_media=True,
                    show_above_text=True,
                ),
                reply_markup=types.InlineKeyboardMarkup(
                    inline_keyboard=[
                        [
                            types.InlineKeyboardButton(text=each.text, callback_data=each.data)
                            for each in row
                        ]
                        for row in view.buttons
                    ]
                ),
            )

        yield send
