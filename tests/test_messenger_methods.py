"""The names by which the messenger asks for methods, for servers that are strict about them."""

from datetime import timedelta

from aiohttp import web

from bot.messenger.bots import create_bot
from bot.messenger.telegram import Messenger
from bot.models.identifiers import NO_THREAD, Address, MessageId
from bot.models.messages import View

HELLO = View("<b>Hello</b>")
PRIVATE = Address(1001)


async def test_methods_are_asked_for_as_documented() -> None:
    asked = []

    async def answer(request: web.Request) -> web.Response:
        method = request.path.rpartition("/")[2]
        asked.append(method)
        bot = {"id": 1, "is_bot": True, "first_name": "Bot", "username": "some_bot"}
        result: object = [] if method == "getUpdates" else bot | {"message_id": 7}
        return web.json_response({"ok": True, "result": result})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        async with Messenger(create_bot("1:AAA", f"http://{host}:{port}")) as messenger:
            await messenger.send(PRIVATE, NO_THREAD, HELLO, silent=True)
            await messenger.edit(PRIVATE, MessageId(7), HELLO)
            await messenger.edit_buttons(PRIVATE, MessageId(7), ())
            await messenger.get_updates(None, timeout=timedelta())
    finally:
        await runner.cleanup()
    assert asked == [
        "getMe",
        "sendMessage",
        "editMessageText",
        "editMessageReplyMarkup",
        "getUpdates",
    ]
