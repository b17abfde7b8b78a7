"""How updates reach the bot in the sandbox: long polling, conflicts, privacy mode, webhooks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from telegram.error import Conflict

from tests.sandbox_telegram import ALEX, MAX, Telegram, telegram
from tests.waiting import eventually

__all__ = ["telegram"]

SECRET = "X-Telegram-Bot-Api-Secret-Token"


async def test_an_offset_confirms_and_ids_are_sequential(telegram: Telegram) -> None:
    for text in ("a", "b", "c"):
        await telegram.person("send", user=ALEX, chat=ALEX, text=text)
    first = await telegram.call("getUpdates", limit=2)
    assert [update["message"]["text"] for update in first] == ["a", "b"]
    assert first[1]["update_id"] == first[0]["update_id"] + 1
    rest = await telegram.call("getUpdates", offset=first[1]["update_id"] + 1)
    assert [update["message"]["text"] for update in rest] == ["c"]
    assert await telegram.call("getUpdates", offset=rest[0]["update_id"] + 5_000) == rest
    assert await telegram.call("getUpdates", offset=rest[0]["update_id"] + 1) == []


async def test_a_negative_offset_keeps_the_newest(telegram: Telegram) -> None:
    for text in ("a", "b", "c"):
        await telegram.person("send", user=ALEX, chat=ALEX, text=text)
    kept = await telegram.call("getUpdates", offset=-1)
    assert [update["message"]["text"] for update in kept] == ["c"]


async def test_a_waiting_poll_wakes_with_a_message(telegram: Telegram) -> None:
    poll = asyncio.create_task(telegram.call("getUpdates", timeout=50))
    await eventually(lambda: telegram.sandbox.api.journal.counts["getUpdates"])
    await telegram.person("send", user=ALEX, chat=ALEX, text="/start now")
    (update,) = await poll
    assert update["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]


async def test_the_older_poll_gets_the_conflict(telegram: Telegram) -> None:
    async with telegram.bot() as bot:
        older = asyncio.create_task(bot.get_updates(timeout=50, read_timeout=60))
        await eventually(lambda: telegram.sandbox.api.journal.counts["getUpdates"])
        newer = asyncio.create_task(telegram.call("getUpdates", timeout=50))
        with pytest.raises(Conflict, match="terminated by other getUpdates request"):
            await older
        await telegram.person("send", user=ALEX, chat=ALEX, text="x")
        assert len(await newer) == 1


async def test_polling_and_webhook_exclude_each_other(telegram: Telegram) -> None:
    poll = asyncio.create_task(telegram.refusal("getUpdates", timeout=50))
    await eventually(lambda: telegram.sandbox.api.journal.counts["getUpdates"])
    await telegram.call("setWebhook", url="http://127.0.0.1:9/telegram")
    assert (await poll).startswith("Conflict: terminated by setWebhook request")
    assert await telegram.refusal("getUpdates") == (
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to "
        "delete the webhook first"
    )
    _, envelope = await telegram.raw("deleteWebhook", drop_pending_updates=True)
    assert envelope["description"] == "Webhook was deleted"
    _, envelope = await telegram.raw("deleteWebhook")
    assert envelope["description"] == "Webhook is already deleted"
    assert await telegram.call("getUpdates") == []


async def test_kinds_are_chosen_when_updates_are_made(telegram: Telegram) -> None:
    await telegram.call("getUpdates", allowed_updates=["callback_query"])
    await telegram.person("send", user=ALEX, chat=ALEX, text="unheard")
    await telegram.call("getUpdates", allowed_updates="{nonsense")
    await telegram.person("send", user=ALEX, chat=ALEX, text="unheard")
    assert await telegram.call("getUpdates", allowed_updates=[]) == []
    await telegram.person("send", user=ALEX, chat=ALEX, text="heard")
    assert len(await telegram.call("getUpdates")) == 1


async def test_privacy_mode_in_groups(telegram: Telegram) -> None:
    friends = telegram.chat_id("Old friends")
    sent = await telegram.call("sendMessage", chat_id=friends, text="Hello")
    heard = {"user": ALEX, "chat": friends}
    await telegram.person("send", **heard, text="chatter")
    await telegram.person("send", **heard, text="/help@OtherBot")
    await telegram.person("send", **heard, text="/help")
    await telegram.person("send", **heard, text="hm /list@newsflashsandboxbot")
    await telegram.person("send", **heard, text="yes", reply_to=sent["message_id"])
    texts = [update["message"]["text"] for update in await telegram.updates()]
    assert texts == ["/help", "hm /list@newsflashsandboxbot", "yes"]
    newsroom = telegram.chat_id("Newsroom")
    await telegram.person("send", user=MAX, chat=newsroom, text="chatter")
    (update,) = await telegram.updates()
    assert update["message"]["text"] == "chatter"


async def test_channel_posts_and_edits(telegram: Telegram) -> None:
    daily = telegram.chat_id("Daily Wire")
    await telegram.call("sendMessage", chat_id=daily, text="the bot's own post is not told")
    sent = await telegram.person("send", user=ALEX, chat=daily, text="/list")
    number = sent["message"]["message_id"]
    await telegram.person("edit", user=ALEX, chat=daily, message_id=number, text="/help")
    post, edited = await telegram.updates()
    assert post["channel_post"]["sender_chat"]["id"] == daily
    assert "from" not in post["channel_post"]
    assert edited["edited_channel_post"]["text"] == "/help"
    assert edited["edited_channel_post"]["edit_date"]
    status, _ = await telegram.mistake("send", user=MAX, chat=daily, text="x")
    assert status == 403


@dataclass
class Receiver:
    """A bot's web server: what it got, and the statuses that it answers first."""

    url: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    secrets: list[str | None] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    answer: dict[str, Any] | None = None
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    waiting: int = 0

    async def handle(self, request: web.Request) -> web.Response:
        self.waiting += 1
        await self.gate.wait()
        self.bodies.append(await request.json())
        self.secrets.append(request.headers.get(SECRET))
        status = self.statuses.pop(0) if self.statuses else 200
        if status != 200 or self.answer is None:
            return web.Response(status=status)
        return web.json_response(self.answer)


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    receiver.gate.set()
    app = web.Application()
    app.router.add_post("/telegram", receiver.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0]
    receiver.url = f"http://{host}:{port}/telegram"
    try:
        yield receiver
    finally:
        receiver.gate.set()
        await runner.cleanup()


