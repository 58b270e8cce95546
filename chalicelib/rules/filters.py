"""The filter of ListUsers: its grammar, which attributes it may name, and whether it holds of a user.

Owns how texts are compared. Leaves where users are found by a filter to `table.search`. The grammar is that of the
Cognito API: `attribute = "value"` or `attribute ^= "value"` (starts with); in a value `\\` stands before `"` and `\\`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.errors import InvalidParameterException

STATUS: Final = "status"
USER_STATUS: Final = "cognito:user_status"
ENABLED: Final = "Enabled"
DISABLED: Final = "Disabled"

STANDARD: Final = (
    "username", "sub", "email", "phone_number", "name", "given_name", "family_name", "preferred_username",
)  # fmt: skip
"""What Cognito searches beside the two kinds of status."""

STATUSES: Final = (
    "ARCHIVED", "COMPROMISED", "CONFIRMED", "EXTERNAL_PROVIDER", "FORCE_CHANGE_PASSWORD", "RESET_REQUIRED",
    "UNCONFIRMED", "UNKNOWN",
)  # fmt: skip
"""All values of UserStatusType, in order."""

MOST_ADDED: Final = 20
"""Attributes that a pool may make searchable beyond Cognito's: a change of all fits into one transaction."""

_LONGEST = 256
_FILTER = re.compile(
    r'\s*(?P<attribute>[^\s"]+?)\s*(?P<operator>\^?=)\s*"(?P<value>(?:[^"\\]|\\["\\])*)"\s*',
)
_ESCAPED = re.compile(r'\\(["\\])')
_TO_ESCAPE = re.compile(r'(["\\])')
_EXACT: Final = frozenset({"username", "sub", STATUS})


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition: an attribute has a value, or (`is_prefix`) a value that begins so."""

    attribute: str
    value: str
    is_prefix: bool = False


def parsed(text: str) -> Filter | None:
    """The condition of a filter; None for an empty filter, which everybody meets. Raises InvalidParameterException."""
    if not text.strip():
        return None
    found = _FILTER.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        raise InvalidParameterException("Error while parsing filter")
    value = _ESCAPED.sub(r"\1", found["value"])
    return Filter(found["attribute"], value, found["operator"] == "^=")


def unparsed(condition: Filter) -> str:
    """A text that `parsed` makes the same condition of."""
    value = _TO_ESCAPE.sub(r"\\\1", condition.value)
    return f'{condition.attribute} {"^=" if condition.is_prefix else "="} "{value}"'


def added(ours: Mapping[str, Any] | None, *members: str) -> list[str]:
    """The attributes that these members of a pool's own settings name beyond Cognito's, each once, in order."""
    names = (name for member in members for name in (ours or {}).get(member) or [])
    return [name for name in dict.fromkeys(names) if name not in (*STANDARD, STATUS, USER_STATUS)]


def require_searchable(condition: Filter, more: Collection[str]) -> None:
    """Raises InvalidParameterException unless the attribute is one of Cognito's or of the pool's own (`more`)."""
    if condition.attribute not in (*STANDARD, STATUS, USER_STATUS, *more):
        raise InvalidParameterException(f"Invalid search attribute: {condition.attribute}")


def holds(condition: Filter, values: Mapping[str, str], *, is_case_sensitive: bool) -> bool:
    """Whether a user with these values meets a condition; an attribute without a value meets none.

    Name, `sub` and `status` are compared as they are, `cognito:user_status` without case, and every other attribute,
    a pool's own ones too, as the pool compares names.
    """
    value, wanted = values.get(condition.attribute, ""), condition.value
    if condition.attribute == USER_STATUS or not (is_case_sensitive or condition.attribute in _EXACT):
        value, wanted = folded(value), folded(wanted)
    if not value:
        return False
    return value.startswith(wanted) if condition.is_prefix else value == wanted


def folded(text: str) -> str:
    """A text without case, character by character, so that what begins alike still does.

    The lower case of a whole Greek word ends in another sigma than that of its beginning.
    """
    return "".join(character.lower() for character in text).replace("\u03c2", "\u03c3")
