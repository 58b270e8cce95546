"""The bodies of the AWS JSON protocols: bytes to a JSON object, and a reply to bytes.

`decoded` bounds what any later step has to read; `encoded` writes a reply through its output shape; `output_problems`
tells tests where a reply departs from that shape. Limits of single values are `validate`'s.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, NoReturn

from chalicelib import errors
from chalicelib.wire.model import Operation, Shape, shape

MAX_DEPTH = 64

Writer = Callable[[Any], Any]


def decoded(body: bytes) -> dict[str, Any]:
    """Return the JSON object of a request body; an empty body is an empty object, of two equal names the last counts.

    Raises SerializationException for anything but strict UTF-8 and JSON, for NaN and infinity, for half a surrogate
    pair and for more than 64 levels.
    """
    if not body:
        return {}
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError):
        raise errors.SerializationException from None
    if not isinstance(value, dict):
        raise errors.SerializationException("Expected structure or null")
    _check_depth(body, value)
    _check_surrogates(body, value)
    return value


def _refuse(_constant: str) -> NoReturn:
    raise ValueError


def _finite(text: str) -> float:
    number = float(text)
    # 1e999 is infinity to Python, which no reply can carry.
    if number in (float("inf"), float("-inf")):
        raise ValueError
    return number


def _check_depth(body: bytes, value: dict[str, Any]) -> None:
    """Attack: nesting that exhausts the stack of whoever walks the value later; few brackets need no walk."""
    if body.count(b"{") + body.count(b"[") <= MAX_DEPTH:
        return
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [child for parent in level for child in _children(parent)]
        if not level:
            return
    raise errors.SerializationException(f"The request body is nested more than {MAX_DEPTH} levels deep")


def _children(parent: Any) -> list[Any]:
    values = parent.values() if isinstance(parent, dict) else parent
    return [value for value in values if isinstance(value, (dict, list))]


def _check_surrogates(body: bytes, value: dict[str, Any]) -> None:
    """Attack: half a surrogate pair is no text; it would pass every check here and fail when it is stored or hashed."""
    if b"\\ud" not in body and b"\\uD" not in body:
        return
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise errors.SerializationException from None


def encoded(operation: Operation, result: dict[str, Any]) -> bytes:
    """Return the body of a reply: members of the output shape that have a value; nothing where there is no shape.

    Attack: a stored item handed out whole. What the output shape does not name is not sent.
    """
    if operation.output is None:
        return b""
    write = _writer(operation.service, operation.output)
    plain = write(result) if write else result
    return json.dumps(plain, separators=(",", ":"), allow_nan=False).encode("ascii")


@cache
def _writer(service: str, name: str) -> Writer | None:
    """How a value of a shape is written; None where it is written as it is, so that a page of users costs one look."""
    kind = shape(service, name)
    make = _MAKERS.get(kind.type)
    return make(kind) if make else None


def _structure(kind: Shape) -> Writer | None:
    if kind.is_document:
        return None

    def write(value: dict[str, Any]) -> dict[str, Any]:
        result = {}
        for name, inner in _members(kind.service, kind.name):
            item = value.get(name)
            if item is not None:
                result[name] = inner(item) if inner else item
        return result

    return write


@cache
def _members(service: str, name: str) -> tuple[tuple[str, Writer | None], ...]:
    """Made by the first reply: a cold start builds what it serves, and a shape may hold itself."""
    members = shape(service, name).members
    return tuple((member, _writer(service, part.shape)) for member, part in members.items())


def _list(kind: Shape) -> Writer:
    def write(value: list[Any]) -> list[Any]:
        inner = _writer(kind.service, kind.member)
        return [inner(item) for item in value] if inner else value

    return write


def _map(kind: Shape) -> Writer:
    def write(value: dict[str, Any]) -> dict[str, Any]:
        inner = _writer(kind.service, kind.value)
        return {key: inner(item) if inner else item for key, item in value.items() if item is not None}

    return write


def _time(value: datetime | float) -> float:
    """Seconds since the epoch with a fraction of milliseconds; a time without a zone is in UTC."""
    if isinstance(value, datetime):
        value = (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    return round(value, 3)


def _blob(value: bytes) -> str:
    return base64.b64encode(value).decode("ascii")


_MAKERS: dict[str, Callable[[Shape], Writer | None]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "timestamp": lambda _kind: _time,
    "blob": lambda _kind: _blob,
}


# --- for tests ------------------------------------------------------------------------------------------------------

TYPES: dict[str, tuple[type, ...]] = {
    "structure": (dict,),
    "list": (list,),
    "map": (dict,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "timestamp": (int, float, datetime),
    "blob": (bytes, str),  # as an operation gives it, and in base64 as it is sent
}


def output_problems(operation: Operation, result: dict[str, Any]) -> list[str]:
    """Return where a reply departs from its output shape: wrong types and values, missing and unknown members."""
    if operation.output is None:
        return [f"{name}: the operation has no output" for name in result]
    return list(_problems(shape(operation.service, operation.output), result, operation.output))


def _problems(kind: Shape, value: Any, path: str) -> Iterator[str]:
    if not _is_of_type(kind, value):
        yield f"{path}: {type(value).__name__} is not a {kind.type}"
    elif kind.type == "structure" and not kind.is_document:
        yield from _structure_problems(kind, value, path)
    elif kind.type == "list":
        for number, item in enumerate(value):
            yield from _problems(shape(kind.service, kind.member), item, f"{path}[{number}]")
    elif kind.type == "map":
        for key, item in value.items():
            yield from _problems(shape(kind.service, kind.value), item, f"{path}[{key!r}]")
    elif kind.enum and value not in kind.enum:
        yield f"{path}: not one of {', '.join(kind.enum)}"


def _is_of_type(kind: Shape, value: Any) -> bool:
    wanted = TYPES[kind.type]
    return isinstance(value, wanted) and (bool in wanted or not isinstance(value, bool))


def _structure_problems(kind: Shape, value: dict[str, Any], path: str) -> Iterator[str]:
    present = {name: item for name, item in value.items() if item is not None}
    for name in sorted(kind.required - present.keys()):
        yield f"{path}.{name}: required, but missing"
    for name, item in present.items():
        if name in kind.members:
            yield from _problems(shape(kind.service, kind.members[name].shape), item, f"{path}.{name}")
        else:
            yield f"{path}.{name}: not a member"
