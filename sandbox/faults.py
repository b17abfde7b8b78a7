"""Faults that a test orders: refusals, floods, error pages, dropped connections, slow answers.

A fault says which calls it hits, how many times, and whether before or after the call's effect.
Carrying it out on the wire is the API's affair.
"""

from dataclasses import dataclass, field
from random import Random

from sandbox.values import JsonObject, Mistake

KINDS = ("refuse", "flood", "page", "drop", "slow")
ALWAYS = 0
"""As `times`: until the order is taken back."""


@dataclass(slots=True)
class Fault:
    """One order. What a field does not say is left open: any method, any chat, each call."""

    kind: str
    """refuse: the Bot API's envelope; flood: a 429; page: a proxy's HTML; drop; slow."""
    times: int = 1
    """How many calls it hits at most."""
    every: int = 1
    """It hits each so-manieth of the calls that it fits: the first, then every-1 go free."""
    name: str = ""
    """To take back this order and no other."""
    method: str | None = None
    """In lower case."""
    chats: frozenset[int] = frozenset()
    when: str = "before"
    error_code: int = 400
    description: str = "Bad Request: refused by the sandbox"
    parameters: JsonObject | None = None
    """Of the refusal, such as migrate_to_chat_id."""
    retry_after: int = 1
    seconds: float = 1.0
    up_to: float = 0.0
    """A slow answer takes a random time between `seconds` and this, if it is more."""
    met: int = 0
    """Calls that it fitted."""
    hits: int = 0

    @property
    def spent(self) -> bool:
        """It hits no more calls."""
        return self.times != ALWAYS and self.hits >= self.times

    def fits(self, method: str, chat_id: int | None, when: str) -> bool:
        """Whether a call is of those that it is about."""
        if self.when != when or self.method not in (None, method):
            return False
        return not self.chats or chat_id in self.chats

    def described(self) -> JsonObject:
        """For a test that asks what is open."""
        return {"name": self.name, "kind": self.kind, "when": self.when, "hits": self.hits}


@dataclass(frozen=True, slots=True)
class Struck:
    """What befalls a call: first the answer is held back, then it fails, if there is a fault."""

    seconds: float
    fault: Fault | None

    @property
    def kind(self) -> str | None:
        """For the record of requests."""
        if self.fault is not None:
            return self.fault.kind
        return "slow" if self.seconds else None


def read_fault(order: JsonObject) -> Fault:
    """A fault from its JSON order; raises Mistake naming what is wrong.

    Its fields are those of Fault, with `chat_id` or `chat_ids` for the chats.
    """
    kind, when = order.get("kind"), order.get("when", "before")
    if kind not in KINDS:
        raise Mistake(f"kind must be one of {', '.join(KINDS)}.")
    if when not in ("before", "after"):
        raise Mistake("when must be before or after.")
    fault = Fault(kind, when=when, name=str(order.get("name", "")))
    method, parameters = order.get("method"), order.get("parameters")
    fault.method = method.lower() if isinstance(method, str) else None
    fault.parameters = parameters if isinstance(parameters, dict) else None
    try:
        _read_numbers(fault, order)
    except (TypeError, ValueError):
        numbers = "times, every, chat_id, chat_ids, error_code, retry_after, seconds and up_to"
        raise Mistake(f"{numbers} are numbers.") from None
    fault.description = str(order.get("description", fault.description))
    return fault


def _read_numbers(fault: Fault, order: JsonObject) -> None:
    for name in ("times", "every", "error_code", "retry_after"):
        setattr(fault, name, int(order.get(name, getattr(fault, name))))
    for name in ("seconds", "up_to"):
        setattr(fault, name, float(order.get(name, getattr(fault, name))))
    if fault.times < 0 or fault.every < 1:
        raise ValueError
    chats = order.get("chat_ids") or []
    one = order.get("chat_id")
    fault.chats = frozenset(map(int, [*chats, one] if one is not None else chats))


@dataclass(slots=True)
class Faults:
    """The orders still open, oldest first."""

    _open: list[Fault] = field(default_factory=list)
    _dice: Random = field(default_factory=lambda: Random(1))

    def add(self, fault: Fault) -> None:
        """Hit the next matching calls with a fault."""
        self._open.append(fault)

    def clear(self, name: str | None = None) -> None:
        """Forget the orders of a name, or every order."""
        self._open = [each for each in self._open if name is not None and each.name != name]

    def described(self) -> list[JsonObject]:
        """The open orders, and how many calls each has hit."""
        return [fault.described() for fault in self._open]

    def take(self, method: str, chat_id: int | None, when: str) -> Struck:
        """What befalls a call (`method` in lower case): slow orders add up, of the others the
        first one whose turn it is strikes and is used up by one.
        """
        seconds, struck = 0.0, None
        for fault in [*self._open]:
            if struck is not None and fault.kind != "slow":
                continue
            if not fault.fits(method, chat_id, when):
                continue
            fault.met += 1
            if (fault.met - 1) % fault.every:
                continue
            fault.hits += 1
            if fault.spent:
                self._open.remove(fault)
            if fault.kind == "slow":
                seconds += self._dice.uniform(fault.seconds, max(fault.seconds, fault.up_to))
            else:
                struck = fault
        return Struck(seconds, struck)