async def test_a_webhook_gets_updates_with_its_secret(telegram: Telegram) -> None:
    await telegram.person("send", user=ALEX, chat=ALEX, text="before")
    async with receiving() as receiver:
        receiver.answer = {"method": "sendMessage", "chat_id": ALEX, "text": "from the answer"}
        receiver.statuses = [500]
        await telegram.call("setWebhook", url=receiver.url, secret_token="only-you_1")
        await eventually(lambda: len(receiver.bodies) == 2)
        await telegram.person("send", user=ALEX, chat=ALEX, text="after")
        await eventually(lambda: len(receiver.bodies) == 3)
        texts = [body["message"]["text"] for body in receiver.bodies]
        assert texts == ["before", "before", "after"]
        assert set(receiver.secrets) == {"only-you_1"}
        await eventually(lambda: telegram.sandbox.api.journal.counts["sendMessage"] == 2)
        info = await telegram.call("getWebhookInfo")
        assert info["url"] == receiver.url
        assert info["pending_update_count"] == 0
        assert info["last_error_message"].startswith("Wrong response from the webhook: 500")
        await telegram.call("deleteWebhook")


async def test_a_webhook_keeps_order_in_a_chat_and_runs_chats_side_by_side(
    telegram: Telegram,
) -> None:
    newsroom = telegram.chat_id("Newsroom")
    async with receiving() as receiver:
        receiver.gate.clear()
        await telegram.call("setWebhook", url=receiver.url)
        for text in ("1", "2", "3"):
            await telegram.person("send", user=ALEX, chat=ALEX, text=text)
            await telegram.person("send", user=ALEX, chat=newsroom, text=text)
        await eventually(lambda: receiver.waiting == 2)
        receiver.gate.set()
        await eventually(lambda: len(receiver.bodies) == 6)
        for chat in (ALEX, newsroom):
            messages = [body["message"] for body in receiver.bodies]
            texts = [message["text"] for message in messages if message["chat"]["id"] == chat]
            assert texts == ["1", "2", "3"]
        await telegram.call("deleteWebhook")


@pytest.mark.parametrize(
    ("arguments", "description"),
    [
        ({"secret_token": "x" * 257}, "Bad Request: secret token is too long"),
        (
            {"secret_token": "not allowed"},
            "Bad Request: secret token contains unallowed characters",
        ),
        ({"url": "ftp://e.org"}, "Bad Request: bad webhook: invalid webhook URL specified"),
    ],
)
async def test_webhook_refusals(
    telegram: Telegram, arguments: dict[str, Any], description: str
) -> None:
    arguments = {"url": "https://e.org/telegram"} | arguments
    assert await telegram.refusal("setWebhook", **arguments) == description
