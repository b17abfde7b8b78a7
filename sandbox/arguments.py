"""Reading a Bot API call's arguments: from the query, a form, multipart parts or JSON.

All arguments are text to Telegram, nested ones are JSON text; a JSON body may nest them directly.
Unknown arguments are ignored, bad numbers count as 0 (tdlib/telegram-bot-api, Query.cpp).
"""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import web

from sandbox.values import JsonObject, Refusal, bad_request

_TRUE = frozenset({"true", "yes", "1", "y", "t"})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with the call."""

    name: str
    mime_type: str
    content: bytes


@dataclass(slots=True)
class Arguments:
    """One call's arguments, by name as Telegram writes them."""

    values: JsonObject = field(default_factory=dict)
    uploads: dict[str, Upload] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A text; empty when missing."""
        value = self.values.get(name)
        if value is None:
            return ""
        return value if isinstance(value, str) else _as_text(value)

    def number(self, name: str, default: int = 0) -> int:
        """A whole number; the default when missing, 0 when it is no number."""
        value = self.values.get(name)
        if value is None or value == "":
            return default
        try:
            return int(value)
        except (TypeError, ValueError):
            return 0

    def flag(self, name: str) -> bool:
        """Whether something is switched on."""
        value = self.values.get(name)
        return value is True or str(value).lower() in _TRUE

    def nested(self, name: str, what: str) -> Any:
        """A JSON value, None when missing or empty; raises Refusal naming `what` when broken."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            return value
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            raise bad_request(f"can't parse {what} JSON object") from None

    def table(self, name: str, what: str) -> JsonObject:
        """A JSON object; empty when missing, refused when it is anything else."""
        value = self.nested(name, what)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise bad_request(f"can't parse {what}: expected an Object")
        return value

    def numbers(self, name: str, what: str) -> list[int]:
        """A JSON array of whole numbers."""
        value = self.nested(name, what)
        if value is None:
            return []
        if not isinstance(value, list):
            raise bad_request(f"can't parse {what}: expected an Array")
        try:
            return [int(item) for item in value]
        except (TypeError, ValueError):
            raise bad_request(f"can't parse {what}: expected an Array of Numbers") from None


def _as_text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else orjson.dumps(value).decode()


async def read_arguments(request: web.Request) -> Arguments:
    """The arguments of a request; raises Refusal when the body is no valid JSON or form."""
    arguments = Arguments(dict(request.query)) if request.query_string else Arguments()
    if not request.can_read_body:
        return arguments
    kind = request.content_type
    if kind == "application/json":
        arguments.values |= _json_body(await request.read())
    elif kind.startswith("multipart/"):
        await _read_parts(request, arguments)
    else:
        body = await request.read()
        try:
            arguments.values |= parse_qsl(body.decode(), keep_blank_values=True)
        except UnicodeDecodeError:
            raise Refusal(400, "Bad Request: strings must be encoded in UTF-8") from None
    return arguments


def _json_body(body: bytes) -> JsonObject:
    if not body.strip():
        return {}
    try:
        values = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refusal(400, "Bad Request: can't parse JSON object") from None
    if not isinstance(values, dict):
        raise Refusal(400, "Bad Request: object expected")
    return values


async def _read_parts(request: web.Request, arguments: Arguments) -> None:
    try:
        form = await request.post()
    except ValueError:
        raise Refusal(400, "Bad Request: failed to parse multipart body") from None
    for name, value in form.items():
        if isinstance(value, web.FileField):
            content = value.file.read()
            arguments.uploads[name] = Upload(value.filename, value.content_type, content)
        elif isinstance(value, str):
            arguments.values[name] = value
