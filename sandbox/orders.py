"""Reading what the chat client or a test asks for, with a sentence for whatever is missing."""

from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web

from sandbox.values import JsonObject, Mistake


@dataclass(frozen=True, slots=True)
class Order:
    """The fields of a JSON body or a query; readers without a default insist on the field."""

    fields: JsonObject

    def value(self, name: str) -> Any:
        """A field as it came, None when missing."""
        return self.fields.get(name)

    def number(self, name: str, default: int | None = None) -> int:
        """A whole number."""
        value = self.fields.get(name)
        if value is None or value == "":
            if default is None:
                raise Mistake(f"The field {name} is missing.")
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            raise Mistake(f"The field {name} must be a number.") from None

    def text(self, name: str, default: str | None = None) -> str:
        """A text."""
        value = self.fields.get(name)
        if value is None:
            if default is None:
                raise Mistake(f"The field {name} is missing.")
            return default
        if not isinstance(value, str | int):
            raise Mistake(f"The field {name} must be a text.")
        return str(value)

    def flag(self, name: str) -> bool:
        """Whether something is switched on."""
        return self.fields.get(name) in (True, "true", "1")

    def table(self, name: str) -> JsonObject:
        """A JSON object, empty when missing."""
        value = self.fields.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise Mistake(f"The field {name} must be an object.")
        return value


async def read_order(request: web.Request) -> Order:
    """The order in a JSON body."""
    try:
        fields = orjson.loads(await request.read() or b"{}")
    except orjson.JSONDecodeError:
        raise Mistake("The body must be JSON.") from None
    if not isinstance(fields, dict):
        raise Mistake("The body must be a JSON object.")
    return Order(fields)


async def read_query(request: web.Request) -> Order:
    """The order in an address's query."""
    return Order(dict(request.query))
