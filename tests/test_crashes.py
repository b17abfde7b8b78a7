"""SIGKILL at each step of the pipeline: nothing lost, nothing acknowledged repeated.

Real processes, real Redis, the sandbox's Telegram over HTTP. Kills at any moment: tests.test_soak.
"""

from collections import Counter
from datetime import timedelta
from pathlib import Path

from bot.config import Rate
from bot.models.deliveries import DeliveryClass
from bot.store import keys, keys_desk
from bot.store.client import Database
from bot.store.deliveries import DeliveryQueue
from bot.store.feeds import FeedStore
from sandbox.population import ALEX
from sandbox.wire_feeds import Fault, FaultKind
from tests.bot_process import Stage, looking_at, stage
from tests.waiting import eventually

TITLES = (
    "Glacier village in Svaneti votes to move its church downhill",
    "Lisbon tram drivers win a four-day week after long talks",
    "Archaeologists lift a Viking ferry from a Danish harbour",
    "Nairobi market swaps plastic stalls for woven bamboo",
    "Quantum clock on a satellite keeps time for a whole year",
    "Bakers of Lyon bring back a rye loaf from 1740",
    "Parliament of Malta approves a tunnel to Gozo",
    "Otters return to the Thames after sixty years away",
    "Patagonian school teaches by radio during the blizzards",
    "Chess prodigy from Tbilisi beats the computer she built",
    "Solar ferry crosses the Baltic without a drop of diesel",
    "Hospital in Hanoi prints its own prosthetic hands",
)


async def ready(url: str) -> bool:
    async with looking_at(url) as database:
        states = await FeedStore(database).states()
        return bool(states) and all(state.baseline_done for state in states.values())


async def empty(database: Database) -> bool:
    """Nothing on its way: no entries, no events, nothing pending."""
    batch = database.batch()
    for shard in range(keys.FEED_SHARDS):
        batch.command("XLEN", keys.entries(shard))
    for lane in ("urgent", "ordinary"):
        batch.command("XLEN", keys_desk.fanout(lane))
    queue = DeliveryQueue(database, Rate(20, timedelta(minutes=1)))
    return not any(await batch.run()) and await queue.peek() == {}


async def subscribed(scene: Stage) -> None:
    """A bot is up, feeds have their baseline, Alex gets every story at once."""
    bot = await scene.bot()
    await eventually(lambda: ready(scene.redis_url))
    await scene.say("/subscribe all")
    await bot.kill()


async def arrivals(scene: Stage) -> Counter[str]:
    """How often each title stands in Alex' chat, alone or in a bundle."""
    texts = "\n".join(each.get("text", "") for each in await scene.messages())
    return Counter({title: texts.count(title) for title in TITLES if title in texts})


async def arrived(scene: Stage, titles: tuple[str, ...]) -> bool:
    found = await arrivals(scene)
    return all(found[title] for title in titles)


async def test_killed_while_fetching(tmp_path: Path, redis_url: str) -> None:
    async with stage(tmp_path, redis_url=redis_url) as scene:
        await subscribed(scene)
        scene.publish("meridian", TITLES[0])
        scene.wire.disturb("meridian", Fault(FaultKind.HANG))
        poller = await scene.bot("poll")
        await eventually(lambda: scene.wire.hanging("meridian"))
        await poller.kill()
        scene.wire.calm("meridian")
        async with looking_at(redis_url) as database:
            await leases_over(database)
        await scene.bot()
        await eventually(lambda: arrived(scene, TITLES[:1]))
        assert (await arrivals(scene))[TITLES[0]] == 1


async def test_a_stopping_poller_gives_back_what_it_has_not_read(
    tmp_path: Path, redis_url: str
) -> None:
    async with stage(tmp_path, redis_url=redis_url) as scene, looking_at(redis_url) as database:
        await subscribed(scene)
        feeds = FeedStore(database)
        scene.wire.disturb("meridian", Fault(FaultKind.HANG))
        poller = await scene.bot("poll")
        await eventually(lambda: scene.wire.hanging("meridian"))
        assert await poller.stop() == 0
        due = await feeds.claim_due(100, lease=timedelta(seconds=45))
        assert any("meridian" in feed.url for feed in due)


