"""Updates through real processes: several with the role commands, kills, stops, the webhook."""

import asyncio
import json
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from bot.store.client import Database
from sandbox.population import ALEX
from tests.bot_process import BotProcess, Json, Stage, looking_at, stage
from tests.stoppable_redis import StoppableRedis
from tests.update_stage import emptied
from tests.waiting import eventually

SECRET = "a-secret-of-the-test"
ASKED = 40


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
async def scene(tmp_path: Path, stoppable_redis: StoppableRedis) -> AsyncIterator[Stage]:
    async with stage(tmp_path, redis_url=stoppable_redis.url) as made:
        for person in people(made):
            await made.client("start", user=person)
        yield made


def people(scene: Stage) -> list[int]:
    """Ten who wrote to the bot."""
    for number in range(10):
        if 5_000 + number not in scene.sandbox.world.people:
            scene.sandbox.world.add_person(5_000 + number, "Reader", f"reader_{number}", "en")
    return list(range(5_000, 5_010))


async def process(scene: Stage, *roles: str, **settings: str) -> BotProcess:
    made = BotProcess({**scene.settings, **settings}, scene.folder / "bot.log", *roles)
    scene.processes.append(made)
    await made.start()
    return made


async def ask(scene: Stage, person: int, word: str) -> None:
    await scene.client("send", user=person, chat=person, text=f"/search {word}")


async def answers(scene: Stage) -> list[str]:
    """Which searches were answered, in order."""
    found = []
    for request in await scene.requests("sendMessage"):
        text = json.dumps(request)
        at = text.find("word")
        if at >= 0:
            found.append(text[at : at + 8])
    return found


def words(count: int = ASKED) -> list[str]:
    return [f"word{number:04}" for number in range(count)]


async def ask_all(scene: Stage, start: int = 0, stop: int = ASKED) -> None:
    everybody = people(scene)
    for number, word in list(enumerate(words()))[start:stop]:
        await ask(scene, everybody[number % len(everybody)], word)


async def answered(scene: Stage, expected: list[str]) -> bool:
    return set(await answers(scene)) >= set(expected)


def in_order(found: list[str]) -> bool:
    """Each person's in the order in which they were asked; repeats aside."""
    first = list(dict.fromkeys(found))
    return all(
        [word for word in first if int(word[4:]) % 10 == person]
        == sorted(word for word in first if int(word[4:]) % 10 == person)
        for person in range(10)
    )


async def test_two_processes_handle_each_update_once(scene: Stage) -> None:
    await process(scene, "commands")
    await process(scene, "commands")
    await ask_all(scene)
    await eventually(lambda: answered(scene, words()))
    async with looking_at(scene.redis_url) as database:
        await eventually(lambda: emptied(database))
    found = await answers(scene)
    assert sorted(found) == words()
    assert in_order(found)


async def test_a_kill_in_the_middle_loses_nothing(scene: Stage) -> None:
    """Whichever of the two polls: the other goes on within seconds."""
    for _ in range(2):
        await process(scene, "commands")
    await ask_all(scene, 0, 10)
    await eventually(lambda: answered(scene, words(10)))
    await scene.fault(method="sendMessage", times=4, kind="slow", seconds=3, when="before")
    await ask_all(scene, 10, 30)
    await eventually(lambda: answered(scene, words(10)))
    await scene.processes[0].kill()
    await scene.clear_faults()
    await ask_all(scene, 30)
    await eventually(lambda: answered(scene, words()), seconds=40)
    found = await answers(scene)
    # Asked at the Bot API at the moment of the kill, and again by the other process.
    assert len(found) - len(set(found)) <= 4
    assert in_order(found)


async def test_a_normal_stop_in_the_middle_repeats_nothing(scene: Stage) -> None:
    stopping = await process(scene, "commands")
    await process(scene, "commands")
    await ask_all(scene, 0, 20)
    assert await stopping.stop() == 0
    await ask_all(scene, 20)
    await eventually(lambda: answered(scene, words()))
    async with looking_at(scene.redis_url) as database:
        await eventually(lambda: emptied(database))
    assert sorted(await answers(scene)) == words()


async def test_a_stop_ends_although_redis_hangs(
    scene: Stage, stoppable_redis: StoppableRedis
) -> None:
    bot = await process(scene)
    await ask_all(scene, 0, 5)
    await eventually(lambda: answered(scene, words(5)))
    stoppable_redis.stand_still()
    async with asyncio.timeout(30):
        await bot.stop()
    stoppable_redis.go_on()
    await process(scene, "commands")
    await ask_all(scene, 5, 10)
    await eventually(lambda: answered(scene, words(10)))
    assert sorted(await answers(scene)) == words(10)


