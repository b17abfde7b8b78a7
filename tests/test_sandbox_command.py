"""The sandbox as a newcomer starts it: one command, no token, everything in child processes."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox.wire_library import Tale, library
from tests.command_line import Command, command
from tests.waiting import eventually

ADDRESS = re.compile(r"Newsflash sandbox: (http://\S+)")
ALEX = 1001
PACE = "2"
"""The first breaking story comes after ten seconds then, and its update within 40. Any faster, and
polls bring its tellings together, so that another outlet than the one that updates may lead."""
LEAST_STORIES = 8
MARKER = re.compile(r"^(?:🔴 Breaking: )?")
LISTED = re.compile(r"^\d+\.\s*(.+)$", re.MULTILINE)
DAY = 1_600_000_000
MINUTES = 60

Json = dict[str, Any]


class Client:
    """A person at the sandbox that a command started."""

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        self.address, self.session = address, session

    async def act(self, path: str, **fields: object) -> Json:
        """POST /client/<path>."""
        async with self.session.post(
            f"{self.address}/client/{path}", json={"user": ALEX, **fields}
        ) as response:
            answer: Json = await response.json()
            assert response.status == 200, answer
            return answer

    async def say(self, text: str) -> Json:
        """Write, and wait for the answer that comes next."""
        sent = await self.act("send", chat=ALEX, text=text)
        after = sent["message"]["message_id"]
        return await eventually(lambda: self._first_after(after), seconds=40)

    async def start(self) -> Json:
        """Press Start, and wait for the greeting."""
        await self.act("start")
        return await eventually(lambda: self._first_after(0), seconds=40)

    async def received(self) -> list[Json]:
        """All that the bot wrote, oldest first."""
        query = {"user": str(ALEX), "chat": str(ALEX), "limit": "1000"}
        async with self.session.get(f"{self.address}/client/messages", params=query) as response:
            answer: Json = await response.json()
        messages: list[Json] = answer["messages"] if response.status == 200 else []
        return [each for each in messages if each["from"]["is_bot"]]

    async def _first_after(self, message_id: int) -> Json | None:
        received = await self.received()
        return next((each for each in received if each["message_id"] > message_id), None)


@asynccontextmanager
async def client(run: Command) -> AsyncIterator[Client]:
    """Somebody who opens the address that the command printed."""
    await eventually(lambda: run.printed("Newsflash sandbox: "), seconds=40)
    found = ADDRESS.search(run.output)
    assert found is not None, run.output
    async with aiohttp.ClientSession() as session:
        yield Client(found[1], session)


def titles(messages: list[Json]) -> list[str]:
    """The headlines of stories, alone or listed; a ringing reply repeats one and is left out."""
    found = []
    for message in messages:
        text, first = message["text"], message["text"].splitlines()[0]
        if re.fullmatch(r"\d+ (?:story|stories)", first):
            found += LISTED.findall(text)
        elif is_story(message):
            found.append(first)
    return [MARKER.sub("", title) for title in found]


def is_story(message: Json) -> bool:
    """Whether it is one story's own message."""
    rows = message.get("reply_markup", {}).get("inline_keyboard", [])
    return "⋯ More" in [button["text"] for row in rows for button in row]


def titles_of(tale: Tale) -> set[str]:
    """Every headline under which an event is told, without what marks it urgent."""
    told = [each.article.title for each in tale.tellings]
    told += [each.title for each in tale.revisions]
    return {title.removeprefix("URGENT: ") for title in told}


async def test_run_without_a_token_is_the_sandbox_and_ends_without_a_trace(
    tmp_path: Path,
) -> None:
    async with command(tmp_path, "run", PORT="0") as run, client(run) as newcomer:
        async with newcomer.session.get(newcomer.address) as page:
            assert page.status == 200
            assert "Newsflash sandbox" in await page.text()
        greeting = await newcomer.start()
        assert "Breaking news in English is on." in greeting["text"]
        answer = await newcomer.say("/subscribe all")
        assert "now gets everything" in answer["text"]
        await eventually(lambda: a_story(newcomer), seconds=40)
        assert any("redis-server" in line for line in run.processes().values())

        assert await run.stop() == 0
        await eventually(lambda: not run.processes())
        assert list((tmp_path / "temporary").iterdir()) == []
        assert "Traceback" not in run.output


async def a_story(newcomer: Client) -> bool:
    return any(is_story(message) for message in await newcomer.received())


