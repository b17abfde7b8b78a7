"""What only a cluster does: requests to many nodes, slots that move, nodes that stop. The tests
of the stores run on one too (redis_cluster.py).
"""

import asyncio
import shutil
import ssl
import subprocess
from contextlib import suppress
from datetime import timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from redis.exceptions import ResponseError

from bot.errors import StoreError
from bot.store import keys, keys_deliveries, keys_desk
from bot.store.client import Database
from bot.store.requests import SLOTS, slot_of
from tests.redis_cluster import Node, RedisCluster
from tests.waiting import eventually

SHARDS = range(keys.CHAT_SHARDS)
MARK = keys_desk.desk_lease()


@pytest.fixture
def database_url(cluster_url: str) -> str:
    """All tests here open a cluster."""
    return cluster_url


async def test_a_batch_reaches_every_node_and_its_answers_are_in_order(
    database: Database, cluster: RedisCluster
) -> None:
    names = [keys.chats(shard) for shard in SHARDS]
    writing, reading = database.batch(), database.batch()
    for shard, name in enumerate(names):
        writing.command("HSET", name, "chat", shard)
        reading.command("HGET", name, "chat")
    await writing.run()
    assert await reading.run() == [str(shard).encode() for shard in SHARDS]
    assert all(node.command("DBSIZE") > 10 for node in cluster.nodes)


async def test_a_refused_request_is_told_and_those_of_other_nodes_are_done(
    database: Database,
) -> None:
    batch = database.batch()
    for shard in SHARDS:
        batch.command("SET", keys.chats(shard), "no hash")
        batch.command("HGET", keys.chats(shard), "chat") if shard == 9 else None
    with pytest.raises(StoreError, match="WRONGTYPE"):
        await batch.run()
    look = database.batch()
    for shard in SHARDS:
        look.command("EXISTS", keys.chats(shard))
    assert sum(await look.run()) == len(SHARDS)


async def test_scripts_are_loaded_on_the_nodes_that_miss_them(
    database: Database, cluster: RedisCluster
) -> None:
    await database.command("SCRIPT FLUSH")
    cluster.owner(MARK).command("SCRIPT LOAD", "return 1")
    batch = database.batch()
    for shard in SHARDS:
        batch.script("desk_acquire", [f"{keys.chat_tag(shard)}:mark"], ["token", 60_000])
    assert await batch.run() == [1] * len(SHARDS)


async def test_the_clock_is_that_of_the_node_with_the_pace(
    database: Database, cluster: RedisCluster
) -> None:
    clock = cluster.owner(keys_deliveries.slots())
    before = _times_asked(clock)
    for _ in range(5):
        await database.clock.synchronise()
    assert _times_asked(clock) - before == 5


def _times_asked(node: Node) -> int:
    return int(node.command("INFO", "commandstats").get("cmdstat_time", {"calls": 0})["calls"])


async def test_the_worst_node_counts(database: Database, cluster: RedisCluster) -> None:
    facts = await database.facts()
    assert (facts.nodes, facts.persistent, facts.evicts, facts.memory_limit) == (3, True, False, 0)
    worst = cluster.nodes[1]
    worst.command("CONFIG SET", "appendonly", "no")
    worst.command("CONFIG SET", "maxmemory-policy", "allkeys-lru")
    worst.command("CONFIG SET", "maxmemory", 50_000_000)
    facts = await database.facts()
    worst.command("CONFIG SET", "appendonly", "yes")
    worst.command("CONFIG SET", "maxmemory-policy", "noeviction")
    await eventually(lambda: _appends(worst))
    assert (facts.persistent, facts.evicts, facts.memory_limit) == (False, True, 50_000_000)


def _appends(node: Node) -> bool:
    """The file is whole again, so that a later test may count on it."""
    told = node.command("INFO", "persistence")
    return not (told["aof_rewrite_in_progress"] or told["aof_rewrite_scheduled"])


async def test_slots_are_those_of_the_servers(database: Database, cluster: RedisCluster) -> None:
    for key in (keys.feeds(3), keys.chats(17), MARK, "search:1", "{}a", "a{b}{c}", "Ж"):
        assert slot_of(key) == cluster.nodes[0].command("CLUSTER KEYSLOT", key)


async def test_a_slot_that_moved_is_followed(database: Database, cluster: RedisCluster) -> None:
    name = keys.chats(5)
    await database.command("SET", name, "kept")
    move = cluster.begin_move(name)
    move.finish()
    answers = await (
        database.batch()
        .command("GET", name)
        .script("desk_acquire", ["{c5}:mark"], ["token", 60_000])
        .command("GET", keys.chats(6))
        .run()
    )
    assert answers == [b"kept", 1, None]
    assert cluster.owner(name) is move.target


