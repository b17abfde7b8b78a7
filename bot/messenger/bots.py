"""The bot as python-telegram-bot sees it, at any Bot API server."""

import os

from telegram import Bot

from bot.messenger.transport import CONNECT_SECONDS, CONNECTIONS, READ_SECONDS, AiohttpRequest


def create_bot(
    token: str,
    api_url: str,
    *,
    connections: int = CONNECTIONS,
    connect_timeout: float = CONNECT_SECONDS,
    read_timeout: float = READ_SECONDS,
) -> Bot:
    """A bot that is not yet initialized. Raises InvalidToken without a token.

    `api_url` as TELEGRAM_API_URL: methods are under `<it>/bot<token>/`, files under
    `<it>/file/bot<token>/`. Timeouts in seconds.
    """
    # Opts in to timedelta in RetryAfter: without it each one warns (python-telegram-bot 22.2).
    os.environ.setdefault("PTB_TIMEDELTA", "true")
    root = api_url.rstrip("/")
    timeouts = {"connect_timeout": connect_timeout, "read_timeout": read_timeout}
    return Bot(
        token,
        base_url=f"{root}/bot",
        base_file_url=f"{root}/file/bot",
        request=AiohttpRequest(connections=connections, **timeouts),
        # Held open by python-telegram-bot; the messenger's own polling uses the pool above.
        get_updates_request=AiohttpRequest(connections=1, **timeouts),
    )
