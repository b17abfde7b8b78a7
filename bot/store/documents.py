"""Values of bot.models as versioned JSON and back. No keys, no server.

A document is the value's fields and `"v"`, its format's version. Fields that this version does
not know are ignored (a newer process may write them), missing ones take their defaults, an
unknown version is refused. A change that old code would misread raises the version in
`_VERSIONS` and adds a step that lifts the older form.
"""

import types
import typing
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from datetime import datetime, time, timedelta
from enum import Enum
from functools import cache
from typing import Any, TypeVar

import orjson

from bot.errors import StoreError

Document = TypeVar("Document")

_VERSIONS: dict[type, int] = {}
"""Of formats past their first version."""


def dump(value: object) -> bytes:
    """A dataclass of bot.models as JSON; timedelta as seconds, enums as values."""
    # orjson's own form of a time drops a leading zero of the microseconds: isoformat instead.
    body = orjson.dumps(value, default=_dump_other, option=orjson.OPT_PASSTHROUGH_DATETIME)
    head = b'{"v":%d' % _VERSIONS.get(type(value), 1)
    return head + (b"}" if body == b"{}" else b"," + body[1:])


def load(kind: type[Document], data: bytes | str) -> Document:
    """The value of a document.

    Raises StoreError when the document is of an unknown version or not of this kind.
    """
    try:
        fields_read = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise StoreError(f"A stored {kind.__name__} is not JSON: {error}.") from error
    version = fields_read.get("v") if isinstance(fields_read, dict) else None
    if version != _VERSIONS.get(kind, 1):
        raise StoreError(
            f"A stored {kind.__name__} has version {version!r}, which this release does not know: "
            "it was written by a newer one."
        )
    try:
        return typing.cast(Document, _reader(typing.cast(Any, kind))(fields_read))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StoreError(f"A stored {kind.__name__} cannot be read: {error!r}.") from error


def _dump_other(value: object) -> object:
    if isinstance(value, datetime | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    raise TypeError(f"{type(value).__name__} has no form in JSON")


Reader = Callable[[Any], Any]

_PLAIN: dict[object, Reader] = {
    datetime: datetime.fromisoformat,
    time: time.fromisoformat,
    timedelta: lambda seconds: timedelta(seconds=seconds),
}


@cache
def _reader(annotation: Any) -> Reader:
    """How a value of the annotated type is read from what orjson answers."""
    annotation = getattr(annotation, "__supertype__", annotation)
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation in _PLAIN:
        return _PLAIN[annotation]
    if origin in (types.UnionType, typing.Union):
        (inner,) = (_reader(each) for each in arguments if each is not types.NoneType)
        return lambda value: None if value is None else inner(value)
    if origin is tuple:
        return _tuple_reader(arguments)
    if is_dataclass(annotation) and isinstance(annotation, type):
        return _dataclass_reader(annotation)
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return annotation
    return _exactly(annotation)


def _exactly(kind: type) -> Reader:
    accepted = (float, int) if kind is float else (kind,)

    def read(value: object) -> object:
        if type(value) not in accepted:
            raise TypeError(f"{value!r} is not {kind.__name__}")
        return value

    return read


def _tuple_reader(arguments: tuple[Any, ...]) -> Reader:
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        each = _reader(arguments[0])
        return lambda values: tuple([each(value) for value in values])
    readers = tuple(_reader(argument) for argument in arguments)
    return lambda values: tuple([read(value) for read, value in zip(readers, values, strict=True)])


def _dataclass_reader(kind: type) -> Reader:
    hints = typing.get_type_hints(kind)
    parts = [
        (
            field.name,
            _reader(hints[field.name]),
            field.default is MISSING and field.default_factory is MISSING,
        )
        for field in fields(kind)
    ]

    def read(values: dict[str, Any]) -> object:
        return kind(
            **{
                name: reader(values[name])
                for name, reader, required in parts
                if required or name in values
            }
        )

    return read
