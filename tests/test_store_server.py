"""The embedded server through kills and restarts, with real processes."""

import asyncio
import contextlib
import os
import signal
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.errors import StoreError
from bot.store.client import Database
from bot.store.entries import EntryStreams
from bot.store.feeds import FeedStore
from bot.store.server import EmbeddedServer, open_database
from bot.store.server_binary import find_binary
from bot.store.server_home import ServerHome
from tests.store_values import a_feed, a_state, an_entry, digits
from tests.waiting import eventually

BOT = """
import asyncio, sys
from pathlib import Path
from bot.store.entries import EntryStreams
from bot.store.feeds import FeedStore
from bot.store.server import open_database

async def run():
    async with open_database("", Path(sys.argv[1])) as database:
        await database.command("SET", "news", "kept")
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(run())
"""


def server_pid(data: Path) -> int:
    return int((data / "redis" / "redis.pid").read_text(encoding="ascii"))


def alive(data: Path) -> bool:
    """Some server holds the data."""
    lock = ServerHome(data).lock("server.lock")
    if lock is None:
        return True
    os.close(lock)
    return False


def socket_place(data: Path) -> Path:
    return Path((data / "redis" / "socket-directory").read_text(encoding="utf-8"))


@pytest.fixture
async def data(tmp_path: Path) -> AsyncIterator[Path]:
    """A DATA_DIR; a server that a test left behind in it is ended."""
    directory = tmp_path / "data"
    yield directory
    with contextlib.suppress(StoreError):
        server = EmbeddedServer(directory)
        await server.start()
        await server.stop()


async def start_bot(data: Path) -> asyncio.subprocess.Process:
    bot = await asyncio.create_subprocess_exec(
        sys.executable, "-c", BOT, str(data), stdout=subprocess.PIPE
    )
    assert bot.stdout is not None
    assert await bot.stdout.readline() == b"ready\n"
    return bot


async def test_it_starts_private_and_stops_cleanly(data: Path) -> None:
    async with open_database("", data) as database:
        facts = await database.facts()
        assert facts.persistent
        assert not facts.evicts
        assert await database.command("CONFIG GET", "port") == {"port": "0"}
        assert await database.command("CONFIG GET", "appendfsync") == {"appendfsync": "everysec"}
        for path in (data / "redis", data / "redis" / "redis.sock"):
            assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert not alive(data)
    assert not (data / "redis" / "redis.sock").exists()


async def test_data_outlives_a_stop(data: Path) -> None:
    async with open_database("", data) as database:
        await database.command("SET", "news", "kept")
        pid = server_pid(data)
    async with open_database("", data) as database:
        assert server_pid(data) != pid
        assert await database.command("GET", "news") == b"kept"


async def test_a_killed_server_is_started_again_with_its_data(data: Path) -> None:
    async with open_database("", data) as database:
        await database.command("SET", "news", "kept")
        pid = server_pid(data)
        os.kill(pid, signal.SIGKILL)

        async def back() -> bool:
            with contextlib.suppress(StoreError):
                return bool(await database.command("GET", "news") == b"kept")
            return False

        await eventually(back)
        assert server_pid(data) != pid


