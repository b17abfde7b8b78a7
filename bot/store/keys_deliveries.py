"""Every key of fan-out, the delivery queue and the pace. Imports key_registry, never keys."""

from bot.models.deliveries import DeliveryClass
from bot.models.identifiers import ChatId, MessageId, StoryId, ThreadId
from bot.store.key_registry import (
    PACE,
    RedisType,
    chat_shard,
    chat_tag,
    key_family,
)

STORY_LIFE = "8 days: as long as a story can change, and a day"


@key_family(
    "{cN}:queue:<class>",
    RedisType.SORTED_SET,
    writer="fan out, deliver",
    lifetime="while something is pending",
    bound="one member per chat",
)
def queue(shard: int, delivery_class: DeliveryClass) -> str:
    """Chats by the time at which something of the class is due; while claimed, the lease's end."""
    return f"{chat_tag(shard)}:queue:{delivery_class.name.lower()}"


@key_family(
    "{cN}:leases",
    RedisType.HASH,
    writer="deliver",
    lifetime="while a claim is worked on; a dead process's are taken back",
    bound="one field per claimed chat",
)
def leases(shard: int) -> str:
    """Chat → "owner|request|end in ms"."""
    return f"{chat_tag(shard)}:leases"


@key_family(
    "{cN}:pending:<chat>",
    RedisType.HASH,
    writer="fan out raises, deliver removes",
    lifetime="until delivered or dropped",
    bound="500 ordinary items; what overflows becomes a missed mark",
)
def pending(chat: ChatId) -> str:
    """ "<story>", in a topic "<story>:<thread>" → "version|class|raised ms", then
    "|not before ms" and "|attempts" as far as not zero. A hash of 512 fields of 64 bytes at most
    is one packed block, so that an item takes about 35 bytes.
    """
    return f"{chat_tag(chat_shard(chat))}:pending:{chat}"


@key_family(
    "{cN}:sent:<chat>:<thread>:<story>",
    RedisType.STRING,
    writer="deliver",
    lifetime=STORY_LIFE,
    bound="one per story that a target got",
)
def sent(chat: ChatId, thread: ThreadId, story: StoryId) -> str:
    """SentRecord document: message id, version rendered, whether it rang."""
    return f"{chat_tag(chat_shard(chat))}:sent:{chat}:{thread}:{story}"


@key_family(
    "{cN}:message:<chat>:<message>",
    RedisType.STRING,
    writer="deliver, commands",
    lifetime=STORY_LIFE,
    bound="one per message of stories",
)
def message(chat: ChatId, message_id: MessageId) -> str:
    """MessageStories document: the stories that the message lists, in order, the page that stands
    there, how often it was edited."""
    return f"{chat_tag(chat_shard(chat))}:message:{chat}:{message_id}"


@key_family(
    "{cN}:list:<chat>:<token>",
    RedisType.STRING,
    writer="deliver",
    lifetime=STORY_LIFE,
    bound="one per list of several pages that a channel got",
)
def channel_list(chat: ChatId, token: str) -> str:
    """MessageStories document: what a channel's list holds, for whom opens it in private. The token
    is a print of it."""
    return f"{chat_tag(chat_shard(chat))}:list:{chat}:{token}"


@key_family(
    "{cN}:rings:<chat>",
    RedisType.LIST,
    writer="deliver",
    lifetime="2 days after the last",
    bound="32 per chat",
)
def rings(chat: ChatId) -> str:
    """Times of the last messages with sound, in ms, newest first."""
    return f"{chat_tag(chat_shard(chat))}:rings:{chat}"


@key_family(
    "{cN}:window:<kind>:<chat>",
    RedisType.STRING,
    writer="deliver, replies",
    lifetime="about a minute",
    bound="six per chat",
)
def window(chat: ChatId, kind: str) -> str:
    """The chat's own pace. bucket: the time of the next free slot; messages, edits: a list of the
    last request times of a group or channel; presses: those edits that anyone's presses made;
    messages-kept, edits-kept: the one of them that is
    kept for the next push; hold: until when a 429 keeps everyone away, in ms.
    """
    return f"{chat_tag(chat_shard(chat))}:window:{kind}:{chat}"


@key_family(
    "{cN}:paused",
    RedisType.SET,
    writer="deliver, commands",
    lifetime="until the chat can be reached again",
    bound="one member per chat",
)
def paused(shard: int) -> str:
    """Chats to which nothing is sent."""
    return f"{chat_tag(shard)}:paused"


@key_family(
    "{cN}:missed",
    RedisType.HASH,
    writer="fan out, deliver",
    lifetime="until a list of what was missed is pending instead",
    bound="one field per chat",
)
def missed(shard: int) -> str:
    """Chat → since when it missed stories, in ms."""
    return f"{chat_tag(shard)}:missed"


@key_family(
    "{pace}:slots",
    RedisType.STRING,
    writer="deliver, replies",
    lifetime="an hour after the last request",
    bound="one",
)
def slots() -> str:
    """Time of the next free slot of SEND_RATE, in microseconds (GCRA)."""
    return f"{PACE}:slots"


@key_family(
    "{pace}:pause",
    RedisType.STRING,
    writer="deliver",
    lifetime="an hour after its end, or until the probe succeeds",
    bound="one",
)
def pause() -> str:
    """Until when nobody sends, in ms, after two chats were refused with 429 at once."""
    return f"{PACE}:pause"


@key_family(
    "{pace}:probe",
    RedisType.STRING,
    writer="deliver",
    lifetime="30 s",
    bound="one",
)
def probe() -> str:
    """Held by the one request that tries whether the pause is over."""
    return f"{PACE}:probe"


@key_family(
    "{pace}:floods",
    RedisType.SORTED_SET,
    writer="deliver",
    lifetime="a minute",
    bound="one member per chat",
)
def floods() -> str:
    """Chats by the time of their last 429, in ms."""
    return f"{PACE}:floods"


@key_family(
    "{pace}:senders",
    RedisType.SORTED_SET,
    writer="deliver",
    lifetime="while the sender lives",
    bound="one member per sender process",
)
def senders() -> str:
    """Owners of leases by their last heartbeat, in ms."""
    return f"{PACE}:senders"


@key_family(
    "{pace}:pollers",
    RedisType.SORTED_SET,
    writer="poll",
    lifetime="until it ends, or is found dead",
    bound="one member per polling process",
)
def pollers() -> str:
    """Polling processes by their last heartbeat, in ms."""
    return f"{PACE}:pollers"
