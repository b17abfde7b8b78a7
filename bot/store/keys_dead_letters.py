"""Every key of dead letters, and of what the bot may do at Telegram. Imports key_registry only."""

from bot.store.key_registry import PACE, RedisType, chat_tag, key_family


@key_family(
    "{cN}:letters",
    RedisType.SORTED_SET,
    writer="deliver buries, operators remove",
    lifetime="until replayed, forgotten or pushed out",
    bound="1,000 per shard; the oldest go, and are counted",
)
def letters(shard: int) -> str:
    """Dead letters, "<chat>:<thread>:<story>", by the time of burying in ms."""
    return f"{chat_tag(shard)}:letters"


@key_family(
    "{cN}:letter-texts",
    RedisType.HASH,
    writer="deliver buries, operators remove",
    lifetime="with the letter",
    bound="one field per letter",
)
def letter_texts(shard: int) -> str:
    """ "<chat>:<thread>:<story>" → DeadLetter document: version, reason, the text as tried."""
    return f"{chat_tag(shard)}:letter-texts"


@key_family(
    "{cN}:letters-dropped",
    RedisType.STRING,
    writer="deliver",
    lifetime="for ever",
    bound="one per shard",
)
def letters_dropped(shard: int) -> str:
    """How many dead letters were pushed out by newer ones."""
    return f"{chat_tag(shard)}:letters-dropped"


@key_family(
    "{pace}:edit-slots",
    RedisType.STRING,
    writer="deliver, replies",
    lifetime="an hour after the last edit",
    bound="one",
)
def edit_slots() -> str:
    """With PAID_BROADCAST the time of the next free slot for an edit, in microseconds (GCRA):
    edits are never paid for.
    """
    return f"{PACE}:edit-slots"


@key_family(
    "{pace}:doubts:<day>",
    RedisType.STRING,
    writer="deliver, replies",
    lifetime="8 days",
    bound="one per day",
)
def doubts(day: int) -> str:
    """How many requests of a day (since 1970) may have taken effect before they were repeated."""
    return f"{PACE}:doubts:{day}"


@key_family(
    "{pace}:refused",
    RedisType.STRING,
    writer="deliver, replies",
    lifetime="2 minutes after the last refusal, or until the bot introduces itself",
    bound="one",
)
def token_refused() -> str:
    """Why Telegram refuses the token (a sentence), while it does."""
    return f"{PACE}:refused"
