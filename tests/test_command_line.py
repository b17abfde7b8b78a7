"""The command line in child processes: doctor, bad settings, bad commands."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
from redis import Redis

from bot import __version__
from sandbox import Sandbox
from tests.command_line import finished
from tests.feed_server import Answer, Exchange, FeedServer

FEED = b"""<rss version="2.0"><channel><title>Example Times</title><link>https://times.example/</link>
<description>d</description><item><title>Ferry sails again</title><guid>1</guid>
<link>https://times.example/1</link></item></channel></rss>"""


def answering(body: bytes, status: str = "200 OK") -> Answer:
    async def answer(exchange: Exchange) -> None:
        await exchange.reply(body, status=status, headers=b"Content-Type: application/rss+xml\r\n")

    return answer


@pytest.fixture
async def feeds() -> AsyncIterator[FeedServer]:
    """Two feeds that answer, one that is gone, and a page that is no feed."""
    answers = {
        "/times": answering(FEED),
        "/daily": answering(FEED),
        "/gone": answering(b"Gone", "410 Gone"),
        "/page": answering(b"<html><title>Hello</title></html>"),
    }
    async with FeedServer(answers=answers) as server:
        yield server


@pytest.fixture
async def telegram() -> AsyncIterator[Sandbox]:
    """The sandbox's Bot API."""
    async with AsyncExitStack() as stack:
        sandbox = Sandbox()
        await sandbox.start()
        stack.push_async_callback(sandbox.stop)
        yield sandbox


def settings(folder: Path, telegram: Sandbox, feeds: FeedServer, *targets: str) -> dict[str, str]:
    """All that doctor looks at, with some of the server's feeds as the feeds file."""
    outlines = "".join(
        f'<outline text="Feed {target[1:]}" xmlUrl="{feeds.url(target)}"/>' for target in targets
    )
    (folder / "list.opml").write_text(f'<opml version="2.0"><body>{outlines}</body></opml>')
    return {
        "BOT_TOKEN": telegram.token,
        "TELEGRAM_API_URL": telegram.base_url,
        "DATA_DIR": str(folder / "data"),
        "FEEDS_FILE": str(folder / "list.opml"),
        "FETCH_ALLOW_NETWORKS": "127.0.0.0/8",
    }


async def test_doctor_finds_all_well(tmp_path: Path, telegram: Sandbox, feeds: FeedServer) -> None:
    status, output = await finished(
        tmp_path, "doctor", **settings(tmp_path, telegram, feeds, "/times", "/daily")
    )
    assert status == 0, output
    assert "TROUBLE" not in output
    for subject in ("token", "Redis", "clock", "webhook", "feeds"):
        assert f"ok      {subject}: " in output
    assert "the bot is @NewsflashSandboxBot" in output
    assert "2 of 2 answer" in output


async def test_doctor_names_the_feeds_that_do_not_answer(
    tmp_path: Path, telegram: Sandbox, feeds: FeedServer
) -> None:
    status, output = await finished(
        tmp_path, "doctor", **settings(tmp_path, telegram, feeds, "/times", "/gone", "/page")
    )
    assert status == 1, output
    assert f"TROUBLE feed Feed gone: {feeds.url('/gone')}: " in output
    assert f"TROUBLE feed Feed page: {feeds.url('/page')}: " in output
    assert "Feed times" not in output
    assert "TROUBLE feeds: 1 of 3 answer" in output


async def test_doctor_names_a_feed_on_a_private_address(
    tmp_path: Path, telegram: Sandbox, feeds: FeedServer
) -> None:
    chosen = settings(tmp_path, telegram, feeds, "/times")
    status, output = await finished(tmp_path, "doctor", **chosen | {"FETCH_ALLOW_NETWORKS": ""})
    assert status == 1, output
    assert f"TROUBLE feed Feed times: {feeds.url('/times')}: " in output
    assert feeds.requests == []


async def test_doctor_names_a_webhook_that_takes_the_updates(
    tmp_path: Path, telegram: Sandbox, feeds: FeedServer
) -> None:
    async with aiohttp.ClientSession() as session:
        url = f"{telegram.base_url}/bot{telegram.token}/setWebhook"
        await session.post(url, json={"url": "https://news.example/hook"})
    status, output = await finished(
        tmp_path, "doctor", **settings(tmp_path, telegram, feeds, "/times")
    )
    assert status == 1
    assert "TROUBLE webhook: updates go to https://news.example/hook" in output


