"""The sandbox as one HTTP server on loopback: Bot API, chat client, controls, and what is added.

The sample wire and the archive add themselves with `Sandbox.add`; they find the preview cards
under the application key `sandbox.previews.PREVIEWS`.
"""

from pathlib import Path
from typing import Protocol

from aiohttp import web

from sandbox.api import BotApi
from sandbox.client import Client
from sandbox.control import Control
from sandbox.limits import Limits
from sandbox.population import default_world
from sandbox.previews import PREVIEWS
from sandbox.world import World

PAGE = Path(__file__).parent / "page"
LARGEST_REQUEST = 60 * 1024 * 1024


class Part(Protocol):
    """Something that mounts its own routes, such as the sample wire."""

    def add_routes(self, app: web.Application) -> None:
        """Add the routes to an application that is not running yet."""
        ...


class Sandbox:
    """A Telegram of one's own, in memory. `base_url` is known once it has started."""

    def __init__(self, world: World | None = None, enforce_limits: bool = True) -> None:
        self.world = world if world is not None else default_world()
        self.limits = Limits(self.world.clock, enforce_limits)
        self.api = BotApi(self.world, self.limits)
        self.base_url = ""
        self._parts: list[Part] = [self.api, Client(self.world), Control(self.api)]
        self._runner: web.AppRunner | None = None

    @property
    def token(self) -> str:
        """The bot's token."""
        return self.world.bot.token

    def add(self, part: Part) -> None:
        """Serve something more; before `start`."""
        self._parts.append(part)

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Serve, on a free port when it is 0; answers the base address."""
        app = web.Application(client_max_size=LARGEST_REQUEST)
        app[PREVIEWS] = self.world.previews
        for part in self._parts:
            part.add_routes(app)
        _add_page(app)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        address = self._runner.addresses[0]
        self.base_url = f"http://{address[0]}:{address[1]}"
        return self.base_url

    async def listen_also(self, host: str = "127.0.0.1") -> str:
        """Serve the same at one more free port, after `start`: for a caller that the record of
        requests shall tell from the others. Answers the base address.
        """
        assert self._runner is not None, "The sandbox does not run."
        known = [address[1] for address in self._runner.addresses]
        await web.TCPSite(self._runner, host, 0).start()
        port = next(each[1] for each in self._runner.addresses if each[1] not in known)
        return f"http://{host}:{port}"

    async def stop(self) -> None:
        """End every waiting request and close the port."""
        await self.api.webhook.close()
        self.world.updates.stop()
        self.world.events.close()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None


def _add_page(app: web.Application) -> None:
    """Serve the chat client's page."""
    if not PAGE.is_dir():
        return
    app.router.add_get("/", _index)
    app.router.add_static("/page/", PAGE)


async def _index(_request: web.Request) -> web.StreamResponse:
    page = PAGE / "index.html"
    if not page.is_file():
        return web.Response(status=404, text="The chat client's page is not installed.")
    return web.FileResponse(page)