async def test_a_slot_that_is_moving_is_asked_for_where_the_key_is(
    database: Database, cluster: RedisCluster
) -> None:
    here, there, new = (f"{{c7}}:{name}" for name in ("here", "there", "new"))
    await database.command("MSET", here, "1", there, "2")
    move = cluster.begin_move(here)
    move.carry(there)
    batch = database.batch()
    for name in (here, there, new):
        batch.command("INCR", name)
    # Several at once, so that there is more than one connection to the node that is asked.
    found = await asyncio.gather(*(database.command("INCR", there) for _ in range(8)), batch.run())
    assert sorted([*found[:8], found[8][1]]) == list(range(3, 12))
    assert (found[8][0], found[8][2]) == (2, 1)
    assert await database.script("desk_acquire")(["{c7}:mark"], ["token", 60_000]) == 1
    move.finish()
    assert await database.command("MGET", here, there, new) == [b"2", b"11", b"1"]


async def test_a_script_waits_until_its_keys_are_in_one_place(
    database: Database, cluster: RedisCluster
) -> None:
    feeds, polls, due = keys.feeds(2), keys.polls(2), keys.due(2)
    await database.command("HSET", feeds, "other", "document")
    await database.command("HSET", polls, "other", "state")
    move = cluster.begin_move(feeds)
    move.carry(feeds)
    script = database.script("feed_add")
    adding = asyncio.create_task(script([feeds, polls, due], ["feed", "document", "state", 1]))
    await eventually(lambda: _refusals(move.target))
    assert not adding.done()
    move.finish()
    assert await adding == 1
    assert await database.command("HLEN", feeds) == 2


def _refusals(node: Node) -> bool:
    """It told somebody to try again."""
    return "errorstat_TRYAGAIN" in node.command("INFO", "errorstats")


async def test_what_is_asked_while_slots_move_is_done_once(
    database: Database, cluster: RedisCluster
) -> None:
    """Every request succeeds, and each stream has every entry, none twice."""
    streams = [f"{keys.chat_tag(shard)}:stream" for shard in range(8)]
    stopping = asyncio.Event()

    async def write(stream: str) -> int:
        number = 0
        while not stopping.is_set():
            batch = database.batch()
            for _ in range(4):
                batch.command("XADD", stream, "*", "n", number)
                batch.command("GET", keys.feeds(number % keys.FEED_SHARDS))
                number += 1
            await batch.run()
        return number

    writing = [asyncio.create_task(write(stream)) for stream in streams]
    for turn in range(16):
        stream = streams[turn % len(streams)]
        before = await database.command("XLEN", stream)
        move = cluster.begin_move(stream)
        await eventually(partial(_longer, database, stream, before))
        move.carry(stream)
        await eventually(partial(_longer, database, stream, before + 20))
        move.finish()
    stopping.set()
    for stream, count in zip(streams, await asyncio.gather(*writing), strict=True):
        entries = await database.command("XRANGE", stream, "-", "+")
        assert sorted(int(fields[b"n"]) for _id, fields in entries) == list(range(count))


async def _longer(database: Database, stream: str, before: int) -> bool:
    return bool(await database.command("XLEN", stream) > before)


async def test_a_node_that_stops_is_missed_and_found_again(
    database: Database, cluster: RedisCluster
) -> None:
    lost = cluster.owner(MARK)
    await database.command("SET", MARK, "kept")
    lost.stop()
    with pytest.raises(StoreError, match="does not answer"):
        await database.command("GET", MARK)
    with pytest.raises(StoreError):
        await database.command("PING")
    lost.start()
    await eventually(lambda: _found(database))
    assert await database.command("PING")


async def _found(database: Database) -> bool:
    try:
        return bool(await database.command("GET", MARK) == b"kept")
    except StoreError:
        return False


async def test_a_replica_that_took_over_is_found() -> None:
    with TemporaryDirectory(prefix="newsflash-") as home:
        cluster = RedisCluster(Path(home), timeout=500)
        try:
            cluster.start()
            primary = cluster.owner(MARK)
            replica = cluster.add_replica(primary)
            async with await Database.open(cluster.url) as database:
                await database.command("SET", MARK, "kept")
                await eventually(lambda: replica.command("DBSIZE") == 1)
                primary.stop()
                # Without an election, which on a busy machine may fail for long; an error says that
                # there was one.
                with suppress(ResponseError):
                    replica.command("CLUSTER", "FAILOVER", "TAKEOVER")
                await eventually(lambda: _found(database), seconds=40)
                assert await database.command("PING")
                assert (await database.facts()).nodes == len(cluster.nodes) - 1
        finally:
            cluster.stop()


async def test_nothing_is_sent_twice_when_a_node_stalls(cluster: RedisCluster) -> None:
    stream = keys_desk.story_log()
    stalled = cluster.owner(stream)
    hasty = await Database.open(cluster.url, request_timeout=timedelta(milliseconds=200))
    async with hasty, await Database.open(cluster.url) as patient:
        await hasty.command("XLEN", stream)
        stalled.stall()
        try:
            with pytest.raises(StoreError, match="does not answer"):
                await hasty.command("XADD", stream, "*", "s", "1")
        finally:
            stalled.go_on()
        await eventually(lambda: _holds_one(patient, stream))
        await hasty.command("SET", MARK, "later")
        assert await patient.command("XLEN", stream) == 1


async def _holds_one(database: Database, stream: str) -> bool:
    return bool(await database.command("XLEN", stream) == 1)