async def test_doctor_compares_the_webhook_with_what_telegram_has(
    tmp_path: Path, telegram: Sandbox, feeds: FeedServer
) -> None:
    wanted = {"WEBHOOK_URL": "https://news.example", "WEBHOOK_SECRET": "secret"}
    told = settings(tmp_path, telegram, feeds, "/times") | wanted
    _, output = await finished(tmp_path, "doctor", **told)
    assert "TROUBLE webhook: https://news.example/telegram is not set" in output
    async with aiohttp.ClientSession() as session:
        url = f"{telegram.base_url}/bot{telegram.token}/setWebhook"
        await session.post(url, json={"url": "https://other.example/telegram"})
        _, output = await finished(tmp_path, "doctor", **told)
        assert "TROUBLE webhook: updates go to https://other.example/telegram, not to" in output
        await session.post(url, json={"url": "https://news.example/telegram"})
    _, output = await finished(tmp_path, "doctor", **told)
    assert "ok      webhook: updates come to https://news.example/telegram" in output


async def test_doctor_names_all_that_is_wrong_with_a_redis(
    tmp_path: Path, telegram: Sandbox, feeds: FeedServer, redis_url: str
) -> None:
    with Redis.from_url(redis_url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        told = settings(tmp_path, telegram, feeds, "/times") | {"REDIS_URL": redis_url}
        status, output = await finished(tmp_path, "doctor", **told)
        client.config_set("maxmemory-policy", "noeviction")
    assert status == 1
    assert "TROUBLE Redis: keeps nothing on disk: turn appendonly on; drops keys" in output


async def test_doctor_names_a_token_and_a_redis_that_do_not_work(
    tmp_path: Path, telegram: Sandbox, feeds: FeedServer
) -> None:
    secret = "987654321:NotTheTokenOfThisBotButOfAnother"
    status, output = await finished(
        tmp_path,
        "doctor",
        **settings(tmp_path, telegram, feeds, "/times")
        | {"BOT_TOKEN": secret, "REDIS_URL": f"unix://{tmp_path}/no.sock"},
    )
    assert status == 1, output
    assert "TROUBLE token: " in output
    assert "TROUBLE Redis: " in output
    assert "1 of 1 answer" in output
    assert secret not in output
    assert "Traceback" not in output


async def test_every_bad_setting_is_named_at_once(tmp_path: Path) -> None:
    secret = "this is no token"
    bad = {
        "BOT_TOKEN": secret,
        "ADMIN_IDS": "1001, Alex",
        "REDIS_URL": "http://localhost",
        "PORT": "99999",
        "POLL_MIN": "soon",
        "FETCH_ALLOW_NETWORKS": "10.0.0.0/99",
        "ACCESS": "closed",
        "SEND_RATE": "many",
        "LANGUAGE": "English",
        "TIMEZONE": "Mars/Olympus",
        "LOG_LEVEL": "LOUD",
    }
    for arguments in (("run",), ("doctor",), ("sandbox",)):
        status, output = await finished(tmp_path, *arguments, **bad)
        assert status == 2, output
        for name in bad:
            assert f"{name}: " in output
        assert secret not in output
        assert "Traceback" not in output


async def test_bad_lines_of_the_settings_file_are_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("# settings\nPORT=0\nwhat is this\n", encoding="utf-8")
    status, output = await finished(tmp_path, "run")
    assert status == 2
    assert ".env, line 3: expected NAME=value" in output


async def test_only_some_roles_need_a_token_and_a_redis(tmp_path: Path) -> None:
    status, output = await finished(tmp_path, "run", "--roles", "poll")
    assert status == 2
    assert "BOT_TOKEN: must be set to start only some roles" in output
    status, output = await finished(
        tmp_path, "run", "--roles", "poll,desk", BOT_TOKEN="123456789:AAFakeTokenOfSomeLength"
    )
    assert status == 2
    assert "REDIS_URL: must be set to start only some roles" in output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("sandbox", "--speed", "fast"), "expected a number above 0, not 'fast'"),
        (("sandbox", "--pace", "0"), "expected a number above 0, not '0'"),
        (("run", "--roles", "cook"), "cook"),
        (("dance",), "dance"),
    ],
)
async def test_a_bad_command_is_explained(
    tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    status, output = await finished(tmp_path, *arguments)
    assert status == 2, output
    assert sentence in output
    assert "Traceback" not in output


async def test_help_and_version(tmp_path: Path) -> None:
    status, output = await finished(tmp_path, "--version")
    assert (status, output.strip()) == (0, f"newsflash {__version__}")
    status, output = await finished(tmp_path, "--help")
    assert status == 0
    for command in ("run", "sandbox", "doctor"):
        assert command in output
