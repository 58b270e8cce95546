"""Attributes of a user in the hands of administrators: set, vouched for, deleted."""

from __future__ import annotations

from typing import Any

from chalicelib.call import Call
from chalicelib.flows import attribute_changes, deliveries
from chalicelib.operations.registry import operation
from chalicelib.rules import attributes

Answer = dict[str, Any]


@operation
def admin_update_user_attributes(call: Call) -> Answer:
    """Set attributes, or delete those with an empty value; a changed address is unproved unless the call vouches.

    A code goes to a changed address that the pool verifies by itself; if that cannot be delivered, the change stands.
    Where the pool wants addresses proved first, one without its `..._verified` "true" waits for that. Raises
    InvalidParameterException, AliasExistsException and UserNotFoundException.
    """
    given = attributes.given(call["UserAttributes"])
    outcome = attribute_changes.carry_out(call, call.account, given, is_own=False)
    deliveries.attempt(call, outcome.user, "verify_attribute", outcome.issues)
    return {}


@operation
def admin_delete_user_attributes(call: Call) -> Answer:
    """Delete attributes; an address takes its proof, its name and what waited to replace it along.

    Not the last address to sign in with, nor one that is a second factor: that is turned off first. Raises
    InvalidParameterException and UserNotFoundException.
    """
    attribute_changes.carry_out(call, call.account, dict.fromkeys(call["UserAttributeNames"], ""), is_own=False)
    return {}
