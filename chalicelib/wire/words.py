"""What is said of a request that its model refuses: the services' own sentences.

`Violations` collects them; `validate` finds them. Attack: amplification, a small request whose refusal repeats it many
times (the message travels in a header as well); so a hundred are listed, and of a value 1024 characters are printed.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from chalicelib.errors import SerializationException
from chalicelib.wire.model import Shape, shape

MAX_LISTED = 100
MAX_PRINTED = 1024
TOKENS = {str: "STRING_VALUE", int: "NUMBER_VALUE", float: "NUMBER_VALUE"}
NULL = "Member must not be null"


class Violations:
    """What a request does against the limits: all of it counted, the first hundred kept as text."""

    __slots__ = ("count", "listed")

    def __init__(self) -> None:
        self.count = 0
        self.listed: list[str] = []

    def add(self, kind: Shape, value: Any, place: tuple[str, str]) -> None:
        """Note that the value of a shape at a path fails a constraint; `place` is (path, constraint)."""
        self.count += 1
        if len(self.listed) < MAX_LISTED:
            path, constraint = place
            self.listed.append(f"Value{_shown(kind, value)} at '{path}' failed to satisfy constraint: {constraint}")

    def message(self) -> str:
        """Return the sentence that the services send."""
        plural = "" if self.count == 1 else "s"
        return f"{self.count} validation error{plural} detected: " + "; ".join(self.listed)


def mistaken(value: Any, wanted: str) -> SerializationException:
    """Return the error for a value of the wrong JSON type; `wanted` is such as "a String"."""
    if isinstance(value, dict):
        return SerializationException("Start of structure or map found where not expected.")
    if isinstance(value, list):
        return SerializationException("Start of list found where not expected")
    token = f"{value!s}_VALUE".upper() if isinstance(value, bool) else TOKENS[type(value)]
    return SerializationException(f"{token} can not be converted to {wanted}")


def at_least(kind: Shape) -> str:
    """Return the sentence of a minimal length."""
    return f"Member must have length greater than or equal to {kind.min}"


def at_most(kind: Shape) -> str:
    """Return the sentence of a maximal length."""
    return f"Member must have length less than or equal to {kind.max}"


def must_match(kind: Shape) -> str:
    """Return the sentence of a pattern, in the model's notation."""
    return f"Member must satisfy regular expression pattern: {kind.pattern}"


def must_be_one_of(kind: Shape) -> str:
    """Return the sentence of an enum, in the model's order."""
    return f"Member must satisfy enum value set: [{', '.join(kind.enum)}]"


def constraints(kind: Shape) -> str:
    """Return every limit of a part of a list or map: the services name all of them, whichever was broken."""
    lengths = ((kind.max, at_most), (kind.min, at_least))
    words = [word(kind) for limit, word in lengths if limit is not None]
    words += [word(kind) for limit, word in ((kind.pattern, must_match), (kind.enum, must_be_one_of)) if limit]
    return ", ".join(words)


def _shown(kind: Shape, value: Any) -> str:
    """The value as the services print it: nothing of what is or holds a secret, else at most 1024 characters."""
    if value is None:
        return " null"
    if kind.type == "blob" or _is_secret(kind.service, kind.name):
        return ""
    return f" '{_text(value)[:MAX_PRINTED]}'"


@cache
def _is_secret(service: str, name: str) -> bool:
    kind = shape(service, name)
    inner = (kind.member, kind.key, kind.value, *(member.shape for member in kind.members.values()))
    return kind.is_sensitive or any(_is_secret(service, part) for part in inner if part)


def _text(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_text(item) for item in value[:MAX_PRINTED])}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}={_text(item)}' for key, item in value.items())}}}"
    return str(value).lower() if isinstance(value, bool) else str(value)