async def test_a_second_signal_ends_at_once_and_loses_nothing(scene: Stage) -> None:
    bot = await process(scene, "commands")
    await scene.fault(method="sendMessage", times=1, kind="slow", seconds=60, when="before")
    await ask_all(scene, 0, 10)
    async with looking_at(scene.redis_url) as database:
        await eventually(lambda: begun(scene, database))
    await eventually(lambda: ended(bot))
    await scene.clear_faults()
    await process(scene, "commands")
    await eventually(lambda: answered(scene, words(10)))


def ended(bot: BotProcess) -> bool:
    """Ask again and again, as somebody at a keyboard does."""
    return bot.remind(signal.SIGTERM) is not None


async def begun(scene: Stage, database: Database) -> bool:
    return not await emptied(database) and bool(await answers(scene))


class Webhook:
    """A process with the role web, and one with the role commands."""

    def __init__(self, scene: Stage) -> None:
        self._scene = scene
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        self._settings = {
            "WEBHOOK_URL": self.address,
            "WEBHOOK_SECRET": SECRET,
            "PORT": str(port),
        }

    async def start(self, *roles: str) -> BotProcess:
        return await process(self._scene, *roles, **self._settings)

    async def post(self, body: bytes, **headers: str) -> int:
        told = {
            "Content-Type": "application/json",
            "X-Telegram-Bot-Api-Secret-Token": SECRET,
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        url = f"{self.address}/telegram"
        async with self._scene.session.post(url, data=body, headers=told) as response:
            return response.status

    async def is_set(self) -> bool:
        return bool(await self._scene.requests("setWebhook"))


async def test_the_webhook_brings_updates_to_other_processes(scene: Stage) -> None:
    webhook = Webhook(scene)
    await webhook.start("web")
    await webhook.start("commands")
    await webhook.start("commands")
    await ask_all(scene)
    await eventually(lambda: answered(scene, words()))
    found = await answers(scene)
    assert sorted(found) == words()
    assert in_order(found)
    assert not await scene.requests("getUpdates")
    inline = await scene.client("inline", user=ALEX, chat=ALEX, query="word")
    assert "results" in inline
    assert await scene.requests("answerInlineQuery")


async def test_the_webhook_refuses_what_telegram_never_sends(scene: Stage) -> None:
    webhook = Webhook(scene)
    await webhook.start("web", "commands")
    update = json.dumps({"update_id": 7}).encode()
    assert await webhook.post(update, X_Telegram_Bot_Api_Secret_Token="wrong") == 403
    assert await webhook.post(update, X_Telegram_Bot_Api_Secret_Token="") == 403
    assert await webhook.post(b" " * (1 << 21) + update) == 413
    assert await webhook.post(b"{") == 400
    assert await webhook.post(b"[]") == 400
    assert await webhook.post(b'{"update_id": "7"}') == 400
    assert await webhook.post(update, Content_Type="text/plain") == 400
    assert await webhook.post(update) == 200
    async with scene.session.get(f"{webhook.address}/telegram") as response:
        assert response.status == 405
    async with looking_at(scene.redis_url) as database:
        await eventually(lambda: emptied(database))


async def test_the_webhook_waits_for_redis(scene: Stage, stoppable_redis: StoppableRedis) -> None:
    webhook = Webhook(scene)
    await webhook.start("web", "commands")
    await ask_all(scene, 0, 5)
    await eventually(lambda: answered(scene, words(5)))
    stoppable_redis.stop()
    await scene.client("send", user=5_009, chat=5_009, text="/status")
    await ask_all(scene, 5, 10)
    assert await webhook.post(json.dumps(message(9, ALEX)).encode()) == 503
    await eventually(lambda: told_of_the_outage(scene))
    problems = await eventually(lambda: unhealthy(scene.session, webhook.address))
    assert any("cannot be stored" in each for each in problems), problems
    stoppable_redis.start()
    await eventually(lambda: answered(scene, words(10)), seconds=40)
    assert sorted(await answers(scene)) == words(10)
    await eventually(lambda: healthy(scene.session, webhook.address))
    assert await told_of_the_outage(scene) == 1
    sent = [str(each) for each in await scene.requests("sendMessage")]
    assert not any("of them failing" in each for each in sent)


async def told_of_the_outage(scene: Stage) -> int:
    return sum("Nothing is lost" in str(each) for each in await scene.requests("sendMessage"))


async def healthy(session: aiohttp.ClientSession, address: str) -> bool:
    return not await unhealthy(session, address)


def message(number: int, chat: int) -> Json:
    return {"update_id": number, "message": {"message_id": 1, "chat": {"id": chat}, "text": "x"}}


async def unhealthy(session: aiohttp.ClientSession, address: str) -> list[str]:
    async with session.get(f"{address}/healthz") as response:
        answer: Json = await response.json()
        return list(answer["problems"])


async def test_without_a_webhook_url_an_earlier_webhook_is_removed(scene: Stage) -> None:
    webhook = Webhook(scene)
    first = await webhook.start("web", "commands")
    await eventually(webhook.is_set)
    await first.stop()
    await process(scene, "commands")
    await ask_all(scene, 0, 5)
    await eventually(lambda: answered(scene, words(5)))
