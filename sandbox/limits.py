"""Telegram's flood limits: counted always, enforced on demand.

Observation: the exact numbers are unpublished; the Bot FAQ names about one message a second in a
chat with short bursts, 20 a minute in a group, 30 a second overall; python-telegram-bot's
maintainers count channels as groups. Rule: a private chat is a bucket of 3 that refills at 1/s; a
group or channel takes 20 in any sliding 60 s; all chats together a bucket of 30 at 30/s. Edits
are counted apart, by the same numbers. A quarter second of slack absorbs the network's jitter, so
that a caller who spaces its requests exactly is not refused. Rejected: 1/s in groups too, because
bursts of twenty are seen to pass there; they are reported, not refused. The audit of a whole run
has no slack: see sandbox.windows. A message with allow_paid_broadcast that comes above the free
rate of all chats is accepted up to 1,000 a second and counted as paid; edits know no such payment.
"""

import math
from collections import Counter, deque
from collections.abc import Callable

from sandbox.values import JsonObject, Refusal
from sandbox.windows import Windows

CHAT_BURST = 3
GROUP_MESSAGES = 20
GROUP_WINDOW = 60.0
OVERALL_RATE = 30.0
PAID_RATE = 1000.0
SLACK = 0.25
EXAMPLES_KEPT = 1_000


def flood(seconds: int) -> Refusal:
    """The 429 that asks to wait."""
    return Refusal(429, f"Too Many Requests: retry after {seconds}", {"retry_after": seconds})


class Limits:
    """Counts requests against the limits; times are in seconds of the world's clock."""

    def __init__(self, clock: Callable[[], float], enforce: bool) -> None:
        self.enforce = enforce
        self.exceeded: Counter[str] = Counter()
        self.refused = 0
        self.paid = 0
        self.accepted: Counter[str] = Counter()
        self.examples: deque[JsonObject] = deque(maxlen=EXAMPLES_KEPT)
        self.windows = Windows(CHAT_BURST, GROUP_MESSAGES, OVERALL_RATE)
        self._clock = clock
        self._chats: dict[tuple[str, int], float] = {}
        self._groups: dict[tuple[str, int], deque[float]] = {}
        self._overall: dict[str, float] = {}

    def take(
        self, kind: str, chat_id: int, private: bool, cost: int = 1, paid: bool = False
    ) -> None:
        """Count `cost` requests of a kind ("send" or "edit"); raise a 429 Refusal if enforced.

        `paid`: what comes above the free rate of all chats may be charged.
        """
        now = self._clock()
        above = paid and kind == "send" and self._overall_wait(kind, now, OVERALL_RATE) > 0
        lane, rate = ("paid", PAID_RATE) if above else (kind, OVERALL_RATE)
        if not paid:
            self.windows.count(kind, chat_id, private, now, cost)
        waits = {
            "chat" if private else "group": (
                self._chat_wait(kind, chat_id, now)
                if private
                else self._group_wait(kind, chat_id, now, cost)
            ),
            "overall": self._overall_wait(lane, now, rate),
        }
        wait = max(waits.values())
        if wait > 0:
            self._exceed(kind, chat_id, now, waits)
            if self.enforce:
                self.refused += 1
                raise flood(math.ceil(wait))
            return
        self.accepted[kind] += cost
        self.paid += cost if above else 0
        self._overall[lane] = max(self._overall.get(lane, now), now) + cost / rate
        self._count(kind, chat_id, private, now, cost)

    def audit(self) -> JsonObject:
        """What was counted: limits exceeded by name, 429s earned, requests accepted, how many of
        those were paid for, and the fullest window of each limit (`windows`, by kind of request
        and limit).
        """
        return {
            "exceeded": dict(self.exceeded),
            "exceeded_total": sum(
                count for name, count in self.exceeded.items() if name != "group_burst"
            ),
            "refused": self.refused,
            "accepted": dict(self.accepted),
            "paid": self.paid,
            "windows": self.windows.described(),
            "examples": list(self.examples),
        }

    def _exceed(self, kind: str, chat_id: int, now: float, waits: dict[str, float]) -> None:
        for name, wait in waits.items():
            if wait > 0:
                self.exceeded[name] += 1
                self.examples.append(
                    {"limit": name, "kind": kind, "chat_id": chat_id, "time": now, "wait": wait}
                )

    def _chat_wait(self, kind: str, chat_id: int, now: float) -> float:
        due = self._chats.get((kind, chat_id), now)
        return max(0.0, due - now - (CHAT_BURST - 1) - SLACK)

    def _group_wait(self, kind: str, chat_id: int, now: float, cost: int) -> float:
        times = self._groups.setdefault((kind, chat_id), deque())
        while times and times[0] <= now - GROUP_WINDOW + SLACK:
            times.popleft()
        excess = len(times) + cost - GROUP_MESSAGES
        if excess <= 0 or not times:
            return 0.0
        return max(0.0, times[min(excess, len(times)) - 1] + GROUP_WINDOW - now)

    def _overall_wait(self, lane: str, now: float, rate: float) -> float:
        due = self._overall.get(lane, now)
        return max(0.0, due - now - (1 - 1 / rate) - SLACK)

    def _count(self, kind: str, chat_id: int, private: bool, now: float, cost: int) -> None:
        key = (kind, chat_id)
        due = max(self._chats.get(key, now), now) + cost
        if private:
            self._chats[key] = due
            return
        self._groups[key].extend([now] * cost)
        if due - now > CHAT_BURST + SLACK:
            self.exceeded["group_burst"] += 1
            due = now + CHAT_BURST
        self._chats[key] = due
