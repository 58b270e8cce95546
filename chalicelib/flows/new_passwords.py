"""NEW_PASSWORD_REQUIRED: a temporary password is replaced while signing in, and required attributes are filled in.

Owns the challenge and the writes of its answer. Leaves what follows to `next_steps`, passwords themselves to
`passwords`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import challenges, passwords
from chalicelib.flows.challenges import State
from chalicelib.rules import attributes, limits
from chalicelib.table import guards, search
from chalicelib.table.users import Account
from chalicelib.table.writes import Save, Write

CHALLENGE: Final = "NEW_PASSWORD_REQUIRED"
"""The challenge that a temporary password leads to."""

_ATTRIBUTE = "userAttributes."


def is_due(account: Account) -> bool:
    """Whether the user's password only serves to choose another."""
    return bool(account.user.status == "FORCE_CHANGE_PASSWORD")


def issued(call: Call, account: Account, state: State) -> dict[str, Any]:
    """The challenge. Raises NotAuthorizedException for a temporary password whose time is over."""
    valid_until = account.password.valid_until if account.password else None
    if valid_until is not None and valid_until <= call.now:
        journal.note(reason="temporary password over")
        sentence = "Temporary password has expired and must be reset by an administrator."
        raise errors.NotAuthorizedException(sentence)
    user = account.user
    missing = attributes.missing(call.pool.document["SchemaAttributes"], user.attributes)
    shown = attributes.readable(user.attributes, call.client.document.get("ReadAttributes"))
    parameters = {
        "USER_ID_FOR_SRP": user.username,
        "requiredAttributes": json.dumps([_ATTRIBUTE + name for name in missing]),
        "userAttributes": json.dumps(shown),
    }
    return challenges.issued(call, replace(state, challenge=CHALLENGE), parameters)


def confirmed(call: Call, account: Account, text: str) -> list[Write]:
    """The writes that confirm a user, with the password and the attributes that came with the answer.

    Raises InvalidPasswordException, PasswordHistoryPolicyViolationException, InvalidParameterException and
    NotAuthorizedException.
    """
    passwords.require_valid(call.pool, text)
    user, schema = account.user, call.pool.document["SchemaAttributes"]
    before = search.entries(call.pool, user)
    user.attributes = user.attributes | _added(call, account)
    if missing := attributes.missing(schema, user.attributes):
        raise errors.InvalidParameterException(f"Invalid attributes given, {missing[0]} is missing")
    limits.refuse_too_large(user.attributes)
    user.status, user.modified_at = "CONFIRMED", call.now
    password = passwords.replaced(call.pool, account, text, call.now)
    found_by = search.changes(call.pool, user, before)
    return [*guards.reguarded(call.pool, user), Save(user, "user"), Save(password, "password"), *found_by]


def _added(call: Call, account: Account) -> dict[str, str]:
    """The attributes that an answer adds. One that is there already may be repeated, as clients do, but not changed."""
    present = account.user.attributes
    responses: Mapping[str, str] = call["ChallengeResponses"]
    given = {name.removeprefix(_ATTRIBUTE): value for name, value in responses.items() if name.startswith(_ATTRIBUTE)}
    added = {name: value for name, value in given.items() if present.get(name) != value}
    for name in added:
        if present.get(name):
            journal.note(reason="attribute not writable")
            raise errors.NotAuthorizedException(f"Cannot modify an already provided {name}")
    attributes.require_writable(added, call.client.document.get("WriteAttributes"))
    return attributes.accepted(call.pool.document["SchemaAttributes"], added)
