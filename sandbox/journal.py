"""The record of every Bot API call, for tests: what was asked, and how it was answered.

Kept in memory, the newest 200,000. Parameters are decoded only when read.
"""

from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

import orjson

from sandbox.values import JsonObject

CALLS_KEPT = 200_000
# Parameters that callers may send as JSON text.
_NESTED = frozenset(
    {
        "reply_markup",
        "link_preview_options",
        "entities",
        "caption_entities",
        "reply_parameters",
        "allowed_updates",
        "results",
        "button",
        "commands",
        "scope",
        "message_ids",
        "media",
        "menu_button",
    }
)


@dataclass(slots=True)
class Entry:
    """One call; `method` as Telegram writes it, times in seconds of the world's clock."""

    method: str
    chat_id: int | None
    time: float
    parameters: JsonObject
    ok: bool = True
    error_code: int | None = None
    description: str | None = None
    fault: str | None = None
    """What befell it by a test's order."""
    lost: bool = False
    """It took effect, but its caller was not told so."""
    message_id: int | None = None
    """Of the message that it made."""
    answered: float | None = None
    """When the answer was given, or the connection dropped."""
    caller: str = ""
    """The address that it was sent to, which tells callers apart that have one each."""

    def described(self) -> JsonObject:
        """The entry as JSON."""
        described: JsonObject = {
            "method": self.method,
            "chat_id": self.chat_id,
            "time": self.time,
            "parameters": {key: _decoded(key, value) for key, value in self.parameters.items()},
            "ok": self.ok,
        }
        if self.error_code is not None:
            described |= {"error_code": self.error_code, "description": self.description}
        for name in ("fault", "message_id", "answered"):
            if getattr(self, name) is not None:
                described[name] = getattr(self, name)
        if self.lost:
            described["lost"] = True
        return described


class Journal:
    """The calls in order, and how many of each method there were."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=CALLS_KEPT)
        self.counts: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()

    def add(self, entry: Entry) -> None:
        """Record a call; its outcome may be filled in afterwards."""
        self.entries.append(entry)
        self.counts[entry.method] += 1

    def find(self, method: str | None = None, chat_id: int | None = None) -> list[JsonObject]:
        """The calls of a method and chat, oldest first."""
        wanted = method.lower() if method else None
        return [
            entry.described()
            for entry in self.entries
            if wanted in (None, entry.method.lower()) and chat_id in (None, entry.chat_id)
        ]

    def clear(self) -> None:
        """Forget every call."""
        self.entries.clear()
        self.counts.clear()
        self.errors.clear()


def _decoded(key: str, value: Any) -> Any:
    if key not in _NESTED or not isinstance(value, str):
        return value
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError:
        return value
