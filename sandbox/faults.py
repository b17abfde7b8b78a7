"""Faults that a test orders: refusals, floods, dropped connections and slow answers.

A fault says which calls it hits, how many times, and whether before or after the call's effect.
Carrying it out on the wire is the API's affair.
"""

from dataclasses import dataclass

from sandbox.values import JsonObject, Mistake

KINDS = ("refuse", "flood", "drop", "slow")


@dataclass(slots=True)
class Fault:
    """One order; `left` is how many calls it still hits. `seconds` only matters to `slow`."""

    kind: str
    left: int
    method: str | None = None
    chat_id: int | None = None
    when: str = "before"
    error_code: int = 400
    description: str = "Bad Request: refused by the sandbox"
    retry_after: int = 1
    seconds: float = 1.0


def read_fault(order: JsonObject) -> Fault:
    """A fault from its JSON order; raises Mistake naming what is wrong."""
    kind, when = order.get("kind"), order.get("when", "before")
    if kind not in KINDS:
        raise Mistake(f"kind must be one of {', '.join(KINDS)}.")
    if when not in ("before", "after"):
        raise Mistake("when must be before or after.")
    method = order.get("method")
    fault = Fault(kind, 1, method.lower() if isinstance(method, str) else None, when=when)
    try:
        fault.left = int(order.get("times", 1))
        fault.chat_id = int(order["chat_id"]) if order.get("chat_id") is not None else None
        fault.error_code = int(order.get("error_code", fault.error_code))
        fault.retry_after = int(order.get("retry_after", fault.retry_after))
        fault.seconds = float(order.get("seconds", fault.seconds))
    except (TypeError, ValueError):
        raise Mistake("times, chat_id, error_code, retry_after and seconds are numbers.") from None
    fault.description = str(order.get("description", fault.description))
    return fault


class Faults:
    """The orders still open, oldest first."""

    def __init__(self) -> None:
        self._open: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Hit the next matching calls with a fault."""
        self._open.append(fault)

    def clear(self) -> None:
        """Forget every order."""
        self._open.clear()

    def take(self, method: str, chat_id: int | None, when: str) -> Fault | None:
        """The first order that hits this call (`method` in lower case), used up by one."""
        for fault in self._open:
            if (
                fault.when == when
                and fault.method in (None, method)
                and fault.chat_id in (None, chat_id)
            ):
                fault.left -= 1
                if fault.left <= 0:
                    self._open.remove(fault)
                return fault
        return None
