"""The register of key families and the hash tags that they live under.

Families are declared with `@key_family` in keys.py and keys_deliveries.py; both import this
module, which imports neither. Nothing here talks to Redis.
"""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ParamSpec

from bot.models.identifiers import ChatId, FeedId

Parameters = ParamSpec("Parameters")

FEED_SHARDS = 16
CHAT_SHARDS = 64
DESK = "{desk}"
PACE = "{pace}"
UPDATES = "{updates}"


class RedisType(StrEnum):
    """The data type behind a key, as the TYPE command names it."""

    STRING = "string"
    HASH = "hash"
    SET = "set"
    SORTED_SET = "zset"
    STREAM = "stream"
    LIST = "list"


@dataclass(frozen=True, slots=True)
class KeyFamily:
    """What everyone may know of the keys that one builder makes."""

    pattern: str
    """The name with its variable parts as `<word>`; N in a tag is the shard's number."""
    type: RedisType
    holds: str
    """The builder's docstring."""
    writer: str
    lifetime: str
    bound: str
    builder: Callable[..., str]
    """Makes a name from the variable parts."""


FAMILIES: list[KeyFamily] = []
"""Every declared family, in order of declaration."""


def key_family(
    pattern: str, type: RedisType, *, writer: str, lifetime: str, bound: str
) -> Callable[[Callable[Parameters, str]], Callable[Parameters, str]]:
    """Declare the decorated builder's keys; its docstring says what they hold.

    The builder stays as it is: a plain function from ids to the key's name.
    """

    def register(builder: Callable[Parameters, str]) -> Callable[Parameters, str]:
        holds = " ".join((builder.__doc__ or "").split())
        FAMILIES.append(KeyFamily(pattern, type, holds, writer, lifetime, bound, builder))
        return builder

    return register


def feed_shard(feed: FeedId) -> int:
    """The shard of a feed, 0 to 15; never changes for an id."""
    return zlib.crc32(feed.encode()) % FEED_SHARDS


def chat_shard(chat: ChatId) -> int:
    """The shard of a chat, 0 to 63; never changes for an id."""
    return zlib.crc32(str(chat).encode()) % CHAT_SHARDS


def by_shard(chats: Sequence[ChatId]) -> dict[int, list[int]]:
    """Shard → the places in the sequence at which chats of it stand."""
    places: dict[int, list[int]] = {}
    for place, chat in enumerate(chats):
        places.setdefault(chat_shard(chat), []).append(place)
    return places


def feed_tag(shard: int) -> str:
    """The hash tag of a feed shard: `{f0}` to `{f15}`."""
    if not 0 <= shard < FEED_SHARDS:
        raise ValueError(f"no feed shard {shard}")
    return f"{{f{shard}}}"


def chat_tag(shard: int) -> str:
    """The hash tag of a chat shard: `{c0}` to `{c63}`."""
    if not 0 <= shard < CHAT_SHARDS:
        raise ValueError(f"no chat shard {shard}")
    return f"{{c{shard}}}"
