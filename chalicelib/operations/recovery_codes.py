"""Recovery codes, for which Cognito has no operations: made and counted by their owner, removed by administrators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from chalicelib.call import Call
from chalicelib.errors import InvalidParameterException, NotAuthorizedException
from chalicelib.flows import access, recovery_codes, reproof, second_factors, user_changes
from chalicelib.operations.registry import operation
from chalicelib.table.users import Account
from chalicelib.table.writes import Check, Write

SERVICE = "latchkey"

Answer = dict[str, Any]


@operation(service=SERVICE)
def create_recovery_codes(call: Call) -> Answer:
    """Give the bearer ten fresh recovery codes, which are shown only now; those of before are good for nothing then.

    Raises InvalidParameterException without a second factor, NotAuthorizedException, PasswordResetRequiredException,
    TooManyRequestsException and UserNotFoundException.
    """
    who, texts = access.owner(call), recovery_codes.fresh()

    def decided(found: Account) -> Sequence[Write]:
        access.require_no_reset(found.user)
        _require_use(who, found)
        # They are as good as a factor. The attack: a session that was left open, or a stolen access token, makes codes
        # of the thief's own, which open the account until somebody looks. No client of Cognito calls this, so a recent
        # sign-in is asked for in every pool.
        if not reproof.is_fresh(who, call.now):
            raise NotAuthorizedException("Sign in again before making recovery codes.")
        reproof.require(replace(who, user=found.user), call.now)
        return [recovery_codes.replacing(found.user, texts, call.now), Check(found.user, "user")]

    user_changes.carry_out(Account(who.user), decided)
    return {"RecoveryCodes": texts}


def _require_use(who: access.Access, found: Account) -> None:
    """Codes of before a second factor is switched on would be there, unknown to anybody, when it is."""
    account = access.account_of(replace(who, user=found.user))
    if not second_factors.active(who.pool, account):
        raise InvalidParameterException("Recovery codes stand in for a second factor: switch one on first.")


@operation(service=SERVICE)
def describe_recovery_codes(call: Call) -> Answer:
    """How many recovery codes the bearer has left, and when they were made. Raises NotAuthorizedException."""
    item = recovery_codes.of(access.owner(call).user)
    return {"Remaining": len(item.digests), "CreateDate": item.created_at} if item else {"Remaining": 0}


@operation(service=SERVICE)
def admin_delete_recovery_codes(call: Call) -> Answer:
    """Take a user's recovery codes away, such as when the paper was lost. Raises UserNotFoundException."""
    user_changes.carry_out(call.account, lambda found: [recovery_codes.removing(found.user)])
    return {}
