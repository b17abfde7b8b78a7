"""The webhook: Telegram's updates over HTTP. Checks who sends and what; the intake keeps it.

Rules (tdlib/telegram-bot-api, WebhookActor.cpp): an answer of 2xx confirms an update; any other is
repeated, after Retry-After where it is given; updates of one chat come one after the other. So 200
is answered only when the update is in Redis, and what Telegram could never have sent gets 4xx.
"""

import hmac
import logging
from typing import Any

import orjson
from aiohttp import web

from bot.services.updates import UpdateIntake

log = logging.getLogger(__name__)

PATH = "/telegram"
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
LARGEST = 1 << 20
"""Bytes of an update: a message has at most 4,096 characters, its reply and buttons as much."""
RETRY_AFTER = "2"
"""Seconds."""


class WebhookRoute:
    """Answers POST /telegram."""

    def __init__(self, intake: UpdateIntake, secret: str) -> None:
        self._intake = intake
        self._secret = secret.encode()

    async def answer(self, request: web.Request) -> web.Response:
        """200 when Telegram may forget the update; 403, 413, 400 or 503 otherwise."""
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self._secret):
            return _refused(403, "The secret is not that of WEBHOOK_SECRET.")
        if (request.content_length or 0) > LARGEST:
            return _refused(413, "The body is too large for an update.")
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _refused(413, "The body is too large for an update.")
        update = _update(request.content_type, body)
        if update is None:
            return _refused(400, "The body is not an update as JSON.")
        if await self._intake.take(update):
            return web.Response()
        return web.Response(
            status=503,
            text="The update cannot be stored just now.\n",
            headers={"Retry-After": RETRY_AFTER},
        )


def _refused(status: int, sentence: str) -> web.Response:
    log.warning("a request to %s was refused with %d: %s", PATH, status, sentence)
    return web.Response(status=status, text=f"{sentence}\n")


def _update(content_type: str, body: bytes) -> dict[str, Any] | None:
    """The update of a request; None for anything else."""
    if content_type != "application/json":
        return None
    try:
        update = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    number = update.get("update_id") if isinstance(update, dict) else None
    well = isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 1 << 53
    return update if well else None
