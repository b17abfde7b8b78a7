"""The HTTP listener: /healthz, and Telegram's webhook where there is one."""

import logging

from aiohttp import web

from bot.services.health import HealthService
from bot.web.webhook import LARGEST, PATH, WebhookRoute

log = logging.getLogger(__name__)

LAST_ANSWERS_SECONDS = 1.0
"""For requests that are being answered when the listener closes."""


class WebServer:
    """Listens on HOST and PORT from start to stop."""

    def __init__(
        self, health: HealthService, host: str, port: int, webhook: WebhookRoute | None = None
    ) -> None:
        self._health = health
        self._host = host
        self._port = port
        self._webhook = webhook
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Begin to listen. Raises OSError when the address is taken."""
        application = web.Application(client_max_size=LARGEST)
        application.router.add_get("/healthz", self._healthz)
        if self._webhook is not None:
            application.router.add_post(PATH, self._webhook.answer)
        self._runner = web.AppRunner(
            application, access_log=None, shutdown_timeout=LAST_ANSWERS_SECONDS
        )
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        await site.start()
        address = self._runner.addresses[0]
        log.info("health is at http://%s:%s/healthz", address[0], address[1])

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _healthz(self, _request: web.Request) -> web.Response:
        """200 only while every part of this process makes progress and Redis answers."""
        health = await self._health.check()
        body = {"ok": health.well, "problems": list(health.problems)}
        return web.json_response(body, status=200 if health.well else 503)
