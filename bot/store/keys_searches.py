"""Keys of searches that people may page through. Imports key_registry, never keys."""

from bot.store.key_registry import RedisType, key_family


@key_family(
    "search:<token>",
    RedisType.STRING,
    writer="commands",
    lifetime="7 days after it was last made or paged",
    bound="one per distinct search, at most 800 bytes",
)
def search(token: str) -> str:
    """The words of a search, behind the token that its page buttons carry."""
    return f"search:{token}"
