"""A user's own attributes, for whoever holds an access token: set and deleted, as far as the app client may write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.call import Call
from chalicelib.flows import access, attribute_changes, codes, deliveries, reproof, second_factors
from chalicelib.flows.access import Access
from chalicelib.flows.attribute_changes import Outcome
from chalicelib.operations.registry import operation
from chalicelib.rules import attributes, recovery
from chalicelib.table.users import Account

Answer = dict[str, Any]


@operation
def update_user_attributes(call: Call) -> Answer:
    """Set attributes of the bearer, or delete those with an empty value; the answer tells where codes went.

    A changed address is unproved, or waits for its proof where the pool wants that first. Raises
    NotAuthorizedException, InvalidParameterException, AliasExistsException, PasswordResetRequiredException,
    TooManyRequestsException, and CodeDeliveryFailureException, after which the change stands nevertheless.
    """
    outcome = _changed(call, attributes.given(call["UserAttributes"]))
    return {"CodeDeliveryDetailsList": deliveries.send_all(call, outcome.user, "verify_attribute", outcome.issues)}


@operation
def delete_user_attributes(call: Call) -> Answer:
    """Delete attributes of the bearer, but not the last address to sign in with, nor one that is a second factor.

    Raises NotAuthorizedException, InvalidParameterException and PasswordResetRequiredException.
    """
    _changed(call, dict.fromkeys(call["UserAttributeNames"], ""))
    return {}


def _changed(call: Call, given: Mapping[str, str]) -> Outcome:
    """What the client may not write is refused before anything is said of it. Without an address no code is needed."""
    who = access.owner(call)
    attributes.require_writable(given, who.client.document.get("WriteAttributes"))
    if _moves_factor(who, given):
        reproof.require(who, call.now)
    has_address = any(given.get(kind) for kind in codes.ADDRESSES)
    account = access.account_of(who) if has_address else Account(who.user)
    return attribute_changes.carry_out(call, account, given, is_own=True)


def _moves_factor(who: Access, given: Mapping[str, str]) -> bool:
    """Whether codes that are a second factor here would go elsewhere from then on.

    Attack: a stolen access token leaves the factor as it is, and has its codes sent to the thief's own telephone.
    """
    offered, known = second_factors.offered(who.pool), who.user.attributes
    changed = [kind for kind in codes.ADDRESSES if given.get(kind, known.get(kind, "")) != known.get(kind, "")]
    return any(recovery.FACTORS[kind] in offered for kind in changed)
