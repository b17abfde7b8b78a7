"""Answers that are not Telegram's: a proxy's pages never count as its word."""

import pytest
from aiohttp import web

from bot.messenger.refusals import Action, RefusedError
from tests.test_messenger import PRIVATE, at, say, serving


@pytest.mark.parametrize("status", [302, 400, 401, 403, 404, 407, 413, 429, 500, 502, 503, 511])
@pytest.mark.parametrize(
    "body",
    [
        b"<html><h1>Forbidden</h1>bot was blocked by the user</html>",
        b"",
        b'{"message":"Unauthorized"}',
        b'{"description":"Forbidden: bot was blocked by the user"}',
        b'{"ok":false,"description":403}',
    ],
)
async def test_a_proxys_page_neither_pauses_a_chat_nor_stops_the_bot(
    status: int, body: bytes
) -> None:
    async def handle(request: web.Request) -> web.Response:
        if request.path.casefold().endswith("/getme"):
            me = {"id": 1, "is_bot": True, "first_name": "x", "username": "x"}
            return web.json_response({"ok": True, "result": me})
        return web.Response(status=status, body=body)

    async with serving(handle) as url, at(url) as messenger:
        outcome = await say(messenger, PRIVATE)
        assert outcome.action is Action.RETRY
        assert outcome.sentence.startswith(
            f"Something other than a Bot API server answered: {status}"
        )
        with pytest.raises(RefusedError) as refused:
            await messenger.chat(PRIVATE)
        assert refused.value.outcome.action is Action.RETRY
