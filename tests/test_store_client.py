"""Commands, batches and scripts on a real server, and their errors."""

import asyncio
from datetime import timedelta

import pytest

from bot.errors import StoreError
from bot.store.client import Database
from bot.store.clock import from_milliseconds, milliseconds
from tests.store_values import NOON
from tests.waiting import eventually

LEASE = "{desk}:lease"


async def test_a_script_is_loaded_where_it_is_missing(database: Database) -> None:
    acquire = database.script("desk_acquire")
    assert await acquire([LEASE], ["token", 60_000]) == 1
    await database.command("SCRIPT FLUSH")
    assert await acquire([LEASE], ["other", 60_000]) == 0


async def test_a_batch_loads_missing_scripts_and_keeps_the_answers_in_order(
    database: Database,
) -> None:
    answers = await (
        database.batch()
        .command("SET", "a", "1")
        .script("desk_acquire", [LEASE], ["token", 60_000])
        .command("GET", "a")
        .script("desk_acquire", [LEASE], ["token", 60_000])
        .run()
    )
    assert answers[1:] == [1, b"1", 1]


async def test_an_empty_batch_answers_nothing(database: Database) -> None:
    assert await database.batch().run() == []


async def test_answers_are_bytes(database: Database) -> None:
    await database.command("SET", "a", "Ж")
    assert await database.command("GET", "a") == "Ж".encode()


async def test_a_refused_command_is_a_store_error_and_the_rest_is_done(
    database: Database,
) -> None:
    batch = database.batch().command("SET", "a", "1").command("HGET", "a", "b")
    with pytest.raises(StoreError, match="WRONGTYPE"):
        await batch.command("SET", "b", "2").run()
    assert await database.command("GET", "b") == b"2"


async def test_a_full_server_is_a_clear_error(database: Database) -> None:
    await database.command("CONFIG SET", "maxmemory", "1")
    with pytest.raises(StoreError, match="Redis is full"):
        await database.command("SET", "a", "1")
    with pytest.raises(StoreError, match="Redis is full"):
        await database.script("desk_acquire")([LEASE], ["token", 60_000])


def test_a_script_of_two_tags_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="two hash tags"):
        database.batch().script("desk_acquire", [LEASE, "{pace}:slot"])


def test_a_command_of_two_tags_is_refused(database: Database) -> None:
    with pytest.raises(ValueError, match="two hash tags"):
        database.batch().command("MGET", LEASE, "{pace}:slots")


async def test_giving_up_ends_every_wait(redis_url: str) -> None:
    async with await Database.open(redis_url) as other, await Database.open(redis_url) as database:
        await other.command("CLIENT PAUSE", 60_000, "WRITE")
        batch = database.batch().command("GET", "a").command("SET", "a", "1")
        waiting = [
            asyncio.create_task(batch.run()),
            asyncio.create_task(database.command("SET", "b", "1")),
        ]
        await eventually(lambda: blocked(other, len(waiting)))
        database.give_up()
        outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        await other.command("CLIENT UNPAUSE")
        assert all("not waited for" in str(outcome) for outcome in outcomes)
        with pytest.raises(StoreError, match="not asked any more"):
            await database.command("PING")
        assert await other.command("PING")


async def blocked(database: Database, clients: int) -> bool:
    return bool((await database.command("INFO", "clients"))["blocked_clients"] == clients)


async def test_a_cancelled_call_leaves_nothing_to_the_next(database: Database) -> None:
    await database.command("SET", "a", "1")
    call = asyncio.create_task(database.command("BLPOP", "nothing", 0))
    await eventually(lambda: blocked(database, 1))
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert await database.command("GET", "a") == b"1"


async def test_nothing_is_sent_twice_when_the_answer_is_late(redis_url: str) -> None:
    async with (
        await Database.open(redis_url, request_timeout=timedelta(milliseconds=50)) as hasty,
        await Database.open(redis_url) as patient,
    ):
        await patient.command("CLIENT PAUSE", 300, "WRITE")
        with pytest.raises(StoreError, match="does not answer"):
            await hasty.command("XADD", "stream", "*", "e", "1")
        await patient.command("SET", "a", "1")
        assert await patient.command("XLEN", "stream") <= 1


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("redis://reader:secret@127.0.0.1:1/0", "redis://127.0.0.1:1/0"),
        ("unix:///nowhere/redis.sock", "unix:///nowhere/redis.sock"),
        ("http://127.0.0.1", "http://127.0.0.1"),
    ],
)
async def test_a_server_that_is_not_there_is_named_without_its_password(
    url: str, place: str
) -> None:
    with pytest.raises(StoreError) as refusal:
        await Database.open(url)
    assert place in str(refusal.value)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    ("info", "sentence"),
    [
        ("redis_version:6.0.16\r\nloading:0", "is version 6.0.16; 6.2 or newer is needed"),
        ("redis_version:7.2.4\r\nloading:1", "is still loading its data"),
    ],
)
async def test_an_unfit_server_is_refused(info: str, sentence: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            if line.strip().upper() == b"INFO":
                writer.write(f"${len(info)}\r\n{info}\r\n".encode())
            elif line.strip().upper() == b"CLIENT":
                writer.write(b"+OK\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(StoreError, match=sentence):
            await Database.open(f"redis://127.0.0.1:{port}")


async def test_facts_tell_whether_a_server_keeps_the_news(database: Database) -> None:
    facts = await database.facts()
    assert (facts.persistent, facts.evicts, facts.memory_limit) == (False, False, 0)
    await database.command("CONFIG SET", "save", "60 1")
    await database.command("CONFIG SET", "maxmemory-policy", "allkeys-lru")
    facts = await database.facts()
    await database.command("CONFIG SET", "save", "")
    await database.command("CONFIG SET", "maxmemory-policy", "noeviction")
    assert (facts.persistent, facts.evicts) == (True, True)


async def test_the_clock_is_the_servers(database: Database) -> None:
    await database.clock.synchronise()
    before = database.clock.now()
    seconds, microseconds = await database.command("TIME")
    server = from_milliseconds(int(seconds) * 1000 + int(microseconds) / 1000)
    assert before - timedelta(seconds=1) < server
    assert server < database.clock.now() + timedelta(seconds=1)


async def test_the_clock_moves_with_its_offset(database: Database) -> None:
    before = database.clock.now()
    database.clock.offset = timedelta(days=3)
    assert database.clock.now() - before >= timedelta(days=3)


def test_scores_carry_times_to_the_millisecond() -> None:
    moment = NOON + timedelta(milliseconds=123)
    assert from_milliseconds(milliseconds(moment)) == moment
    assert from_milliseconds(str(milliseconds(moment)).encode()) == moment
    assert milliseconds(moment + timedelta(microseconds=999)) == milliseconds(moment)
