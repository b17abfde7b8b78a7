"""Keys of polling, chats and subscriptions, and the page that lists every key.

The desk's keys are in keys_desk.py, the queue's in keys_deliveries.py; updates and searches have
their own modules too.

A family states its type, writer, lifetime and bound where its names are built, and
`python -m bot.store.keys` prints docs/redis.md from that. No other module spells a key.
"""

import sys

from bot.models.identifiers import ChatId, FeedId
from bot.store import (
    keys_dead_letters,
    keys_deliveries,
    keys_desk,
    keys_searches,
    keys_updates,
)
from bot.store.key_registry import (
    CHAT_SHARDS,
    FAMILIES,
    FEED_SHARDS,
    KeyFamily,
    RedisType,
    chat_shard,
    chat_tag,
    feed_shard,
    feed_tag,
    key_family,
)

__all__ = [
    "CHAT_SHARDS",
    "FAMILIES",
    "FEED_SHARDS",
    "KeyFamily",
    "RedisType",
    "chat_shard",
    "chat_tag",
    "feed_shard",
    "feed_tag",
    "key_family",
    "keys_dead_letters",
    "keys_deliveries",
    "keys_desk",
    "keys_searches",
    "keys_updates",
]

# Polling: one tag for each feed shard.


@key_family(
    "{fN}:feeds",
    RedisType.HASH,
    writer="commands, and every process at an empty start",
    lifetime="until the feed is removed",
    bound="one field per feed",
)
def feeds(shard: int) -> str:
    """Feed id → Feed document."""
    return f"{feed_tag(shard)}:feeds"


@key_family(
    "{fN}:polls",
    RedisType.HASH,
    writer="poll",
    lifetime="with the feed",
    bound="one field per feed",
)
def polls(shard: int) -> str:
    """Feed id → PollState document: validators, interval, failures."""
    return f"{feed_tag(shard)}:polls"


@key_family(
    "{fN}:polled",
    RedisType.SORTED_SET,
    writer="poll",
    lifetime="with the feed",
    bound="one member per feed",
)
def polled(shard: int) -> str:
    """Feed id by the time of its last committed poll, in ms: an older poll commits nothing."""
    return f"{feed_tag(shard)}:polled"


@key_family(
    "{fN}:due",
    RedisType.SORTED_SET,
    writer="poll",
    lifetime="with the feed",
    bound="one member per feed",
)
def due(shard: int) -> str:
    """Feed id by its next poll, in ms; while claimed, by the end of the claim's lease."""
    return f"{feed_tag(shard)}:due"


@key_family(
    "{fN}:seen:<feed>",
    RedisType.HASH,
    writer="poll",
    lifetime="with the feed",
    bound="marks are dropped 90 days after the last sighting, but ten documents' worth stay; "
    "the oldest beyond 22,000 or eleven documents' worth (of 5,000 at most) are dropped at once",
)
def seen(feed: FeedId) -> str:
    """Entry identity (16 bytes) → day last seen (2 bytes) and content print (8 bytes)."""
    return f"{feed_tag(feed_shard(feed))}:seen:{feed}"


@key_family(
    "{fN}:entries",
    RedisType.STREAM,
    writer="poll",
    lifetime="until acknowledged by the desk",
    bound="10,000 entries and one document; a full stream refuses commits, none is dropped",
)
def entries(shard: int) -> str:
    """Entries on their way to the desk: field e = Entry document."""
    return f"{feed_tag(shard)}:entries"


@key_family(
    "{fN}:acknowledged",
    RedisType.STRING,
    writer="desk",
    lifetime="for ever",
    bound="one per shard",
)
def acknowledged(shard: int) -> str:
    """Id of the last stream entry that the desk placed; trimmed up to here."""
    return f"{feed_tag(shard)}:acknowledged"


# Chats: one tag for each chat shard.


@key_family(
    "{cN}:chats",
    RedisType.HASH,
    writer="commands, deliver",
    lifetime="until it has been paused for 8 weeks",
    bound="one field per chat",
)
def chats(shard: int) -> str:
    """Chat id → Chat document."""
    return f"{chat_tag(shard)}:chats"


@key_family(
    "{cN}:aliases",
    RedisType.HASH,
    writer="commands, deliver",
    lifetime="with the chat",
    bound="one field per upgraded group",
)
def chat_aliases(shard: int) -> str:
    """Address that a chat got by an upgrade → chat id; in the shard of the address."""
    return f"{chat_tag(shard)}:aliases"


@key_family(
    "{cN}:subscriptions:<chat>",
    RedisType.HASH,
    writer="commands",
    lifetime="until unsubscribed, or with the chat",
    bound="200 per chat",
)
def subscriptions(chat: ChatId) -> str:
    """Subscription key → Subscription document."""
    return f"{chat_tag(chat_shard(chat))}:subscriptions:{chat}"


@key_family(
    "{cN}:wants:<rule>",
    RedisType.SORTED_SET,
    writer="commands, with the subscription",
    lifetime="until unsubscribed",
    bound="one member per subscription",
)
def wants(shard: int, rule: str) -> str:
    """Targets of a subscription rule: member "<chat>:<thread>", score chat id."""
    return f"{chat_tag(shard)}:wants:{rule}"


def _row(family: KeyFamily) -> str:
    cells = (
        f"`{family.pattern}`",
        str(family.type),
        family.holds,
        family.writer,
        family.lifetime,
        family.bound,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def reference() -> str:
    """The text of docs/redis.md."""
    lines = [
        "# Keys in Redis",
        "",
        "Generated by `make docs` from `keys.py` and `keys_*.py`.",
        "",
        f"`{{fN}}` is one of {FEED_SHARDS} feed shards, `{{cN}}` one of {CHAT_SHARDS} chat shards; "
        "the part in braces is the hash tag. A script or transaction touches one tag only, and "
        "names all of its keys. Documents are JSON with a version in `v`; times are milliseconds "
        "since 1970, UTC.",
        "",
        "The same keys serve on one server and on a Redis Cluster: what shares a tag is on one "
        "node. A command whose keys are of two tags is refused before it is sent, on one server "
        "too; a key without a tag is used alone. The time of all processes is that of the node "
        "with `{pace}`.",
        "",
        "| key | type | holds | writer | lifetime | bound |",
        "|---|---|---|---|---|---|",
        *(_row(family) for family in sorted(FAMILIES, key=lambda family: family.pattern)),
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(reference())
