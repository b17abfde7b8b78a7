"""The HTTP listener: /healthz."""

import logging

from aiohttp import web

from bot.services.health import HealthService

log = logging.getLogger(__name__)


class WebServer:
    """Listens on HOST and PORT while it is entered."""

    def __init__(self, health: HealthService, host: str, port: int) -> None:
        self._health = health
        self._host = host
        self._port = port
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Begin to listen. Raises OSError when the address is taken."""
        application = web.Application()
        application.router.add_get("/healthz", self._healthz)
        self._runner = web.AppRunner(application, access_log=None)
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