async def test_killed_after_each_stage(tmp_path: Path, redis_url: str) -> None:
    """Each role runs alone and is killed when its work stands in Redis; the next goes on."""
    async with stage(tmp_path, redis_url=redis_url) as scene, looking_at(redis_url) as database:
        await subscribed(scene)
        scene.publish("meridian", TITLES[0])

        poller = await scene.bot("poll")
        await eventually(lambda: polled(database))
        await poller.kill()
        assert not await arrivals(scene)

        desk = await scene.bot("desk")
        await eventually(lambda: raised(database))
        await desk.kill()
        # What was placed is not placed again, whoever reads the stream from its start.
        forgetting = database.batch()
        for shard in range(keys.FEED_SHARDS):
            forgetting.command("DEL", keys.acknowledged(shard))
        await forgetting.run()
        second = await scene.bot("desk")
        await eventually(lambda: placed(database))
        await second.kill()

        await scene.fault(method="sendMessage", times=1, kind="slow", seconds=30, when="before")
        sender = await scene.bot("deliver")
        await eventually(lambda: claimed(database))
        await sender.kill()
        assert not await arrivals(scene)
        await scene.clear_faults()

        await scene.bot("deliver")
        await eventually(lambda: arrived(scene, TITLES[:1]))
        await eventually(lambda: empty(database))
        assert (await arrivals(scene))[TITLES[0]] == 1


async def test_a_request_in_flight_is_the_only_thing_a_kill_repeats(
    tmp_path: Path, redis_url: str
) -> None:
    async with stage(tmp_path, redis_url=redis_url) as scene, looking_at(redis_url) as database:
        await subscribed(scene)
        bot = await scene.bot()
        scene.publish("meridian", TITLES[0])
        await eventually(lambda: arrived(scene, TITLES[:1]))
        await eventually(lambda: empty(database))
        # The message gets through, its answer does not.
        await scene.fault(method="sendMessage", times=1, kind="slow", seconds=30, when="after")
        scene.publish("meridian", TITLES[1])
        await eventually(lambda: arrived(scene, TITLES[1:2]))
        await bot.kill()
        await scene.clear_faults()
        await scene.bot()
        await eventually(lambda: empty(database))
        found = await arrivals(scene)
        assert found[TITLES[0]] == 1
        assert found[TITLES[1]] <= 2


async def leases_over(database: Database) -> None:
    """A killed poll is taken up when its claim's lease ends: as if that time had passed."""
    feeds = FeedStore(database)
    await feeds.hasten([feed.id for feed in await feeds.all()])


async def test_an_update_that_was_taken_in_survives_a_kill(tmp_path: Path, redis_url: str) -> None:
    async with stage(tmp_path, redis_url=redis_url) as scene:
        await subscribed(scene)
        bot = await scene.bot()
        await scene.fault(method="sendMessage", times=1, kind="slow", seconds=30, when="before")
        sent = await scene.client("send", user=ALEX, chat=ALEX, text="/help")
        await eventually(lambda: answering(scene))
        await bot.kill()
        await scene.clear_faults()
        await scene.bot()
        after = sent["message"]["message_id"]
        await eventually(lambda: help_after(scene, after))


async def answering(scene: Stage) -> bool:
    return any("/subscribe" in str(each) for each in await scene.requests("sendMessage"))


async def help_after(scene: Stage, message_id: int) -> bool:
    return any(each["message_id"] > message_id for each in await scene.messages("/subscribe"))


async def polled(database: Database) -> bool:
    batch = database.batch()
    for shard in range(keys.FEED_SHARDS):
        batch.command("XLEN", keys.entries(shard))
    return any(await batch.run())


async def raised(database: Database) -> bool:
    queue = DeliveryQueue(database, Rate(20, timedelta(minutes=1)))
    return any(DeliveryClass.NEWS in times for times in (await queue.peek()).values())


async def placed(database: Database) -> bool:
    batch = database.batch()
    for shard in range(keys.FEED_SHARDS):
        batch.command("XLEN", keys.entries(shard))
    for lane in ("urgent", "ordinary"):
        batch.command("XLEN", keys_desk.fanout(lane))
    return not any(await batch.run())


async def claimed(database: Database) -> bool:
    queue = DeliveryQueue(database, Rate(20, timedelta(minutes=1)))
    return bool(await queue.holders())
