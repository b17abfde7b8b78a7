"""Keys of the desk: one leased writer, one tag. Imports key_registry, never keys."""

from bot.models.identifiers import EntryId, StoryId
from bot.store.key_registry import DESK, RedisType, key_family

RETENTION = "RETENTION after the last change (90 days by default)"


@key_family(
    "{desk}:lease",
    RedisType.STRING,
    writer="desk",
    lifetime="the lease (PX), renewed while the desk works",
    bound="one",
)
def desk_lease() -> str:
    """Token of the process that is the desk now; every script of the desk checks it."""
    return f"{DESK}:lease"


@key_family(
    "{desk}:story:<story>",
    RedisType.HASH,
    writer="desk",
    lifetime=RETENTION,
    bound="one per story",
)
def story(story_id: StoryId) -> str:
    """v = version, d = Story document."""
    return f"{DESK}:story:{story_id}"


@key_family(
    "{desk}:alias:<story>",
    RedisType.STRING,
    writer="desk",
    lifetime=RETENTION,
    bound="one per story that was merged into another",
)
def story_alias(story_id: StoryId) -> str:
    """The id under which a merged story is found now."""
    return f"{DESK}:alias:{story_id}"


@key_family(
    "{desk}:entry:<entry>",
    RedisType.HASH,
    writer="desk",
    lifetime=RETENTION,
    bound="one per entry",
)
def entry(entry_id: EntryId) -> str:
    """The mark of what was placed: p = content print, a = arrival in ms; d = Entry document,
    s = its story.
    """
    return f"{DESK}:entry:{entry_id}"


@key_family(
    "{desk}:latest:<index>",
    RedisType.SORTED_SET,
    writer="desk",
    lifetime="RETENTION after the last story",
    bound="stories first reported within RETENTION",
)
def latest(index: str) -> str:
    """Story ids by time first reported, in ms; of an index: all, breaking (by time flagged),
    topic:<topic>, feed:<feed>, source:<title in lower case>, language:<code or nothing>,
    topic:<topic>:<code>.
    """
    return f"{DESK}:latest:{index}"


@key_family(
    "{desk}:active",
    RedisType.SORTED_SET,
    writer="desk",
    lifetime=RETENTION,
    bound="stories placed within RETENTION",
)
def active() -> str:
    """Story ids by the time of their last placement, in ms: what a new desk restores."""
    return f"{DESK}:active"


@key_family(
    "{desk}:log",
    RedisType.STREAM,
    writer="desk",
    lifetime="until trimmed",
    bound="about 100,000; a reader that fell behind is told so and reads the stories anew",
)
def story_log() -> str:
    """Every stored version: s = story id, v = version. Feeds the search projection."""
    return f"{DESK}:log"


@key_family(
    "{desk}:fanout:<urgency>",
    RedisType.STREAM,
    writer="desk",
    lifetime="until fanned out",
    bound="100,000; a full stream refuses placements, none is dropped",
)
def fanout(urgency: str) -> str:
    """FanOutEvent documents in field e. urgent: breaking and corrected; ordinary: the rest."""
    return f"{DESK}:fanout:{urgency}"


@key_family(
    "{desk}:spread:<urgency>",
    RedisType.STRING,
    writer="desk",
    lifetime="until the event is fanned out",
    bound="one per stream",
)
def spread(urgency: str) -> str:
    """Progress document of the stream's first event: shards, rules and chat ids that are done."""
    return f"{DESK}:spread:{urgency}"


@key_family(
    "{desk}:orders",
    RedisType.STREAM,
    writer="commands",
    lifetime="until the desk has done them",
    bound="1,000; a full stream refuses orders",
)
def orders() -> str:
    """Operators' orders to the desk: kind, story, by (user id), at (ms)."""
    return f"{DESK}:orders"
