"""The oldest form of a user's MFA settings: codes by SMS to the phone number, or none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chalicelib.call import Call
from chalicelib.errors import InvalidParameterException
from chalicelib.flows import access, mfa_preferences, profiles, reproof, user_changes
from chalicelib.flows.mfa_preferences import LACKS, LACKS_TOLD
from chalicelib.operations.registry import operation
from chalicelib.rules.second_factors import SMS
from chalicelib.table.items import User
from chalicelib.table.store import Save, Write
from chalicelib.table.users import Account

Answer = dict[str, Any]

_BY_SMS = {"DeliveryMedium": "SMS", "AttributeName": "phone_number"}


@operation
def set_user_settings(call: Call) -> Answer:
    """Switch codes by SMS on for the bearer, or off with no MFAOptions; other factors stay as they are.

    Raises InvalidParameterException, PasswordResetRequiredException and NotAuthorizedException.
    """
    who = access.owner(call)

    def decided(found: Account) -> list[Write]:
        access.require_no_reset(found.user)
        if (SMS in profiles.factors(found.user)) != bool(call["MFAOptions"]):
            reproof.require(replace(who, user=found.user), call.now)
        return _set(call, found.user, LACKS[SMS])

    user_changes.carry_out(Account(who.user), decided)
    return {}


@operation
def admin_set_user_settings(call: Call) -> Answer:
    """Switch codes by SMS on for a user, or off with no MFAOptions; other factors stay as they are.

    Raises InvalidParameterException and UserNotFoundException.
    """
    user_changes.carry_out(call.account, lambda found: _set(call, found.user, LACKS_TOLD[SMS]))
    return {}


def _set(call: Call, user: User, problem: str) -> list[Write]:
    """The change; `problem` is what is said of a user who has no phone number."""
    options = call["MFAOptions"]
    if any(option != _BY_SMS for option in options):
        raise InvalidParameterException("MFAOptions can only turn on SMS MFA by the phone_number.")
    if options and not user.attributes.get("phone_number"):
        raise InvalidParameterException(problem)
    user.mfa = _after(user, is_on=bool(options))
    user.modified_at = call.now
    return [Save(user, "user")]


def _after(user: User, *, is_on: bool) -> mfa_preferences.Preferences:
    """The user's factors with SMS or without it; only this old form of the setting shows in MFAOptions."""
    if not is_on:
        return mfa_preferences.without_method(user.mfa, SMS)
    return {**(mfa_preferences.with_method(user.mfa, SMS) or {}), "options": [_BY_SMS]}
