"""What a person typed, taken apart: command, whom it addresses, the channel it acts on, arguments.

Pure text work lives here; who may do it and what it does must not.
"""

import re
from dataclasses import dataclass

_COMMAND = re.compile(
    r"/([a-z0-9_]{1,32})(?:@([a-z0-9_]{3,32}))?(?=\s|$)", re.ASCII | re.IGNORECASE
)
_CHANNEL = re.compile(r"(@[a-z][a-z0-9_]{3,31}|-100[0-9]{5,15})(?=\s|$)", re.ASCII | re.IGNORECASE)
_INVISIBLE = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
"""Marks of direction and the like, which come along when a name is copied out of a message; not
the joiners, which some scripts need."""
_ADDRESS = re.compile(r"(?:https?|feed)://\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Invocation:
    """A command as typed."""

    name: str
    """In lower case, without the slash."""
    addressed: str
    """The bot's name after "@", in lower case; "" when nobody is named."""
    channel: str
    """A leading "@channel" or "-100…" argument; "" for the chat that it was typed in."""
    arguments: str
    """The rest without marks of direction; outer white space removed, inner runs made one space."""

    def is_for(self, bot_username: str) -> bool:
        """Tell whether this bot is meant: in groups several bots read the same command."""
        return self.addressed in ("", bot_username.casefold())


def read_invocation(text: str) -> Invocation | None:
    """Take a message's text apart; None when it is no command.

    As in Telegram's own clients a command stands at the very start and is ASCII.
    """
    command = _COMMAND.match(text)
    if command is None:
        return None
    rest = " ".join(_INVISIBLE.sub("", text[command.end() :]).split())
    channel = _CHANNEL.match(rest)
    return Invocation(
        name=command[1].lower(),
        addressed=(command[2] or "").lower(),
        channel=channel[1] if channel else "",
        arguments=rest[channel.end() :].strip() if channel else rest,
    )


def first_address(text: str) -> str:
    """Return the first http(s) address that stands in a text; "" without one."""
    found = _ADDRESS.search(_INVISIBLE.sub("", text))
    return found[0] if found else ""
