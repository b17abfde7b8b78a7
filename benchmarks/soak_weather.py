"""Bad weather over Telegram, one kind after the other, with calm between: faults by order."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from itertools import cycle
from random import Random

from sandbox import Sandbox
from sandbox.faults import ALWAYS, read_fault

NAME = "weather"
LASTS = (4.0, 7.0)
"""Seconds of each kind."""
CALM = (3.0, 6.0)
FEW = 4
"""Chats of a kind that hits only some."""

Order = Mapping[str, object]

WEATHERS: tuple[tuple[str, Order], ...] = (
    ("a chat is told to wait", {"kind": "flood", "times": 1, "chats": 1}),
    ("502 by a proxy", {"kind": "page", "error_code": 502, "every": 2}),
    ("connections dropped before the effect", {"kind": "drop", "every": 3}),
    ("slow answers in a few chats", {"kind": "slow", "seconds": 2, "up_to": 5, "chats": FEW}),
    ("connections dropped after the effect", {"kind": "drop", "every": 9, "when": "after"}),
    (
        "500 before the effect",
        {"kind": "refuse", "error_code": 500, "description": "Internal Server Error", "every": 2},
    ),
    ("504 after the effect", {"kind": "page", "error_code": 504, "every": 9, "when": "after"}),
)


class Weather:
    """Changes until its task is cancelled; `now` is what the sky looks like."""

    def __init__(self, sandbox: Sandbox, chats: Sequence[int], dice: Random) -> None:
        self._faults = sandbox.api.faults
        self._chats, self._dice = chats, dice
        self._kinds: Iterator[tuple[str, Order]] = cycle(WEATHERS)
        self.now = "calm"
        self.seen: set[str] = set()

    async def change(self) -> None:
        """One kind after the other; calm again when cancelled."""
        try:
            while True:
                await asyncio.sleep(self._dice.uniform(*CALM))
                self.now, order = next(self._kinds)
                self.seen.add(self.now)
                self._faults.add(read_fault(self._complete(order)))
                await asyncio.sleep(self._dice.uniform(*LASTS))
                self._end()
        finally:
            self._end()

    def _complete(self, order: Order) -> dict[str, object]:
        few = order.get("chats")
        complete = {"name": NAME, "method": "sendMessage", "times": ALWAYS, **order}
        if isinstance(few, int):
            complete["chat_ids"] = self._dice.sample(list(self._chats), min(few, len(self._chats)))
        return complete | {"retry_after": self._dice.randint(1, 20)}

    def _end(self) -> None:
        self.now = "calm"
        self._faults.clear(NAME)
