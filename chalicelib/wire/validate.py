"""A request against the input shape of its operation, worded as the service words it.

`validated` raises SerializationException for a wrong JSON type and one error that lists every other violation. Bytes to
JSON and back are `body`'s, the limits are `model`'s, the sentences are `words`'.

The work is bounded: depth by `body.decoded`, time by patterns that read a text once, the answer by `words`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from functools import cache
from typing import Any

from chalicelib import errors
from chalicelib.settings import current
from chalicelib.wire import quirks
from chalicelib.wire.model import Operation, Shape, shape
from chalicelib.wire.words import (
    MAX_PRINTED,
    NULL,
    Violations,
    at_least,
    at_most,
    constraints,
    mistaken,
    must_be_one_of,
    must_match,
)

# The last second of the year 9999: no date of Python lies beyond it.
LATEST = 253_402_300_799
INTEGERS = {"integer": (1 << 31, "an Integer"), "long": (1 << 63, "a Long")}
SCALARS = frozenset({"string", "boolean", "integer", "long", "timestamp", "blob"})


Check = Callable[[Any, str, Violations], Any]


def validated(operation: Operation, body: dict[str, Any]) -> dict[str, Any]:
    """Return the request with unknown and null members dropped, blobs as bytes, timestamps in seconds.

    Raises SerializationException for a wrong JSON type at any depth, else the service's error with all violations.
    """
    violations = Violations()
    result: dict[str, Any] = _check(operation.service, operation.input)(body, "", violations)
    if violations.count:
        kind: type[errors.AwsError] = getattr(errors, quirks.CONSTRAINT_ERRORS[operation.service])
        raise kind(violations.message())
    return result


@cache
def _check(service: str, name: str) -> Check:
    kind = shape(service, name)
    return _MAKERS[kind.type](kind)


# --- what holds other values ----------------------------------------------------------------------------------------


def _structure(kind: Shape) -> Check:
    def check(value: Any, path: str, violations: Violations) -> Any:
        if not isinstance(value, dict):
            raise errors.SerializationException("Expected structure or null")
        if kind.is_document:
            return value
        prefix, result = f"{path}." if path else "", {}
        for name, camel, is_required, inner in _members(kind.service, kind.name):
            item = value.get(name)
            if item is not None:
                result[name] = inner(item, prefix + camel, violations)
            elif is_required:
                violations.add(kind, None, (prefix + camel, NULL))
        return result

    return check


@cache
def _members(service: str, name: str) -> tuple[tuple[str, str, bool, Check], ...]:
    """Made by the first request: a cold start builds what it serves, and a shape may hold itself."""
    kind = shape(service, name)
    return tuple(
        (member, member[0].lower() + member[1:], member in kind.required, _part(kind, member))
        for member in kind.members
    )


def _part(kind: Shape, member: str) -> Check:
    part = shape(kind.service, kind.members[member].shape)
    check, keys = _check(kind.service, part.name), quirks.FUNCTIONS.get((kind.service, kind.name))
    is_function = keys is not None and part.name == "ArnType" and member not in keys
    return _or_python(part, check) if is_function else check


def _or_python(kind: Shape, check: Check) -> Check:
    """Attack: in AWS an operator who may configure one pool could run what code lies with us; so on a laptop alone."""

    def either(value: Any, path: str, violations: Violations) -> Any:
        is_readable = type(value) is str and len(value) <= (kind.max or 0)
        if is_readable and current().is_local and re.fullmatch(quirks.PYTHON_FUNCTION, value, re.ASCII):
            return value
        return check(value, path, violations)

    return either


def _list(kind: Shape) -> Check:
    part = shape(kind.service, kind.member)

    def check(value: Any, path: str, violations: Violations) -> Any:
        if not isinstance(value, list):
            raise errors.SerializationException("Expected list or null")
        _length(kind, value, (path, violations))
        inner, own, result = _check(kind.service, part.name), _own(part, violations), []
        for number, item in enumerate(value, 1):
            place = f"{path}.{number}.member"
            if item is None:
                violations.add(part, None, (place, NULL))
            else:
                result.append(inner(item, place, own))
        if own is not violations and own.count:
            violations.add(kind, value, (path, f"Member must satisfy constraint: [{constraints(part)}]"))
        return result

    return check


def _own(part: Shape, violations: Violations) -> Violations:
    """Where the faults of a part go: those of a scalar are told once, for the list or map that holds it."""
    return Violations() if part.type in SCALARS else violations


def _map(kind: Shape) -> Check:
    key_shape, part = shape(kind.service, kind.key), shape(kind.service, kind.value)

    def check(value: Any, path: str, violations: Violations) -> Any:
        if not isinstance(value, dict):
            raise errors.SerializationException("Expected map or null")
        present = {key: item for key, item in value.items() if item is not None}
        _length(kind, present, (path, violations))
        inner, own, keys = _check(kind.service, part.name), _own(part, violations), Violations()
        check_key = _check(kind.service, key_shape.name)
        for key, item in present.items():
            check_key(key, path, keys)
            present[key] = inner(item, f"{path}.{key[:MAX_PRINTED]}.member", own)
        if keys.count:
            violations.add(kind, value, (path, f"Map keys must satisfy constraint: [{constraints(key_shape)}]"))
        if own is not violations and own.count:
            violations.add(kind, value, (path, f"Map value must satisfy constraint: [{constraints(part)}]"))
        return present

    return check


# --- single values --------------------------------------------------------------------------------------------------


def _string(kind: Shape) -> Check:
    values = frozenset(kind.enum)

    def check(value: Any, path: str, violations: Violations) -> Any:
        if type(value) is not str:
            raise mistaken(value, "a String")
        # Attack: a text over the limit is not matched at all, so a pattern never reads more than the model allows.
        is_readable = kind.max is None or len(value) <= kind.max
        if kind.pattern and is_readable and not kind.is_match(value):
            violations.add(kind, value, (path, must_match(kind)))
        _length(kind, value, (path, violations))
        if values and value not in values:
            violations.add(kind, value, (path, must_be_one_of(kind)))
        return value

    return check


def _boolean(_kind: Shape) -> Check:
    def check(value: Any, _path: str, _violations: Violations) -> Any:
        if type(value) is not bool:
            raise mistaken(value, "a Boolean")
        return value

    return check


def _integer(kind: Shape) -> Check:
    limit, wanted = INTEGERS[kind.type]

    def check(value: Any, path: str, violations: Violations) -> Any:
        # JavaScript has one kind of number: 5.0 is five.
        if type(value) is float and value.is_integer():
            value = int(value)
        if type(value) is not int or not -limit <= value < limit:
            raise mistaken(value, wanted)
        if kind.min is not None and value < kind.min:
            violations.add(kind, value, (path, f"Member must have value greater than or equal to {kind.min}"))
        if kind.max is not None and value > kind.max:
            violations.add(kind, value, (path, f"Member must have value less than or equal to {kind.max}"))
        return value

    return check


def _timestamp(_kind: Shape) -> Check:
    def check(value: Any, _path: str, _violations: Violations) -> Any:
        if type(value) not in (int, float) or not -LATEST <= value <= LATEST:
            raise mistaken(value, "milliseconds since epoch")
        return value

    return check


def _blob(kind: Shape) -> Check:
    def check(value: Any, path: str, violations: Violations) -> Any:
        if type(value) is not str:
            raise mistaken(value, "a Blob")
        try:
            content = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            raise errors.SerializationException("STRING_VALUE is not valid base64") from None
        _length(kind, content, (path, violations))
        return content

    return check


def _length(kind: Shape, value: Any, sink: tuple[str, Violations]) -> None:
    path, violations = sink
    if kind.min is not None and len(value) < kind.min:
        violations.add(kind, value, (path, at_least(kind)))
    if kind.max is not None and len(value) > kind.max:
        violations.add(kind, value, (path, at_most(kind)))


_MAKERS: dict[str, Callable[[Shape], Check]] = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "boolean": _boolean,
    "integer": _integer,
    "long": _integer,
    "timestamp": _timestamp,
    "blob": _blob,
}
