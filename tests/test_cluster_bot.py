"""The whole bot on a Redis Cluster: a child process, feeds and Telegram over HTTP, three nodes
whose slots move and which stop for a while.
"""

from datetime import timedelta
from pathlib import Path

from bot.config import Rate
from bot.errors import StoreError
from bot.models.identifiers import ChatId
from bot.store import keys, keys_deliveries, keys_desk
from bot.store.deliveries import DeliveryQueue
from bot.store.feeds import FeedStore
from sandbox.population import ALEX
from tests.bot_process import Json, Stage, looking_at, stage
from tests.redis_cluster import RedisCluster
from tests.waiting import eventually

DAM = (
    (
        "harbour",
        "Dam failure floods Kherson suburbs, 12,000 evacuated overnight",
        "Water rose two metres after the eastern wall of the dam gave way near Kherson.",
    ),
    (
        "meridian",
        "Kherson suburbs flooded as dam fails, 12,000 evacuated",
        "Kherson's eastern dam wall gave way at night and the water rose by two metres.",
    ),
    (
        "continental",
        "12,000 evacuated after dam failure floods suburbs of Kherson",
        "The eastern wall of the dam near Kherson gave way overnight, officials said.",
    ),
)
TRAM = "Lisbon tram drivers win a four-day week after long talks"
FERRY = "Archaeologists lift a Viking ferry from a Danish harbour"
CHESS = "Chess prodigy from Tbilisi beats the computer she built"
BREAD = "Bakers of Lyon bring back a rye loaf from 1740"
MOVED = (keys_desk.desk_lease(), keys_deliveries.slots(), keys.chats(keys.chat_shard(ChatId(ALEX))))


async def test_the_whole_way_on_a_cluster(tmp_path: Path, cluster: RedisCluster) -> None:
    async with stage(tmp_path, redis_url=cluster.url) as scene:
        bot = await scene.bot()
        await eventually(lambda: baseline_done(scene))
        await scene.say("/start")
        # Whatever the hour at which the test runs.
        await scene.say("/settings quiet off")
        await scene.say("/subscribe all")
        scene.publish("meridian", TRAM)
        await eventually(lambda: scene.messages("Lisbon tram"))
        await scene.say("/latest")
        assert await scene.messages("Latest", "Lisbon tram")
        await scene.say("/status")
        assert await scene.messages("Status", "0 of them failing")
        await eventually(lambda: searched(scene, "Lisbon"))
        for outlet, title, lede in DAM:
            scene.publish(outlet, title, lede)
        await eventually(lambda: rung(scene))

        await eventually(lambda: settled(scene))
        before = await sent(scene, "Lisbon tram")
        await bot.kill()
        scene.publish("meridian", FERRY)
        again = await scene.bot()
        await eventually(lambda: told(scene, FERRY))
        assert await sent(scene, "Lisbon tram") == before
        assert len(await sent(scene, FERRY)) == 1
        assert await again.stop() == 0


async def test_nothing_is_lost_or_repeated_while_slots_move_and_a_node_is_away(
    tmp_path: Path, cluster: RedisCluster
) -> None:
    async with stage(tmp_path, redis_url=cluster.url) as scene:
        for roles in (("poll", "desk"), ("deliver",), ("commands",)):
            await scene.bot(*roles)
        await eventually(lambda: baseline_done(scene))
        await scene.say("/subscribe all")
        scene.publish("meridian", TRAM)
        await eventually(lambda: told(scene, TRAM))

        moves = [cluster.begin_move(key) for key in MOVED]
        scene.publish("harbour", FERRY)
        for move in moves:
            move.finish()
        await eventually(lambda: told(scene, FERRY))

        away = cluster.owner(keys_desk.desk_lease())
        away.stop()
        scene.publish("meridian", CHESS)
        await eventually(lambda: missed(scene))
        away.start()
        scene.publish("harbour", BREAD)
        await eventually(lambda: told(scene, CHESS), seconds=60)
        await eventually(lambda: told(scene, BREAD))
        await eventually(lambda: settled(scene))
        for title in (TRAM, FERRY, CHESS, BREAD):
            assert len(await sent(scene, title)) == 1, title
        for process in scene.processes:
            assert await process.stop() == 0


async def baseline_done(scene: Stage) -> bool:
    async with looking_at(scene.redis_url) as database:
        states = await FeedStore(database).states()
        return bool(states) and all(state.baseline_done for state in states.values())


async def settled(scene: Stage) -> bool:
    async with looking_at(scene.redis_url) as database:
        return await DeliveryQueue(database, Rate(20, timedelta(minutes=1))).peek() == {}


async def missed(scene: Stage) -> bool:
    """A look into the cluster fails as the bot's do."""
    try:
        await settled(scene)
    except StoreError:
        return True
    return False


async def searched(scene: Stage, word: str) -> bool:
    await scene.say(f"/search {word}")
    return bool(await scene.messages("1 story", word))


async def told(scene: Stage, title: str) -> bool:
    return bool(await scene.messages(title))


async def rung(scene: Stage) -> list[Json]:
    return [each for each in await scene.messages() if not each["silent"]]


async def sent(scene: Stage, title: str) -> list[Json]:
    """The messages that brought a story, alone or with others."""
    return [each for each in await scene.requests("sendMessage") if title in str(each)]
