"""One request to Redis: its arguments, the keys that it touches, and their hash slot. No I/O.

Redis Cluster spreads keys over 16,384 slots by the CRC16 (XMODEM) of a key's hash tag, the part
in its first braces (Redis Cluster specification, "Hash tags"). What touches keys of two tags
works on one server and breaks on a cluster, so it is refused everywhere.
"""

from binascii import crc_hqx
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import NamedTuple

Argument = str | bytes | int | float
Operands = Sequence[Argument]

SLOTS = 16_384


class Request(NamedTuple):
    """What is sent, and where it belongs."""

    arguments: tuple[Argument, ...]
    keys: Operands
    """All of one hash tag; none for a command to a whole server."""
    script: str = ""
    """The name of the script that EVALSHA runs."""


def command(*arguments: Argument) -> Request:
    """A command such as ("HGET", key, field) or ("CONFIG GET", "save").

    Raises ValueError when its keys are of two hash tags.
    """
    name = str(arguments[0])
    find, words = _reading(name)
    if find is _first and not words:
        return Request(arguments, arguments[1:2])
    return Request(arguments, of_one_tag(name, find((*words, *arguments[1:]))))


def of_one_tag(name: str, keys: Operands) -> Operands:
    """The keys as given; ValueError when they are of two hash tags."""
    if len(keys) > 1 and not _start_alike(keys):
        tag = hash_tag(keys[0])
        if any(hash_tag(key) != tag for key in keys):
            told = ", ".join(str(key) for key in keys)
            raise ValueError(f"{name} would touch two hash tags: {told}")
    return keys


def _start_alike(keys: Operands) -> bool:
    """Whether all begin with the first one's tag: in order of the alphabet, what lies between two
    texts of one beginning has it, too. A look at each key costs more than writing it.
    """
    try:
        least, most = min(keys), max(keys)
    except TypeError:
        return False
    if not isinstance(least, str) or not isinstance(most, str) or not least.startswith("{"):
        return False
    beginning = least[: least.find("}") + 1]
    return len(beginning) > 2 and most.startswith(beginning)


def hash_tag(key: Argument) -> str:
    """What decides a key's slot: its first non-empty braces' content, else the whole key."""
    text = key.decode("utf-8", "surrogateescape") if isinstance(key, bytes) else str(key)
    opening = text.find("{")
    closing = text.find("}", opening + 1)
    return text[opening + 1 : closing] if 0 <= opening < closing - 1 else text


def slot_of(key: Argument) -> int:
    """The hash slot of a key."""
    return _slot(hash_tag(key))


@lru_cache(maxsize=1024)
def _slot(tag: str) -> int:
    return crc_hqx(tag.encode("utf-8", "surrogateescape"), 0) % SLOTS


def _none(_operands: Operands) -> Operands:
    return ()


def _first(operands: Operands) -> Operands:
    return operands[:1]


def _second(operands: Operands) -> Operands:
    return operands[1:2]


def _first_two(operands: Operands) -> Operands:
    return operands[:2]


def _every(operands: Operands) -> Operands:
    return operands


def _every_second(operands: Operands) -> Operands:
    return operands[::2]


def _all_but_the_last(operands: Operands) -> Operands:
    return operands[:-1]


def _counted(operands: Operands) -> Operands:
    return operands[1 : 1 + int(operands[0])]


def _counted_after_the_first(operands: Operands) -> Operands:
    return operands[2 : 2 + int(operands[1])]


def _first_and_counted(operands: Operands) -> Operands:
    return (operands[0], *_counted_after_the_first(operands))


def _streams(operands: Operands) -> Operands:
    start = next(at for at, word in enumerate(operands) if str(word).upper() == "STREAMS") + 1
    return operands[start : (start + len(operands) + 1) // 2]


_PLACES: dict[str, Callable[[Operands], Operands]] = {
    name: find
    for find, names in (
        (
            _none,
            "ACL BGREWRITEAOF BGSAVE CLIENT CLUSTER COMMAND CONFIG DBSIZE DEBUG ECHO FLUSHALL "
            "FLUSHDB INFO KEYS LASTSAVE LATENCY PING SAVE SCAN SCRIPT SHUTDOWN SLOWLOG TIME WAIT",
        ),
        (_second, "MEMORY OBJECT XGROUP XINFO"),
        (_first_two, "BLMOVE BRPOPLPUSH COPY GEOSEARCHSTORE LMOVE RENAME RENAMENX RPOPLPUSH SMOVE"),
        (_first_two, "ZRANGESTORE"),
        (_every, "DEL EXISTS MGET PFCOUNT PFMERGE SDIFF SDIFFSTORE SINTER SINTERSTORE SUNION"),
        (_every, "SUNIONSTORE TOUCH UNLINK WATCH"),
        (_every_second, "MSET MSETNX"),
        (_all_but_the_last, "BLPOP BRPOP BZPOPMAX BZPOPMIN"),
        (_counted, "LMPOP SINTERCARD ZDIFF ZINTER ZINTERCARD ZMPOP ZUNION"),
        (_counted_after_the_first, "EVAL EVALSHA"),
        (_first_and_counted, "ZDIFFSTORE ZINTERSTORE ZUNIONSTORE"),
        (_streams, "XREAD XREADGROUP"),
    )
    for name in names.split()
}
"""Where the keys stand among a command's operands; of all others the first is the key."""


@cache
def _reading(name: str) -> tuple[Callable[[Operands], Operands], tuple[str, ...]]:
    """(Where the keys are, words of the name that count as operands)."""
    command_name, *words = name.upper().split()
    return _PLACES.get(command_name, _first), tuple(words)
