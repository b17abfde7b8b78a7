"""Keys of Telegram's updates on their way to the commands. Imports key_registry, never keys."""

from bot.models.identifiers import ChatId
from bot.store.key_registry import RedisType, chat_shard, chat_tag, key_family


@key_family(
    "{cN}:updates",
    RedisType.STREAM,
    writer="commands",
    lifetime="until handled",
    bound="1,000 per shard; beyond it the offset does not move, and Telegram keeps them",
)
def updates(shard: int) -> str:
    """Updates not handled yet: field u = the update's JSON."""
    return f"{chat_tag(shard)}:updates"


@key_family(
    "{cN}:update:<number>",
    RedisType.STRING,
    writer="commands",
    lifetime="48 hours: twice as long as Telegram keeps an update",
    bound="one per update",
)
def update_mark(origin: ChatId, number: int) -> str:
    """The update with this update_id was taken in; a second copy is dropped."""
    return f"{chat_tag(chat_shard(origin))}:update:{number}"
