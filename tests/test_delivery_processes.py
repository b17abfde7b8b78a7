"""Two senders, two pollers, a desk that dies: each story once in each chat and topic.

Real processes that share one Redis; what arrived is read at the sandbox.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from sandbox.population import ALEX
from sandbox.wire_library import Publication
from tests.bot_process import BotProcess, Stage, stage
from tests.under_fire import (
    based,
    copies,
    log_of,
    process,
    publish,
    readers,
    sends,
    subscribe,
    subscribed,
    tales,
    written,
)
from tests.waiting import eventually

CROWD = 25
Place = tuple[int, int | None]


@dataclass
class Fleet:
    """The processes by name, and everywhere that stories go."""

    scene: Stage
    processes: dict[str, BotProcess]
    places: list[Place]
    told: Iterator[Publication]
    senders: set[str]
    """As the record of requests names them."""

    @property
    def leading(self) -> str:
        """The name of the process whose desk took the lease last."""
        names = [name for name in self.processes if "the desk leads" in log_of(self.scene, name)]
        return max(names, key=lambda name: last_lead(self.scene, name))

    def copies(self, titles: list[str]) -> set[int]:
        """How often stories stand anywhere."""
        return {
            count
            for chat, thread in self.places
            for count in copies(self.scene, chat, titles, thread)
        }

    async def arrived(self, titles: list[str]) -> None:
        """Every story has come everywhere."""
        await eventually(lambda: 0 not in self.copies(titles), seconds=90)


def last_lead(scene: Stage, name: str) -> str:
    lines = [line for line in log_of(scene, name).splitlines() if "the desk leads" in line]
    return lines[-1]


@asynccontextmanager
async def fleet(folder: Path, redis_url: str) -> AsyncIterator[Fleet]:
    # A forum with three places gets more than twenty messages here.
    async with stage(folder, redis_url=redis_url, SEND_RATE_GROUP="1000/m") as scene:
        processes = {
            "first": process(scene, "first", "poll", "desk"),
            "second": process(scene, "second", "poll", "desk"),
            "commands": process(scene, "commands", "commands"),
        }
        senders = {name: await scene.sandbox.listen_also() for name in ("sender", "other sender")}
        for name, address in senders.items():
            settings = {**scene.settings, "TELEGRAM_API_URL": address}
            processes[name] = process(scene, name, "deliver", settings=settings)
        async with asyncio.TaskGroup() as starting:
            for each in processes.values():
                starting.create_task(each.start())
        await eventually(lambda: based(redis_url))
        places: list[Place] = [(chat, None) for chat in await readers(scene, CROWD)]
        forum = topics(scene)
        for chat, thread in forum:
            await subscribe(scene, chat, ALEX, thread)
        await eventually(lambda: all(subscribed(scene, *place) for place in forum))
        callers = {address.removeprefix("http://") for address in senders.values()}
        yield Fleet(scene, processes, [*places, *forum], tales(), callers)


def topics(scene: Stage) -> list[Place]:
    """Two topics of one forum, and its general one."""
    forum = next(chat for chat in scene.sandbox.world.chats.values() if chat.is_forum)
    return [(forum.id, None if topic == 1 else topic) for topic in forum.topics]


async def test_two_of_each_and_a_desk_that_dies_tell_every_story_once(
    tmp_path: Path, redis_url: str
) -> None:
    async with fleet(tmp_path, redis_url) as bot:
        titles: list[str] = []
        for _ in range(3):
            titles += publish(bot.scene, bot.told)
            await bot.arrived(titles)
        for _ in range(2):
            titles.append(await told_while_the_desk_dies(bot))
            await bot.arrived(titles)
            await eventually(lambda: retold(bot, titles[-1]), seconds=60)
        assert bot.copies(titles) == {1}
        senders = {entry.caller for entry in sends(bot.scene) if entry.caller in bot.senders}
        assert len(senders) == 2, "one of the senders had nothing to do"


async def told_while_the_desk_dies(bot: Fleet) -> str:
    """A story is on its way when the leading desk is killed, and told again while nobody leads."""
    scene, publication = bot.scene, next(bot.told)
    article = publication.article
    asked = len(sends(scene))
    scene.wire.publish(publication.source, article)
    await eventually(lambda: len(sends(scene)) > asked, seconds=60)
    dead = bot.processes[bot.leading]
    await dead.kill()
    other = "harbour" if publication.source != "harbour" else "continental"
    scene.wire.publish(other, replace(article, published=None))
    await dead.start()
    return article.title


def retold(bot: Fleet, title: str) -> bool:
    """Every message of a story names the second outlet."""
    return all(
        "also:" in message.text
        for chat, thread in bot.places
        for message in written(bot.scene, chat, thread)
        if title in message.text
    )
