"""`newsflash sandbox`, and `newsflash run` without a token: the whole wire on this machine.

Starts the sandbox's Bot API server with its chat page and a wire of feeds, and the bot against
both. Everything is forgotten when it ends. Part of the composition root.
"""

import asyncio
import contextlib
import ipaddress
import logging
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import aiohttp

from bot.config import Config
from bot.errors import ConfigurationError, NewsflashError
from bot.models.identifiers import UserId
from bot.news.deliveries import EditRule
from bot.running import run
from bot.services.stopping import Stopping
from bot.store.server import EmbeddedServer
from sandbox import Sandbox
from sandbox.archive import ArchiveWire
from sandbox.wire import SampleWire

log = logging.getLogger(__name__)

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
OPERATOR = UserId(1001)
"""The newcomer at the page may try the operators' commands too."""
QUICK_EDITS = EditRule(
    first_gap=timedelta(seconds=4),
    gap=timedelta(seconds=15),
    text_gap=timedelta(seconds=2),
    most=50,
)
"""The wire's hours pass in minutes here, and so do the gaps between edits."""
POLL = timedelta(seconds=2)
FOLDER_PREFIX = "newsflash-sandbox-"


@dataclass(frozen=True, slots=True)
class WireOptions:
    """What plays: the sample wire, or a folder of stored polls."""

    polls: Path | None = None
    speed: float = 60.0
    """So many times as fast as the polls were stored."""
    pace: float = 1.0
    """So many times as fast as the sample wire's script says."""


SAMPLE = WireOptions()


async def run_sandbox(config: Config, stopping: Stopping, options: WireOptions = SAMPLE) -> None:
    """Serve the page on HOST and PORT until stopping is requested.

    Raises ConfigurationError when the address is taken or the folder holds no polls.
    """
    sandbox = Sandbox()
    wire = _wire(options)
    sandbox.add(wire)
    try:
        address = await sandbox.start(config.host, config.port)
    except OSError as error:
        raise ConfigurationError(
            [f"PORT: {config.host}:{config.port} cannot be used: {error.strerror}"]
        ) from error
    try:
        wire.register_previews(sandbox.world.previews)
        await wire.start(address)
        await _clear_away()
        with _data_folder() as folder:
            feeds = await _feeds_file(address, folder)
            print(f"\n  Newsflash sandbox: {address}\n", file=sys.stdout, flush=True)
            await run(_adapted(config, sandbox, folder, feeds), stopping, edit_rule=QUICK_EDITS)
    finally:
        await wire.stop()
        await sandbox.stop()


def _wire(options: WireOptions) -> SampleWire | ArchiveWire:
    if options.polls is None:
        return SampleWire(pace=options.pace)
    try:
        return ArchiveWire(options.polls, options.speed)
    except (OSError, ValueError) as error:
        raise ConfigurationError([f"--polls: {error}"]) from error


@contextlib.contextmanager
def _data_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix=FOLDER_PREFIX) as folder:
        yield Path(folder)


def _left_folders() -> list[Path]:
    return list(Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"))


async def _clear_away() -> None:
    """End the servers and remove the folders of sandboxes that were killed.

    A bot's own server outlives it, so that a restart finds everything; here nobody will look.
    """
    for folder in await asyncio.to_thread(_left_folders):
        server = EmbeddedServer(folder)
        try:
            await server.start()
        except (OSError, NewsflashError):
            # Another sandbox is at work there, or another user's.
            continue
        await server.stop()
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _feeds_file(address: str, folder: Path) -> Path:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{address}/wire/feeds.opml", raise_for_status=True) as response,
    ):
        body = await response.read()
    path = folder / "feeds.opml"
    await asyncio.to_thread(path.write_bytes, body)
    return path


def _adapted(config: Config, sandbox: Sandbox, folder: Path, feeds: Path) -> Config:
    """The settings for the sandbox: its token and addresses, quick polls, a folder of its own."""
    return replace(
        config,
        token=sandbox.token,
        admin_ids=config.admin_ids | {OPERATOR},
        redis_url="",
        data_dir=folder,
        telegram_api_url=sandbox.base_url,
        webhook_url="",
        port=0,
        feeds_file=feeds,
        poll_min=POLL,
        poll_max=POLL,
        fetch_allow_networks=(*config.fetch_allow_networks, LOOPBACK),
    )
