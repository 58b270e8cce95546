"""Proving an address with a code, for whoever holds an access token: asking for the code, and giving it back."""

from __future__ import annotations

from typing import Any

from chalicelib import errors
from chalicelib.call import Call
from chalicelib.flows import access, attribute_changes, codes, deliveries
from chalicelib.flows.codes import Address
from chalicelib.operations.registry import operation

Answer = dict[str, Any]


@operation
def get_user_attribute_verification_code(call: Call) -> Answer:
    """Send a code to an address of the bearer, to the one that waits for its proof if there is one.

    Raises InvalidParameterException when there is nowhere to send it, LimitExceededException after five in an hour,
    PasswordResetRequiredException, NotAuthorizedException and CodeDeliveryFailureException.
    """
    kind = _kind(call)
    account = access.account(call)
    access.require_no_reset(account.user)
    if not codes.destination(account.user, kind, kind):
        raise errors.InvalidParameterException(f"The user has no {kind} to verify.")
    deliveries.require_possible(call.pool, "verify_attribute", kind)
    issue = codes.asked(account, kind, kind, call.now)
    return {"CodeDeliveryDetails": deliveries.send(call, account.user, "verify_attribute", issue)}


@operation
def verify_user_attribute(call: Call) -> Answer:
    """Prove an address of the bearer by the code that went there; from then on it is verified, and an alias.

    Raises CodeMismatchException, ExpiredCodeException, LimitExceededException after fifteen wrong ones in an hour,
    AliasExistsException, PasswordResetRequiredException, InvalidParameterException and NotAuthorizedException.
    """
    kind = _kind(call)
    attribute_changes.prove(call, access.account(call), kind, call["Code"])
    return {}


def _kind(call: Call) -> Address:
    kind = next((kind for kind in codes.ADDRESSES if kind == call["AttributeName"]), None)
    if kind is None:
        raise errors.InvalidParameterException("Invalid attribute name. Only phone_number and email can be verified.")
    return kind
