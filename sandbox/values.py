"""The sandbox's plain values: JSON objects, and the two ways of saying no.

`Refusal` is what the Bot API answers to a bot, word for word; `Mistake` is what the chat client's
interface answers to a person. No state and no I/O belong here.
"""

from dataclasses import dataclass
from typing import Any

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Described:
    """A result with the sentence that the Bot API puts beside it."""

    result: object
    description: str


class Refusal(Exception):
    """An error answer of the Bot API: HTTP status, whole description, response parameters."""

    def __init__(self, code: int, description: str, parameters: JsonObject | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


class Mistake(Exception):
    """A sentence for whoever called the chat client's or the tests' interface, and its status."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.status = status


def bad_request(reason: str, parameters: JsonObject | None = None) -> Refusal:
    """A 400, its first letter lowered as the Bot API server does (see `lowered`)."""
    return Refusal(400, f"Bad Request: {lowered(reason)}", parameters)


def forbidden(reason: str) -> Refusal:
    """A 403 with the Bot API's prefix."""
    return Refusal(403, f"Forbidden: {lowered(reason)}")


def conflict(reason: str) -> Refusal:
    """A 409: two consumers of one bot's updates."""
    return Refusal(409, f"Conflict: {reason}")


def lowered(reason: str) -> str:
    """Lower the first letter unless the second is a capital or '_' (tdlib/telegram-bot-api)."""
    if len(reason) > 1 and (reason[1].isupper() or reason[1] == "_"):
        return reason
    return reason[:1].lower() + reason[1:]
