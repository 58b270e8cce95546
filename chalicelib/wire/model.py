"""The three Cognito service models as the server needs them: operations, shapes, limits.

Reads `model.json` once, when first asked, and builds each operation and shape on first use, so that a cold start pays
for what it serves. Known differences between model and service come from `quirks`. Checking values is `validate`'s.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from chalicelib.wire import quirks

MODEL = Path(__file__).with_name("model.json")
INTERNAL_ERRORS = ("InternalErrorException", "InternalServerException")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a service; `input` and `output` are names of shapes, `output` is None for an empty body."""

    service: str
    name: str
    python_name: str
    input: str
    output: str | None
    errors: frozenset[str]
    is_unsigned: bool
    method: str
    path: str
    status: int = 200
    pages: dict[str, Any] | None = field(default=None, hash=False)

    @property
    def is_rest(self) -> bool:
        """Whether method and path name it, rather than the X-Amz-Target header."""
        return self.path != "/"

    @property
    def internal_error(self) -> str:
        """The name under which it declares what nobody foresaw."""
        return next((name for name in INTERNAL_ERRORS if name in self.errors), INTERNAL_ERRORS[0])


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a structure: its shape and, for REST, the part of the request that carries it."""

    shape: str
    location: str | None = None
    location_name: str | None = None


@dataclass(frozen=True)
class Shape:
    """A type of the model with its limits; `member`, `key` and `value` are names of shapes."""

    service: str
    name: str
    type: str
    members: dict[str, Member] = field(default_factory=dict, hash=False)
    required: frozenset[str] = frozenset()
    member: str = ""
    key: str = ""
    value: str = ""
    min: int | None = None
    max: int | None = None
    enum: tuple[str, ...] = ()
    pattern: str | None = None
    regex: str | None = field(default=None, repr=False)
    is_sensitive: bool = False
    is_document: bool = False
    status: int | None = None

    def is_match(self, text: str) -> bool:
        """Tell whether the whole text satisfies the pattern, in time linear in its length."""
        compiled = self._ascii_regex if text.isascii() else self._full_regex
        return compiled.fullmatch(text) is not None

    # The classes of letters have hundreds of ranges, which take milliseconds to compile; most texts are ASCII and never
    # need them. Both forms are made when the first text asks for them, not at cold start.
    @cached_property
    def _ascii_regex(self) -> re.Pattern[str]:
        return _compiled(self.regex or "", 0x7F)

    @cached_property
    def _full_regex(self) -> re.Pattern[str]:
        return _compiled(self.regex or "", 0x10FFFF)


def _compiled(regex: str, highest: int) -> re.Pattern[str]:
    """Return the regular expression with its named classes written out up to a code point; ASCII as in Java."""
    expanded = re.sub(r"\\p\{(\w+)\}", lambda match: _ranges(match[1], highest), regex)
    return re.compile(expanded, re.ASCII)


@cache
def _ranges(name: str, highest: int) -> str:
    pairs = [part.partition("-") for part in _content()["classes"][name].split()]
    points = [(int(first, 16), int(last or first, 16)) for first, _, last in pairs]
    return "".join(f"\\U{first:08x}-\\U{min(last, highest):08x}" for first, last in points if first <= highest)


@cache
def _content() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(MODEL.read_bytes())
    return content


def services() -> tuple[str, ...]:
    """Return the names of the services, which are also their signing names."""
    return tuple(_content()["services"])


def service(name: str) -> dict[str, Any]:
    """Return the trimmed model of a service: `protocol`, `target`, `version`, `operations`, `shapes`."""
    found: dict[str, Any] = _content()["services"][name]
    return found


@cache
def _targets() -> dict[str, str]:
    return {service(name)["target"]: name for name in services() if "target" in service(name)}


def by_target(x_amz_target: str) -> Operation | None:
    """Return the operation that an X-Amz-Target header names, such as `AWSCognitoIdentityService.GetId`."""
    prefix, _, name = x_amz_target.partition(".")
    found = _targets().get(prefix)
    return operation(found, name) if found else None


# Attack: memory. Names come from callers, so only those that the model knows may enter the cache.
def operation(service_name: str, name: str) -> Operation | None:
    """Return an operation by its AWS name, or None when the model has none such."""
    return _operation(service_name, name) if name in service(service_name)["operations"] else None


@cache
def _operation(service_name: str, name: str) -> Operation:
    raw = service(service_name)["operations"][name]
    return Operation(
        service=service_name,
        name=name,
        python_name=raw["python"],
        input=raw["input"],
        output=raw.get("output"),
        errors=frozenset(raw["errors"]),
        is_unsigned=raw.get("unsigned", False) or (service_name, name) in quirks.UNSIGNED_TOO,
        method=raw["method"],
        path=raw["path"],
        status=raw.get("status", 200),
        pages=raw.get("pages"),
    )


def operations(service_name: str) -> list[Operation]:
    """Return every operation of a service, by name."""
    return [_operation(service_name, name) for name in service(service_name)["operations"]]


def rest_operations() -> list[Operation]:
    """Return the operations that a method and a path name; `path` is a template: `/identitypools/{IdentityPoolId}`."""
    return [found for name in services() for found in operations(name) if found.is_rest]


@cache
def shape(service_name: str, name: str) -> Shape:
    """Return a shape by name, with the differences of `quirks` applied; KeyError when the model has none such."""
    raw = service(service_name)["shapes"][name]
    key = (service_name, name)
    pattern, regex = quirks.PATTERNS.get(key, (raw.get("pattern"), raw.get("regex", raw.get("pattern"))))
    if key in quirks.UNENFORCED:
        pattern = regex = None
    return Shape(
        service=service_name,
        name=name,
        type=raw["type"],
        members={member: _member(value) for member, value in raw.get("members", {}).items()},
        required=frozenset(raw.get("required", ())),
        member=raw.get("member", ""),
        key=raw.get("key", ""),
        value=raw.get("value", ""),
        min=raw.get("min"),
        max=raw.get("max"),
        enum=(*raw["enum"], *quirks.EXTRA_VALUES.get(key, ())) if "enum" in raw else (),
        pattern=pattern,
        regex=regex,
        is_sensitive=raw.get("sensitive", False),
        is_document=raw.get("document", False),
        status=raw.get("status"),
    )


def _member(value: str | dict[str, str]) -> Member:
    if isinstance(value, str):
        return Member(value)
    return Member(value["shape"], value.get("location"), value.get("locationName"))


def error_status(service_name: str, code: str) -> int | None:
    """Return the HTTP status of an error in a service, or None when neither quirks nor the model know the error."""
    if (service_name, code) in quirks.STATUSES:
        return quirks.STATUSES[service_name, code]
    raw = service(service_name)["shapes"].get(code, {})
    status: int | None = raw.get("status")
    return status
