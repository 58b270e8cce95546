"""By which address a user gets back in after forgetting the password.

Owns the choice by the pool's AccountRecoverySetting, and the older order of pools without one. Leaves codes and
messages to the flows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

_ADDRESSES: Final = {"verified_phone_number": "phone_number", "verified_email": "email"}
_LEGACY: Final = ("phone_number", "email")
FACTORS: Final = {"phone_number": "SMS_MFA", "email": "EMAIL_OTP"}
"""The second factor that goes to an address."""


def is_by_administrator_only(settings: Mapping[str, Any]) -> bool:
    """Whether users of the pool cannot recover by themselves."""
    return any(mechanism["Name"] == "admin_only" for mechanism in _mechanisms(settings))


def address(settings: Mapping[str, Any], attributes: Mapping[str, str], factors: Sequence[str] = ()) -> str | None:
    """The attribute to which a reset code goes: the first that is there and verified; None when there is none.

    `factors` are the user's second factors. One and the same phone must not be both: whoever holds it would get in with
    nothing else. Pools without the setting keep the older rule, which allows that.
    """
    return next((name for name in order(settings) if _is_usable(settings, name, attributes, factors)), None)


def order(settings: Mapping[str, Any]) -> list[str]:
    """The attributes that may be used in this pool, best first."""
    mechanisms = sorted(_mechanisms(settings), key=lambda mechanism: mechanism["Priority"])
    if not mechanisms:
        return list(_LEGACY)
    return [_ADDRESSES[mechanism["Name"]] for mechanism in mechanisms if mechanism["Name"] in _ADDRESSES]


def _is_usable(
    settings: Mapping[str, Any], name: str, attributes: Mapping[str, str], factors: Sequence[str]
) -> bool:  # fmt: skip
    if not attributes.get(name) or attributes.get(f"{name}_verified") != "true":
        return False
    return not _mechanisms(settings) or FACTORS[name] not in factors


def _mechanisms(settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (settings.get("AccountRecoverySetting") or {}).get("RecoveryMechanisms", [])
    return found
