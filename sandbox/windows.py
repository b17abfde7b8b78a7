"""The audit of pace: how full the fullest window of each limit was, over the whole run.

Observation: a flood control with a bucket and some slack lets pass what a stricter server, or the
same one on a worse day, would refuse. Rule: every request that was asked for counts, refused or
not, and every sliding window is looked at: 30 in any second over all chats; in a private chat no
more than its burst and one for each second, in windows up to a minute; 20 in any minute of a group
or channel. Edits are counted apart. The ratio of what was asked to what the window allows is kept,
the worst of each limit. Rejected: fixed windows (a burst across their border is not seen), and an
average over the run (it forgives every burst).
"""

from collections import deque
from dataclasses import dataclass

from sandbox.values import JsonObject

LONGEST = 60.0
"""Seconds of the longest window."""
SECOND = 1.0


@dataclass(frozen=True, slots=True)
class Fullest:
    """The fullest window of a limit: `asked` requests within `seconds`, ending at `time`."""

    ratio: float
    """To what the window allows; above 1 it was exceeded."""
    asked: int
    seconds: float
    time: float
    chat_id: int

    def described(self) -> JsonObject:
        """As JSON."""
        return {name: getattr(self, name) for name in self.__slots__}


class Windows:
    """Fed with every request; `fullest` is the worst so far, by kind of request and limit.

    Times are seconds and never go back. A request of cost n counts as n.
    """

    def __init__(self, burst: int, group: int, overall: float) -> None:
        """What is allowed: at once in a private chat, a minute in a group, a second in all."""
        self.fullest: dict[tuple[str, str], Fullest] = {}
        self._burst, self._group, self._rate = burst, group, overall
        self._overall: dict[str, deque[float]] = {}
        self._chats: dict[tuple[str, int], deque[float]] = {}

    def count(self, kind: str, chat_id: int, private: bool, now: float, cost: int) -> None:
        """Note a request and look at every window that ends with it."""
        overall = _kept(self._overall.setdefault(kind, deque()), now, cost, SECOND)
        self._compare(kind, "overall", len(overall), self._rate, SECOND, now, chat_id)
        times = _kept(self._chats.setdefault((kind, chat_id), deque()), now, cost, LONGEST)
        if not private:
            self._compare(kind, "group", len(times), self._group, LONGEST, now, chat_id)
            return
        for passed, began in enumerate(times):
            seconds, asked = now - began, len(times) - passed
            self._compare(kind, "private", asked, self._burst + seconds, seconds, now, chat_id)

    def described(self) -> JsonObject:
        """The fullest windows as JSON: by kind of request, then by limit."""
        described: JsonObject = {}
        for (kind, limit), fullest in sorted(self.fullest.items()):
            described.setdefault(kind, {})[limit] = fullest.described()
        return described

    def _compare(
        self,
        kind: str,
        limit: str,
        asked: int,
        allowed: float,
        seconds: float,
        now: float,
        chat_id: int,
    ) -> None:
        ratio = asked / allowed
        worst = self.fullest.get((kind, limit))
        if worst is None or ratio > worst.ratio:
            self.fullest[kind, limit] = Fullest(ratio, asked, seconds, now, chat_id)


def _kept(times: deque[float], now: float, cost: int, seconds: float) -> deque[float]:
    """The times with the newest ones, without those that left the window."""
    times.extend([now] * cost)
    while times[0] <= now - seconds:
        times.popleft()
    return times
