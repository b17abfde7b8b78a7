"""The soak in its short form: ten SIGKILLs and five SIGTERMs over two hundred deliveries."""

from pathlib import Path

import pytest

from benchmarks.soak import audience_of, soak
from benchmarks.soak_fleet import TOGETHER
from benchmarks.soak_run import Plan


@pytest.mark.timeout(300)
async def test_kills_and_stops_under_load_lose_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = Plan(
        kills=10,
        stops=5,
        deliveries=200,
        audience=audience_of(20),
        peace=0,
        poll_seconds=1,
        between=(0.3, 1.0),
        layout=TOGETHER,
        logs=tmp_path,
        timed=False,
    )
    assert await soak(plan), capsys.readouterr().out
