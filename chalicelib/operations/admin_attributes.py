"""AdminUpdateUserAttributes: attributes of a user, changed by an administrator, with the names that hang on them."""

from __future__ import annotations

import contextlib
from typing import Any

from chalicelib import errors
from chalicelib.call import Call
from chalicelib.flows import codes, deliveries, enrolment, user_changes
from chalicelib.operations.registry import operation
from chalicelib.rules import attributes, limits, names
from chalicelib.table import guards, store
from chalicelib.table.items import User
from chalicelib.table.store import Save, Write
from chalicelib.table.users import Account

Answer = dict[str, Any]


@operation
def admin_update_user_attributes(call: Call) -> Answer:
    """Set attributes, or delete those with an empty value; a changed address is unproven unless the call says not.

    A code goes to a changed address that the pool verifies by itself; if that cannot be delivered, the change stands.
    Raises InvalidParameterException, AliasExistsException and UserNotFoundException.
    """
    schema = call.pool.document["SchemaAttributes"]
    changes = attributes.accepted_changes(schema, attributes.given(call["UserAttributes"]))
    issues: dict[str, codes.Issue] = {}
    try:
        account = user_changes.carry_out(call.account, lambda found: _changed(call, found, changes, issues))
    except store.Conflict as conflict:
        raise errors.AliasExistsException(f"An account with the given {conflict.names[0]} already exists.") from None
    for issue in issues.values():
        with contextlib.suppress(errors.CodeDeliveryFailureException):
            deliveries.send(call, account.user, "verify_attribute", issue)
    return {}


def _changed(
    call: Call, account: Account, changes: dict[str, str], issues: dict[str, codes.Issue]
) -> list[Write]:  # fmt: skip
    user = account.user
    unproven = _unproven(user, changes)
    _refuse_pending(call, unproven)
    user.attributes = _merged(user, changes | {f"{kind}_verified": "false" for kind in unproven})
    enrolment.require_address_of_flags(user.attributes)
    limits.refuse_too_large(user.attributes)
    user.modified_at = call.now
    issues.clear()
    issues |= {kind: codes.unasked(account, kind, kind, call.now) for kind in _to_be_proved(call, unproven)}
    sent = [Save(issue.item, "code") for issue in issues.values()]
    return [Save(user, "user"), *sent, *guards.reguarded(call.pool, user)]


def _unproven(user: User, changes: dict[str, str]) -> list[codes.Address]:
    """The addresses that become others and that the call does not vouch for."""
    return [
        kind
        for kind in codes.ADDRESSES
        if changes.get(kind, "") not in ("", user.attributes.get(kind)) and f"{kind}_verified" not in changes
    ]


def _merged(user: User, changes: dict[str, str]) -> dict[str, str]:
    """The attributes after the change. An address that goes takes its proof along: the next one would inherit it."""
    merged = {name: value for name, value in {**user.attributes, **changes}.items() if value}
    for kind in names.CONTACTS:
        if changes.get(kind) == "":
            merged.pop(f"{kind}_verified", None)
    return merged


def _to_be_proved(call: Call, kinds: list[codes.Address]) -> list[codes.Address]:
    verified = call.pool.document.get("AutoVerifiedAttributes") or []
    chosen = [kind for kind in kinds if kind in verified]
    for kind in chosen:
        deliveries.require_possible(call.pool, "verify_attribute", kind)
    return chosen


def _refuse_pending(call: Call, kinds: list[codes.Address]) -> None:
    """A pool may demand that an address is proved before it replaces the old one; the proof cannot be given yet."""
    settings = call.pool.document.get("UserAttributeUpdateSettings") or {}
    held = settings.get("AttributesRequireVerificationBeforeUpdate") or []
    if any(kind in held for kind in kinds):
        raise errors.NotImplementedException(
            "This user pool wants addresses verified before they change, which is not built yet; "
            "send the address together with its verified flag."
        )
