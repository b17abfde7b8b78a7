"""The parsing process: answers, refusals, poisoned documents, its end with the bot's."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from bot.errors import FeedError, FeedTrouble
from bot.services.parsing import ParsingProcess
from tests.waiting import eventually

FEED = b"<rss version='2.0'><channel><title>A</title><item><title>B</title></item></channel></rss>"
URL = "https://example.org/feed.xml"


@pytest.fixture
async def parsing() -> AsyncIterator[ParsingProcess]:
    process = ParsingProcess()
    yield process
    await process.close()


async def parse(process: ParsingProcess, body: bytes) -> list[str]:
    parsed = await process.parse(body, url=URL, content_type="")
    return [entry.title for entry in parsed.entries]


async def test_documents_are_parsed_one_after_another(parsing: ParsingProcess) -> None:
    answers = await asyncio.gather(*(parse(parsing, FEED) for _ in range(5)))
    assert answers == [["B"]] * 5


async def test_a_refusal_is_the_parsers_own(parsing: ParsingProcess) -> None:
    with pytest.raises(FeedError) as raised:
        await parse(parsing, b"<html><body>Hello</body></html>")
    assert raised.value.trouble is FeedTrouble.NOT_A_FEED
    assert await parse(parsing, FEED) == ["B"]


async def test_a_document_that_takes_too_long_costs_only_itself() -> None:
    process = ParsingProcess(timeout=timedelta(microseconds=1))
    with pytest.raises(FeedError, match="too long"):
        await parse(process, FEED)
    patient = ParsingProcess()
    assert await parse(patient, FEED) == ["B"]
    await patient.close()


async def test_a_worker_that_died_is_replaced(parsing: ParsingProcess) -> None:
    assert await parse(parsing, FEED) == ["B"]
    (worker,) = children(os.getpid())
    os.kill(worker, signal.SIGKILL)
    await eventually(lambda: worker not in children(os.getpid()))
    assert await parse(parsing, FEED) == ["B"]


async def test_a_cancelled_question_leaves_no_answer_behind(parsing: ParsingProcess) -> None:
    other = FEED.replace(b"<title>B<", b"<title>C<")
    question = asyncio.create_task(parse(parsing, FEED))
    await eventually(lambda: children(os.getpid()))
    question.cancel()
    await asyncio.wait({question})
    assert await parse(parsing, other) == ["C"]


async def test_the_worker_ends_when_the_bot_is_killed() -> None:
    program = (
        "import asyncio, os\n"
        "from bot.services.parsing import ParsingProcess\n"
        "async def main():\n"
        "    process = ParsingProcess()\n"
        f"    await process.parse({FEED!r}, url={URL!r}, content_type='')\n"
        "    print('parsed', flush=True)\n"
        "    await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    bot = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    assert bot.stdout is not None
    assert await bot.stdout.readline() == b"parsed\n"
    (worker,) = children(bot.pid)
    bot.kill()
    await bot.wait()
    await eventually(lambda: not alive(worker))


def children(parent: int) -> list[int]:
    """Parsing workers below a process, as Linux tells."""
    processes = [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]
    return [each for each in processes if parent_and_command(each) == (parent, True)]


def parent_and_command(process: int) -> tuple[int, bool]:
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as stat:
            parent = int(stat.read().rpartition(")")[2].split()[1])
        with open(f"/proc/{process}/cmdline", "rb") as command:
            return parent, b"parsing_worker" in command.read()
    except OSError:
        return 0, False


def alive(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
