"""Starting when something is not there yet, or is wrong for good."""

import asyncio
from pathlib import Path

import pytest
from aiohttp import web

from bot.errors import ConfigurationError
from bot.messenger.refusals import RefusedError
from bot.roles import Role
from bot.running import run
from bot.services.stopping import Stopping
from sandbox import Sandbox
from tests.running_bot import FeedServer, configured
from tests.waiting import eventually


async def test_a_bot_api_server_that_comes_later_is_waited_for(
    tmp_path: Path, redis_url: str
) -> None:
    sandbox = Sandbox()
    address = await sandbox.start()
    port = int(address.rsplit(":", 1)[1])
    (tmp_path / "feeds.opml").write_bytes(FeedServer().opml())
    config = configured(sandbox, tmp_path / "feeds.opml", redis_url)
    await sandbox.stop()
    stopping = Stopping()
    running = asyncio.create_task(run(config, stopping))
    late = Sandbox()
    try:
        await late.start(port=port)
        await eventually(lambda: late.api.journal.find("getUpdates"))
    finally:
        stopping.request()
        await running
        await late.stop()


async def test_stopping_ends_the_wait_for_telegram(tmp_path: Path, redis_url: str) -> None:
    sandbox = Sandbox()
    await sandbox.start()
    (tmp_path / "feeds.opml").touch()
    config = configured(sandbox, tmp_path / "feeds.opml", redis_url)
    await sandbox.stop()
    stopping = Stopping()
    stopping.request()
    await run(config, stopping)


async def test_a_token_that_telegram_refuses_ends_with_a_sentence(
    tmp_path: Path, redis_url: str
) -> None:
    async def refuse(_request: web.Request) -> web.Response:
        body = {"ok": False, "error_code": 401, "description": "Unauthorized"}
        return web.json_response(body, status=401)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", refuse)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    sandbox = Sandbox()
    await sandbox.start()
    (tmp_path / "feeds.opml").touch()
    settings = {"TELEGRAM_API_URL": f"http://{host}:{port}"}
    config = configured(sandbox, tmp_path / "feeds.opml", redis_url, **settings)
    try:
        with pytest.raises(RefusedError, match="BOT_TOKEN"):
            await run(config, Stopping())
    finally:
        await sandbox.stop()
        await runner.cleanup()


async def test_a_feeds_file_that_is_missing_or_broken_is_named(
    tmp_path: Path, redis_url: str
) -> None:
    sandbox = Sandbox()
    await sandbox.start()
    path = tmp_path / "feeds.opml"
    path.touch()
    config = configured(sandbox, path, redis_url)
    path.unlink()
    try:
        with pytest.raises(ConfigurationError, match="FEEDS_FILE"):
            await run(config, Stopping())
        path.write_text("<opml><body>")
        with pytest.raises(ConfigurationError, match="FEEDS_FILE"):
            await run(config, Stopping())
    finally:
        await sandbox.stop()


async def test_some_roles_alone_need_a_redis_of_their_own_choice(tmp_path: Path) -> None:
    (tmp_path / "feeds.opml").touch()
    config = configured(Sandbox(), tmp_path / "feeds.opml", "")
    with pytest.raises(ConfigurationError, match="REDIS_URL"):
        await run(config, Stopping(), roles=frozenset({Role.POLL}))


async def test_a_port_that_is_taken_ends_with_a_sentence(tmp_path: Path, redis_url: str) -> None:
    sandbox = Sandbox()
    address = await sandbox.start()
    (tmp_path / "feeds.opml").write_bytes(FeedServer().opml())
    taken = address.rsplit(":", 1)[1]
    config = configured(sandbox, tmp_path / "feeds.opml", redis_url, PORT=taken)
    try:
        with pytest.raises(ConfigurationError, match=f"PORT: 127.0.0.1:{taken} cannot be used"):
            await run(config, Stopping())
    finally:
        await sandbox.stop()