async def test_the_sample_wire_arrives_once_each_rings_and_is_updated(tmp_path: Path) -> None:
    async with (
        command(tmp_path, "sandbox", "--pace", PACE, PORT="0") as run,
        client(run) as newcomer,
    ):
        await newcomer.start()
        # Whatever the hour at which the test runs.
        await newcomer.say("/settings quiet off")
        await newcomer.say("/subscribe all")
        messages = await eventually(lambda: lively(newcomer), seconds=90)
        counted = Counter(titles(messages))
        assert {title for title, count in counted.items() if count > 1} == set()
        # One event told by several outlets is one story.
        for tale in (*library().breaking, *library().ordinary):
            assert sum(counted[title] for title in titles_of(tale)) <= 1, titles_of(tale)
        assert "Traceback" not in run.output


async def lively(newcomer: Client) -> list[Json] | None:
    """What came, once there is a bit of everything."""
    messages = await newcomer.received()
    rang = [each for each in messages if not each["silent"]]
    updated = [
        each
        for each in messages
        if is_story(each) and "🔴 Breaking" in each["text"] and "(Updated " in each["text"]
    ]
    enough = len(titles(messages)) >= LEAST_STORIES
    return messages if enough and rang and updated else None


def store(folder: Path, polls: dict[int, tuple[str, ...]]) -> None:
    """Polls of one feed, by the second at which each was stored."""
    folder.mkdir(parents=True)
    for number, (moment, headlines) in enumerate(sorted(polls.items())):
        items = "".join(
            f"<item><title>{headline}</title><link>https://{folder.name}.example/{place}</link>"
            f"<guid>{headline}</guid><description>{headline}, people said.</description></item>"
            for place, headline in reversed(list(enumerate(headlines)))
        )
        (folder / f"{number:04}_{moment}.xml").write_text(
            f"<rss version='2.0'><channel><title>{folder.name.title()}</title>"
            f"<link>https://{folder.name}.example/</link><description>d</description>"
            f"<language>en</language>{items}</channel></rss>",
            encoding="utf-8",
        )


@pytest.fixture
def polls(tmp_path: Path) -> Path:
    """Two feeds whose later polls come within a quarter of an hour."""
    old = "Lighthouse of Norre repainted in stripes"
    first, second = "Glassblowers of Orsa win a prize", "Ferry to Sandvik sails on batteries"
    folder = tmp_path / "polls"
    store(
        folder / "morning",
        {DAY: (old,), DAY + 12 * MINUTES: (old, first), DAY + 13 * MINUTES: (old, first, second)},
    )
    store(
        folder / "evening",
        {
            DAY: ("Choir of Lund rehearses under water",),
            DAY + 13 * MINUTES: (
                "Choir of Lund rehearses under water",
                "Beavers dam the canal of Tarn",
            ),
        },
    )
    return folder


async def test_stored_polls_play_as_a_live_wire(tmp_path: Path, polls: Path) -> None:
    async with (
        command(tmp_path, "sandbox", "--polls", str(polls), "--speed", "60", PORT="0") as run,
        client(run) as newcomer,
    ):
        await newcomer.say("/subscribe all")
        expected = {
            "Glassblowers of Orsa win a prize",
            "Ferry to Sandvik sails on batteries",
            "Beavers dam the canal of Tarn",
        }
        await eventually(lambda: all_came(newcomer, expected), seconds=60)
        # The first polls were there before: nothing of them is pushed, but it is found.
        assert sorted(titles(await newcomer.received())) == sorted(expected)
        latest = await newcomer.say("/latest")
        assert "Lighthouse of Norre repainted in stripes" in latest["text"]
        assert "Choir of Lund rehearses under water" in latest["text"]
        assert await run.stop() == 0


async def all_came(newcomer: Client, expected: set[str]) -> bool:
    return expected <= set(titles(await newcomer.received()))


async def test_a_folder_without_polls_is_named(tmp_path: Path) -> None:
    async with command(tmp_path, "sandbox", "--polls", str(tmp_path / "nothing"), PORT="0") as run:
        assert await run.status() == 2
        assert "--polls: " in run.output
        assert str(tmp_path / "nothing") in run.output


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    (tmp_path / "first").mkdir()
    (tmp_path / "second").mkdir()
    async with command(tmp_path / "first", "run", PORT="0") as run, client(run) as newcomer:
        port = newcomer.address.rpartition(":")[2]
        async with command(tmp_path / "second", "run", PORT=port) as other:
            assert await other.status() == 2
            assert f"PORT: 127.0.0.1:{port} cannot be used" in other.output