async def test_a_server_that_cannot_be_started_again_is_tried_until_it_can(
    data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_database("", data) as database:
        # The log of the last run cannot be put aside.
        obstacle = data / "redis" / "redis.previous.log"
        obstacle.mkdir()
        os.kill(server_pid(data), signal.SIGKILL)
        await eventually(lambda: "is not started" in caplog.text)
        obstacle.rmdir()

        async def back() -> bool:
            with contextlib.suppress(StoreError):
                return bool(await database.command("PING"))
            return False

        await eventually(back)


async def test_what_scripts_wrote_is_the_same_after_a_kill(data: Path) -> None:
    async with open_database("", data) as database:
        feeds = FeedStore(database)
        await feeds.add(a_feed())
        entries = [an_entry(name) for name in ("one", "two", "three")]
        await feeds.commit(a_feed(), entries, {digits("one", 32): digits("1", 16)}, a_state())
        first, *before = await EntryStreams(database).read(10)
        await EntryStreams(database).acknowledge(first.shard, first.id)
        os.kill(server_pid(data), signal.SIGKILL)
    async with open_database("", data) as database:
        assert await EntryStreams(database).read(10) == before
        assert await FeedStore(database).state(a_feed().id) == a_state()
        known = await FeedStore(database).known(a_feed().id, [digits("one", 32)])
        assert known == {digits("one", 32): digits("1", 16)}


async def test_a_server_outlives_a_killed_bot_and_is_taken_over(data: Path) -> None:
    bot = await start_bot(data)
    pid = server_pid(data)
    bot.kill()
    await bot.wait()
    assert alive(data)
    async with open_database("", data) as database:
        assert server_pid(data) == pid
        assert await database.command("GET", "news") == b"kept"
    assert not alive(data)


async def test_bot_and_server_killed_leave_the_data(data: Path) -> None:
    bot = await start_bot(data)
    os.kill(server_pid(data), signal.SIGKILL)
    bot.kill()
    await bot.wait()
    assert (data / "redis" / "redis.sock").exists()
    async with open_database("", data) as database:
        assert await database.command("GET", "news") == b"kept"


async def test_a_server_that_cannot_be_reached_is_replaced(data: Path) -> None:
    bot = await start_bot(data)
    pid = server_pid(data)
    bot.kill()
    await bot.wait()
    (data / "redis" / "redis.sock").unlink()
    server = EmbeddedServer(data, patience=0.05)
    await server.start()
    async with await Database.open(server.url) as database:
        assert await database.command("GET", "news") == b"kept"
    assert server_pid(data) != pid
    await server.stop()


async def test_a_server_that_hangs_is_ended_at_a_stop(data: Path) -> None:
    server = EmbeddedServer(data, patience=0.05)
    await server.start()
    os.kill(server_pid(data), signal.SIGSTOP)
    await server.stop()
    assert not alive(data)


async def test_ctrl_c_in_the_terminal_reaches_only_the_bot(data: Path) -> None:
    async with open_database("", data):
        assert os.getpgid(server_pid(data)) != os.getpgid(0)


async def test_two_bots_on_one_directory_are_refused(data: Path) -> None:
    async with open_database("", data) as database:
        with pytest.raises(StoreError, match="Another bot is running with the data in"):
            async with open_database("", data):
                pass
        await database.command("PING")
    async with open_database("", data) as database:
        await database.command("PING")


async def test_a_forked_worker_does_not_hold_the_directory(data: Path) -> None:
    server = EmbeddedServer(data)
    await server.start()
    reading, writing = os.pipe()
    worker = os.fork()
    if worker == 0:
        os.close(writing)
        os.read(reading, 1)
        os._exit(0)
    try:
        await server.stop()
        async with open_database("", data) as database:
            await database.command("PING")
    finally:
        os.close(writing)
        os.close(reading)
        await asyncio.to_thread(os.waitpid, worker, 0)


async def test_a_path_too_long_for_a_socket_is_no_obstacle(tmp_path: Path) -> None:
    data = tmp_path / ("long" * 25) / "data"
    async with open_database("", data) as database:
        await database.command("SET", "news", "kept")
        place = socket_place(data)
        assert (place / "redis.sock").is_socket()
    assert not place.exists()
    async with open_database("", data) as database:
        assert await database.command("GET", "news") == b"kept"


async def test_a_long_directory_for_temporary_files_is_none_either(tmp_path: Path) -> None:
    long = tmp_path / ("long" * 25)
    long.mkdir()
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from bot.store.server import open_database\n"
        "async def main():\n"
        "    async with open_database('', Path(sys.argv[1])) as database:\n"
        "        print(await database.command('PING'))\n"
        "asyncio.run(main())\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        program,
        str(long / "data"),
        env={**os.environ, "TMPDIR": str(long)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    answer, complaint = await process.communicate()
    assert process.returncode == 0, complaint
    assert b"PONG" in answer or b"True" in answer
    assert sorted(path.name for path in long.iterdir()) == ["data"]


async def test_a_cleaned_socket_directory_is_made_again(tmp_path: Path) -> None:
    data = tmp_path / ("long" * 25) / "data"
    server = EmbeddedServer(data)
    await server.start()
    place = socket_place(data)
    (place / "redis.sock").unlink()
    place.rmdir()
    await server.stop()
    async with open_database("", data) as database:
        await database.command("PING")
    assert not place.exists()


@pytest.mark.parametrize("name", ["my data", "новини", "100% #1?"])
async def test_any_name_of_a_directory_will_do(tmp_path: Path, name: str) -> None:
    async with open_database("", tmp_path / name) as database:
        await database.command("PING")


async def test_broken_data_are_shown_with_the_end_of_the_log(data: Path) -> None:
    (data / "redis").mkdir(parents=True)
    (data / "redis" / "appendonly.aof").write_bytes(b"this is no append-only file\r\n" * 3)
    with pytest.raises(StoreError, match=r"does not start\. Its log ends with:\n") as refusal:
        async with open_database("", data):
            pass
    assert "Bad file format" in str(refusal.value)
    (data / "redis" / "appendonly.aof").unlink()
    async with open_database("", data) as database:
        await database.command("PING")


async def test_data_of_a_newer_server_are_not_ignored(data: Path) -> None:
    if find_binary().version >= (7, 0):
        pytest.skip("the redis-server of this machine reads the newer format")
    (data / "redis" / "appendonlydir").mkdir(parents=True)
    with pytest.raises(StoreError, match="was written by Redis 7 or newer"):
        async with open_database("", data):
            pass


async def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match=r"DATA_DIR: .*cannot be used"):
        async with open_database("", tmp_path / "file"):
            pass


async def test_a_given_server_is_used_and_left_running(redis_url: str, tmp_path: Path) -> None:
    async with open_database(redis_url, tmp_path / "data") as database:
        await database.command("SET", "news", "kept")
    async with open_database(redis_url, tmp_path / "data") as database:
        assert await database.command("GET", "news") == b"kept"
    assert not (tmp_path / "data").exists()


def a_program(directory: Path, version: str) -> Path:
    directory.mkdir()
    program = directory / "redis-server"
    program.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=0'\n", encoding="utf-8")
    program.chmod(0o755)
    return program


def test_the_machines_own_server_comes_first_unless_it_is_too_old(tmp_path: Path) -> None:
    own = a_program(tmp_path / "new", "8.0.2")
    assert (find_binary(str(own.parent)).path, find_binary(str(own.parent)).version) == (
        own,
        (8, 0),
    )
    old = a_program(tmp_path / "old", "6.0.16")
    assert find_binary(str(old.parent)).path != old
    assert find_binary(str(old.parent)).version >= (6, 2)
    assert find_binary(str(tmp_path)).version >= (6, 2)
