"""The parts of a process: they stop together; none fails or hangs without a word."""

import asyncio
from datetime import timedelta

import pytest

from bot.errors import StoreError
from bot.running import run_together
from bot.services.stopping import Stopping

PATIENCE = timedelta(milliseconds=50)


async def fails() -> None:
    raise StoreError("Redis does not answer.")


async def returns() -> None:
    return


async def hangs() -> None:
    await asyncio.Event().wait()


async def test_a_part_that_fails_ends_the_others_and_tells_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stopping = Stopping()
    with pytest.raises(StoreError, match="does not answer"):
        await run_together({"poll": fails, "desk": stopping.wait}, stopping)
    assert "poll ended" in caplog.text


async def test_a_part_that_returns_too_early_ends_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stopping = Stopping()
    await run_together({"poll": returns, "desk": stopping.wait}, stopping)
    assert "poll ended" in caplog.text


async def test_a_part_that_does_not_stop_is_cut_off(caplog: pytest.LogCaptureFixture) -> None:
    stopping = Stopping()
    stopping.request()
    await run_together({"poll": hangs, "desk": stopping.wait}, stopping, patience=PATIENCE)
    assert "poll does not stop" in caplog.text


async def test_a_process_without_parts_such_as_the_role_web_alone_stops_in_order() -> None:
    stopping = Stopping()
    running = asyncio.create_task(run_together({}, stopping))
    stopping.request()
    await running


async def test_a_failure_is_told_although_another_part_hangs() -> None:
    with pytest.raises(StoreError):
        await run_together({"poll": fails, "desk": hangs}, Stopping(), patience=PATIENCE)


async def test_what_is_cut_off_is_told_to_wait_no_longer() -> None:
    told, stopping = asyncio.Event(), Stopping()

    async def tidies_up() -> None:
        try:
            await hangs()
        finally:
            await told.wait()

    stopping.request()
    await run_together({"poll": tidies_up}, stopping, patience=PATIENCE, cut_off=told.set)
