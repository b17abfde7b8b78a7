"""Identifiers and small closed sets of words. Nothing here has behaviour."""

from enum import StrEnum
from typing import NewType

FeedId = NewType("FeedId", str)
"""16 hexadecimal digits: a print of the feed's address as first added."""
EntryId = NewType("EntryId", str)
"""32 hexadecimal digits: a 128-bit print of the feed and the entry's identity within it."""
StoryId = NewType("StoryId", str)
"""12 characters of [0-9a-z]: short enough for callback data and deep links."""
ChatId = NewType("ChatId", int)
"""The product's own id of a chat: its first Telegram id. Survives an upgrade to a supergroup."""
Address = NewType("Address", int)
"""The Telegram id under which a chat is reached today."""
ThreadId = NewType("ThreadId", int)
"""A forum topic's message_thread_id; 0 outside topics."""
MessageId = NewType("MessageId", int)
UserId = NewType("UserId", int)
Language = NewType("Language", str)
"""A two-letter ISO 639-1 code in lower case; "" when unknown."""

NO_THREAD = ThreadId(0)


class Topic(StrEnum):
    """The desks of the wire, as folders of the feeds file name them (case ignored)."""

    WORLD = "world"
    UKRAINE = "ukraine"
    EUROPE = "europe"
    BUSINESS = "business"
    TECHNOLOGY = "technology"
    SCIENCE = "science"
    SPORT = "sport"
    CULTURE = "culture"