async def test_giving_up_ends_the_wait_for_a_node_that_stalls(cluster: RedisCluster) -> None:
    stalled = cluster.owner(MARK)
    async with await Database.open(cluster.url) as database:
        stalled.stall()
        try:
            batch = database.batch()
            for shard in SHARDS:
                batch.command("GET", keys.chats(shard))
            waiting = [
                asyncio.create_task(batch.run()),
                asyncio.create_task(database.command("GET", MARK)),
            ]
            await asyncio.wait(waiting, timeout=0.1)
            database.give_up()
            outcomes = await asyncio.gather(*waiting, return_exceptions=True)
        finally:
            stalled.go_on()
        assert all(isinstance(outcome, StoreError) for outcome in outcomes)
        with pytest.raises(StoreError, match="not asked any more"):
            await database.command("GET", MARK)


async def test_a_node_is_no_single_server(cluster: RedisCluster) -> None:
    place = f"127.0.0.1:{cluster.nodes[2].port}"
    with pytest.raises(StoreError, match=r"part of a cluster: set REDIS_URL to redis\+cluster"):
        await Database.open(f"redis://{place}")


async def test_a_single_server_is_no_cluster() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            if line.strip().upper() == b"CLUSTER":
                writer.write(b"-ERR This instance has cluster support disabled\r\n")
            elif line.strip().upper() == b"CLIENT":
                writer.write(b"+OK\r\n")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(StoreError, match="no part of a cluster: write redis://"):
            await Database.open(f"redis+cluster://127.0.0.1:{port}")


async def test_a_cluster_without_all_slots_is_incomplete(tmp_path: Path) -> None:
    node = Node(tmp_path)
    try:
        node.start()
        node.command("CLUSTER ADDSLOTS", *range(SLOTS - 1))
        with pytest.raises(StoreError, match="incomplete"):
            await Database.open(f"redis+cluster://127.0.0.1:{node.port}")
    finally:
        node.stop()


@pytest.mark.parametrize("given", ["127.0.0.1:1,{}", "{},127.0.0.1:1", "{},{}"])
async def test_one_node_of_those_given_is_enough(cluster: RedisCluster, given: str) -> None:
    place = f"127.0.0.1:{cluster.nodes[2].port}"
    async with await Database.open(f"redis+cluster://{given.format(place, place)}") as database:
        assert (await database.facts()).nodes == 3


async def test_every_node_is_asked_with_the_password(cluster: RedisCluster) -> None:
    place = cluster.url.partition("://")[2]
    for node in cluster.nodes:
        node.command("ACL SETUSER", "wire", "on", ">s3cret/@", "~*", "+@all")
    async with await Database.open(f"redis+cluster://wire:s3cret%2F%40@{place}") as database:
        batch = database.batch()
        for shard in SHARDS:
            batch.command("GET", keys.chats(shard))
        assert await batch.run() == [None] * len(SHARDS)
    with pytest.raises(StoreError) as refusal:
        await Database.open(f"redis+cluster://wire:wrong@{place}")
    assert "wrong" not in str(refusal.value)


@pytest.fixture
def encryption(tmp_path: Path) -> ssl.SSLContext:
    """Of a server with a certificate of its own, which is in cert.pem."""
    if not shutil.which("openssl"):
        pytest.skip("openssl makes the certificate")
    made = ("-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem")
    named = ("-subj", "/CN=newsflash", "-addext", "subjectAltName=IP:127.0.0.1")
    request = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *made, *named)
    subprocess.run(request, check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    return context


async def test_a_cluster_behind_tls(tmp_path: Path, encryption: ssl.SSLContext) -> None:
    node = Node(tmp_path)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind, ahead = await asyncio.open_connection("127.0.0.1", node.port)
        await asyncio.gather(_relay(reader, ahead), _relay(behind, writer))

    async with await asyncio.start_server(serve, "127.0.0.1", 0, ssl=encryption) as front:
        port = front.sockets[0].getsockname()[1]
        try:
            node.start(announced=port)
            node.command("CLUSTER ADDSLOTS", *range(SLOTS))
            await eventually(node.sees_all)
            options = f"ssl_ca_certs={tmp_path}/cert.pem"
            url = f"rediss+cluster://127.0.0.1:{port}?{options}"
            async with await Database.open(url) as database:
                await database.command("SET", MARK, "kept")
            assert node.command("GET", MARK) == b"kept"
            with pytest.raises(StoreError, match="certificate"):
                await Database.open(f"rediss+cluster://127.0.0.1:{port}")
        finally:
            node.stop()


async def _relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(65_536):
        writer.write(chunk)
    writer.close()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("redis+cluster://reader:secret@127.0.0.1:1", "127.0.0.1:1 cannot be used"),
        ("redis+cluster://127.0.0.1:1/3", "no database but 0"),
        ("redis+cluster://", "expected host:port"),
        ("redis+cluster://host:port", "no address of a Redis server"),
    ],
)
async def test_a_cluster_that_is_not_there_is_named_without_its_password(
    url: str, sentence: str
) -> None:
    with pytest.raises(StoreError, match=sentence) as refusal:
        await Database.open(url)
    assert "secret" not in str(refusal.value)
