"""The oldest form of a user's MFA settings: codes by SMS to the phone number, or none."""

from __future__ import annotations

from typing import Any

from chalicelib.call import Call
from chalicelib.errors import InvalidParameterException
from chalicelib.flows import access, profiles, user_changes
from chalicelib.operations.registry import operation
from chalicelib.table.items import User
from chalicelib.table.store import Save, Write
from chalicelib.table.users import Account

Answer = dict[str, Any]

_BY_SMS = {"DeliveryMedium": "SMS", "AttributeName": "phone_number"}
_FACTOR = "SMS_MFA"


@operation
def set_user_settings(call: Call) -> Answer:
    """Switch codes by SMS on for the bearer, or off with no MFAOptions; other factors stay as they are.

    Raises InvalidParameterException, PasswordResetRequiredException and NotAuthorizedException.
    """
    who = access.owner(call)
    problem = "User does not have a phone_number set to turn on SMS MFA"

    def decided(found: Account) -> list[Write]:
        access.require_no_reset(found.user)
        return _set(call, found.user, problem)

    user_changes.carry_out(Account(who.user), decided)
    return {}


@operation
def admin_set_user_settings(call: Call) -> Answer:
    """Switch codes by SMS on for a user, or off with no MFAOptions; other factors stay as they are.

    Raises InvalidParameterException and UserNotFoundException.
    """
    problem = "User does not have delivery config set to turn on SMS_MFA"
    user_changes.carry_out(call.account, lambda found: _set(call, found.user, problem))
    return {}


def _set(call: Call, user: User, problem: str) -> list[Write]:
    """The change; `problem` is what is said of a user who has no phone number."""
    options = call["MFAOptions"]
    if any(option != _BY_SMS for option in options):
        raise InvalidParameterException("MFAOptions can only turn on SMS MFA by the phone_number.")
    if options and not user.attributes.get("phone_number"):
        raise InvalidParameterException(problem)
    user.mfa = _factors(user, is_on=bool(options))
    user.modified_at = call.now
    return [Save(user, "user")]


def _factors(user: User, *, is_on: bool) -> dict[str, Any] | None:
    """The user's factors with SMS or without it; None when none is left, so that the user is one without factors."""
    others = [factor for factor in profiles.factors(user) if factor != _FACTOR]
    preferred = (user.mfa or {}).get("preferred")
    kept = {
        "enabled": [*others, _FACTOR] if is_on else others,
        "preferred": preferred if is_on or preferred != _FACTOR else None,
        "options": [_BY_SMS] if is_on else [],
    }
    return {name: value for name, value in kept.items() if value} or None
