"""Keys of Telegram's updates on their way to the commands. Imports key_registry, never keys.

All under one hash tag, so that one script looks at the whole inbox: an idle process asks once a
second instead of asking each shard of chats.
"""

from bot.store.key_registry import UPDATES, RedisType, key_family

SEEN_BITS = 65_536
"""Update numbers in one bitmap of at most 8 KB."""


@key_family(
    "{updates}:bodies",
    RedisType.HASH,
    writer="commands, web",
    lifetime="until handled",
    bound="20,000; beyond it the offset does not move, or the webhook answers 503",
)
def bodies() -> str:
    """Number → the update's JSON, of updates that are not handled yet."""
    return f"{UPDATES}:bodies"


@key_family(
    "{updates}:chats",
    RedisType.HASH,
    writer="commands, web",
    lifetime="while an update of the chat waits",
    bound="one field per chat; 50 numbers in each, and those that are told only once",
)
def chats() -> str:
    """Origin (a chat, or a person where there is none) → numbers of its updates, in order."""
    return f"{UPDATES}:chats"


@key_family(
    "{updates}:ready",
    RedisType.SORTED_SET,
    writer="commands, web",
    lifetime="until claimed",
    bound="one member per chat",
)
def ready() -> str:
    """Origins with updates that no process has claimed, by the time at which they came, in ms."""
    return f"{UPDATES}:ready"


@key_family(
    "{updates}:claims",
    RedisType.HASH,
    writer="commands",
    lifetime="while a chat's updates are handled; a dead process's are taken back",
    bound="64 fields per process",
)
def claims() -> str:
    """Origin → "owner|request" of the process that handles its updates."""
    return f"{UPDATES}:claims"


@key_family(
    "{updates}:owners",
    RedisType.SORTED_SET,
    writer="commands",
    lifetime="until it ends, or is found dead",
    bound="one member per process with the role commands",
)
def owners() -> str:
    """Owners of claims by their last heartbeat, in ms."""
    return f"{UPDATES}:owners"


@key_family(
    "{updates}:wake",
    RedisType.LIST,
    writer="commands, web",
    lifetime="until a process has looked",
    bound="8",
)
def wake() -> str:
    """Empty texts: each sends one waiting process to look for chats that are ready."""
    return f"{UPDATES}:wake"


@key_family(
    "{updates}:inline",
    RedisType.LIST,
    writer="web",
    lifetime="30 s, as long as an inline query can be answered",
    bound="200; the oldest are dropped",
)
def inline() -> str:
    """Inline queries for any process with the role commands: "time in ms|the update's JSON"."""
    return f"{UPDATES}:inline"


@key_family(
    "{updates}:poller",
    RedisType.STRING,
    writer="commands",
    lifetime="4 s",
    bound="one",
)
def poller() -> str:
    """The token of the one process that asks Telegram for updates."""
    return f"{UPDATES}:poller"


@key_family(
    "{updates}:seen:<number>",
    RedisType.STRING,
    writer="commands, web",
    lifetime="48 hours after its last update: twice as long as Telegram keeps one",
    bound="8 KB for 65,536 updates",
)
def seen(number: int) -> str:
    """Bitmap of the updates that were taken in: bit = update_id modulo 65,536."""
    return f"{UPDATES}:seen:{number // SEEN_BITS}"
