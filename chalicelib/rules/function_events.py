"""The event that a function of a pool gets, and the reading of what it answers.

Owns what stands in every event and the types of a reply's members: `flag`, `text` and `texts` take null and a missing
member alike, because a function may hand the event back as it came. Leaves the calling to `outside.lambdas`, and what
each trigger asks and decides to its own flow.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chalicelib.errors import InvalidLambdaResponseException

UNKNOWN_SDK = "aws-sdk-unknown-unknown"

_LONGEST_AGENT = 1000
_SDK = re.compile(r"\baws-sdk-([a-z0-9-]{1,30})/([0-9][0-9A-Za-z.-]{0,30})")
_ALIASES = ("email", "phone_number")


def sdk_version(agent: str) -> str:
    """`awsSdkVersion` of the caller, from its user agent: `aws-sdk-js-2.1639.0`."""
    found = _SDK.search(agent[:_LONGEST_AGENT])
    return f"aws-sdk-{found[1]}-{found[2]}" if found else UNKNOWN_SDK


def user_attributes(settings: Mapping[str, Any], values: Mapping[str, str], status: str) -> dict[str, str]:
    """`userAttributes` of a user: what is stored, the status, and the addresses that sign in beside the username."""
    aliases = {
        f"cognito:{kind}_alias": values[kind]
        for kind in _ALIASES
        if kind in settings.get("AliasAttributes", ()) and values.get(f"{kind}_verified") == "true" and values.get(kind)
    }
    return {**values, "cognito:user_status": status, **aliases}


def response(reply: object) -> Mapping[str, Any]:
    """The `response` of a reply. Raises InvalidLambdaResponseException."""
    if not isinstance(reply, dict):
        raise not_json()
    found = reply.get("response")
    if not isinstance(found, dict):
        raise InvalidLambdaResponseException
    return found


def flag(given: Mapping[str, Any], name: str) -> bool:
    """A member that is true or false; false when it was left alone. Raises InvalidLambdaResponseException."""
    return bool(_typed(given, name, bool))


def text(given: Mapping[str, Any], name: str) -> str | None:
    """A member that is a text. Raises InvalidLambdaResponseException."""
    found: str | None = _typed(given, name, str)
    return found


def texts(given: Mapping[str, Any], name: str) -> dict[str, str]:
    """A member that maps texts to texts; empty when it was left alone. Raises InvalidLambdaResponseException."""
    found: dict[str, str] = _typed(given, name, dict) or {}
    if not all(isinstance(value, str) for value in found.values()):
        raise InvalidLambdaResponseException
    return found


def not_json() -> InvalidLambdaResponseException:
    """The refusal of a reply that is no JSON object."""
    return InvalidLambdaResponseException("Invalid lambda function output : Invalid JSON")


def _typed(given: Mapping[str, Any], name: str, kind: type) -> Any:
    found = given.get(name)
    if found is not None and not isinstance(found, kind):
        raise InvalidLambdaResponseException
    return found
