"""The tags of a user pool: how many there may be, and which names are the provider's own.

Owns those two rules. Leaves the lengths to the service model, and the name of the fault to who asks: operations on
pools have one of their own, operations on tags do not.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from chalicelib.errors import InvalidParameterException

MOST: Final = 50
_RESERVED: Final = "aws:"


def problem(tags: Mapping[str, str]) -> str | None:
    """Why a pool may not have these tags; None when it may."""
    if len(tags) > MOST:
        return f"A user pool cannot have more than {MOST} tags."
    if any(name.lower().startswith(_RESERVED) for name in tags):
        return f"Tag keys cannot begin with {_RESERVED}."
    return None


def added(tags: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The tags with others, which replace those of the same name; raises InvalidParameterException."""
    result = {**tags, **given}
    if sentence := problem(result):
        raise InvalidParameterException(sentence)
    return result


def removed(tags: Mapping[str, str], names: Collection[str]) -> dict[str, str]:
    """The tags without some; names that are none of them are passed over."""
    gone = set(names)
    return {name: value for name, value in tags.items() if name not in gone}
