"""Requests to Redis written by hiredis, which redis-py otherwise uses for reading alone.

Observation: redis-py's asyncio connections write each argument in Python; a settled chat has
twenty, and writing them cost a quarter of a whole delivery. Rule: hiredis writes them, five times
as fast. Rejected: fewer arguments by one JSON for each script, which every script would parse.
"""

from functools import cache
from typing import Any

import hiredis


def pack_by_hiredis(pool: Any) -> None:
    """Let all connections that a pool of redis-py's opens from now on write by hiredis."""
    pool.connection_class = _packing(pool.connection_class)


@cache
def _packing(connection: type[Any]) -> type[Any]:
    """Connections of the same kind that write by hiredis."""
    return type(f"Packing{connection.__name__}", (connection,), {"pack_command": _pack})


def _pack(_: object, name: str, *args: Any) -> list[bytes]:
    """The name of a command may be two words ("SCRIPT LOAD"); Redis wants them apart."""
    return [hiredis.pack_command((*name.split(), *args))]
