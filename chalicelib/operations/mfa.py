"""Second factors of a user: authenticator apps set up and taken away, methods switched on, off and preferred.

Leaves proving them at sign-in to `flows.second_factors`, and the rules of preferences to `flows.mfa_preferences`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chalicelib import errors
from chalicelib.call import Call
from chalicelib.flows import (
    access,
    challenges,
    mfa_preferences,
    profiles,
    reproof,
    software_token_setup,
    software_tokens,
    user_changes,
)
from chalicelib.flows.mfa_preferences import LACKS, LACKS_TOLD, Wishes
from chalicelib.flows.software_token_setup import Proof
from chalicelib.operations.registry import operation
from chalicelib.rules.second_factors import SETUP, TOTP
from chalicelib.table.factors import Totp
from chalicelib.table.users import Account
from chalicelib.table.writes import Remove, Save, Write

Answer = dict[str, Any]


@operation
def associate_software_token(call: Call) -> Answer:
    """Hand out the seed of an authenticator app, to the bearer of a token or to a sign-in that has to set one up.

    Raises InvalidParameterException, NotAuthorizedException and SoftwareTokenMFANotFoundException.
    """
    with_token = _is_with_token(call)
    try:
        if with_token:
            return {"SecretCode": software_token_setup.begun(access.owner(call), call.now)}
        state, text = software_token_setup.begun_in(call, challenges.resumed(call, SETUP))
    except (errors.PasswordResetRequiredException, errors.UserNotFoundException) as refusal:
        # Both are errors that the model does not declare for this operation.
        raise errors.NotAuthorizedException(refusal.message) from None
    return {"SecretCode": text, "Session": challenges.sealed(call, state)}


@operation
def verify_software_token(call: Call) -> Answer:
    """Prove an authenticator app by a code. In a sign-in it is switched on by that, elsewhere not.

    Raises EnableSoftwareTokenMFAException for a wrong code, InvalidParameterException, NotAuthorizedException,
    PasswordResetRequiredException, SoftwareTokenMFANotFoundException, TooManyRequestsException, UserNotFoundException.
    """
    proof = Proof(call["UserCode"], call.now, call.get("FriendlyDeviceName"))
    if _is_with_token(call):
        software_token_setup.proved(access.owner(call), proof)
        return {"Status": "SUCCESS"}
    state = software_token_setup.proved_in(call, challenges.resumed(call, SETUP), proof)
    return {"Status": "SUCCESS", "Session": challenges.sealed(call, state)}


@operation
def admin_delete_software_token(call: Call) -> Answer:
    """Take a user's authenticator app away, one that waits for its first code too. Raises UserNotFoundException."""

    def decided(found: Account) -> Sequence[Write]:
        user = found.user
        if found.totp is None and TOTP not in profiles.factors(user):
            return []
        user.mfa = mfa_preferences.without_method(user.mfa, TOTP)
        user.modified_at = call.now
        return [Save(user, "user"), Remove(Totp.at(pool=user.pool_id, sub=user.sub), software_tokens.NAME)]

    user_changes.carry_out(call.account, decided)
    return {}


@operation
def set_user_mfa_preference(call: Call) -> Answer:
    """Switch the bearer's methods of MFA on or off, and choose the preferred one; what is not named stays.

    Raises InvalidParameterException, NotAuthorizedException and PasswordResetRequiredException.
    """
    who, asked = access.owner(call), mfa_preferences.wishes(call.given)

    def decided(found: Account) -> Sequence[Write]:
        access.require_no_reset(found.user)
        after = mfa_preferences.changed(found.user.mfa, asked)
        if mfa_preferences.protection(after) != mfa_preferences.protection(found.user.mfa):
            reproof.require(replace(who, user=found.user), call.now)
        return _preferred(call, found, asked, LACKS)

    user_changes.carry_out(access.account_of(who) if asked.needs_parts else Account(who.user), decided)
    return {}


@operation
def admin_set_user_mfa_preference(call: Call) -> Answer:
    """Switch a user's methods of MFA on or off, and choose the preferred one; what is not named stays.

    Raises InvalidParameterException and UserNotFoundException.
    """
    asked = mfa_preferences.wishes(call.given)
    user_changes.carry_out(call.account, lambda found: _preferred(call, found, asked, LACKS_TOLD))
    return {}


def _preferred(call: Call, found: Account, asked: Wishes, lacks: Mapping[str, str]) -> Sequence[Write]:
    checks = mfa_preferences.require_possible(call.pool, found, asked, lacks)
    user = found.user
    after = mfa_preferences.changed(user.mfa, asked)
    if after == user.mfa:
        return []
    user.mfa = after
    user.modified_at = call.now
    return [Save(user, "user"), *checks]


def _is_with_token(call: Call) -> bool:
    """Whether the caller is who holds an access token, else a sign-in. Raises InvalidParameterException."""
    if ("AccessToken" in call) == ("Session" in call):
        raise errors.InvalidParameterException("Either AccessToken or Session must be given.")
    return "AccessToken" in call
