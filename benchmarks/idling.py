"""What looking for work costs when there is none: one look at the queue, and a whole idle sender.

A look asks 64 shards for the earliest due time of five classes by one script a shard. The plain way
asks each of the 320 sorted sets by a command of its own.
"""

import asyncio
import time
from datetime import timedelta

from telegram import Bot

from benchmarks.audience import TOKEN, Audience, audience
from benchmarks.delivering import InstantRequest
from benchmarks.measuring import compare, table
from benchmarks.telegram_server import FIRST_PERSON
from bot.messenger.telegram import Messenger
from bot.models.deliveries import DeliveryClass
from bot.services.stopping import Stopping
from bot.store import keys_deliveries as keys
from bot.store.key_registry import CHAT_SHARDS

LOOKS = 50
ROUNDS = 7
IDLE = timedelta(seconds=5)
PLAIN = "a command for each shard and class"
PEEK = "the queue's look"


async def run() -> None:
    """Measure and print."""
    async with audience(FIRST_PERSON) as waiting:
        costs = await compare(
            {PLAIN: lambda: _plainly(waiting), PEEK: lambda: _looked(waiting)}, ROUNDS
        )
        table("One look at an empty queue", costs, PLAIN)
        await _idle_sender(waiting)


async def _looked(waiting: Audience) -> int:
    for _ in range(LOOKS):
        await waiting.stores.queue.peek()
    return LOOKS


async def _plainly(waiting: Audience) -> int:
    for _ in range(LOOKS):
        batch = waiting.database.batch()
        for shard in range(CHAT_SHARDS):
            for each in DeliveryClass:
                batch.command("ZRANGE", keys.queue(shard, each), 0, 0, "WITHSCORES")
        await batch.run()
    return LOOKS


async def _idle_sender(waiting: Audience) -> None:
    """Of a core, in the process and in Redis, while a sender has nothing to do."""
    bot = Bot(TOKEN, request=InstantRequest(), get_updates_request=InstantRequest())
    stopping = Stopping()
    async with Messenger(bot) as messenger:
        sending = asyncio.create_task(waiting.send_all(messenger, stopping))
        try:
            await asyncio.sleep(1)
            own, redis = time.process_time(), await _redis_seconds(waiting)
            await asyncio.sleep(IDLE.total_seconds())
            own, redis = time.process_time() - own, await _redis_seconds(waiting) - redis
        finally:
            stopping.request()
            await sending
    seconds = IDLE.total_seconds()
    print(f"\nAn idle sender: {own / seconds:.1%} of a core, and its Redis {redis / seconds:.1%}")


async def _redis_seconds(waiting: Audience) -> float:
    facts = await waiting.database.command("INFO", "cpu")
    return float(facts["used_cpu_user"]) + float(facts["used_cpu_sys"])
