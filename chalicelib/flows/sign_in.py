"""The one challenge machine: from a first proof through challenges to tokens.

Owns the order of checks (confirmation, lock-out, the password, disabled, reset, temporary password, the next challenge)
and that tokens come out only behind all of them. Operations and pages come here, so they cannot drift apart. Leaves SRP
to `srp_exchange`, counting to `lockout`, what carries a sign-in on to `challenges`, minting to `tokens`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import (
    challenges,
    client_secrets,
    enrolment,
    lockout,
    passwords,
    srp_exchange,
    tokens,
    triggers,
    unknown_users,
)
from chalicelib.flows.challenges import State
from chalicelib.rules import attributes, limits
from chalicelib.table import guards, search, store
from chalicelib.table.users import Account
from chalicelib.table.writes import Save, Write

Answer = dict[str, Any]
Parameters = Mapping[str, str]

TRIGGERS = ("UserMigration", "PreAuthentication", "PostAuthentication", *tokens.TRIGGERS)
TEMPORARY = "NEW_PASSWORD_REQUIRED"
"""The challenge that a temporary password leads to."""

_WRONG = "Incorrect username or password."
_ATTRIBUTE = "userAttributes."


def required(parameters: Parameters, name: str) -> str:
    """A parameter that must be there and not empty. Raises InvalidParameterException."""
    if not parameters.get(name):
        raise errors.InvalidParameterException(f"Missing required parameter {name}")
    return parameters[name]


def by_password(call: Call, parameters: Parameters) -> Answer:
    """Sign in with name and password: tokens, or the next challenge."""
    given, text = required(parameters, "USERNAME"), required(parameters, "PASSWORD")
    account, state = _begun(call, given, parameters.get("SECRET_HASH"))
    _require_standing(call, account)
    if not passwords.is_right(account, text, call.pool):
        raise _wrong(call, account)
    result = _next(call, account, state)
    _keep_upgraded(call, account, text)
    return result


def by_srp(call: Call, parameters: Parameters) -> Answer:
    """Begin a sign-in by SRP: the PASSWORD_VERIFIER challenge, without Session, as clients expect."""
    given = required(parameters, "USERNAME")
    a_public = srp_exchange.client_value(required(parameters, "SRP_A"))
    account, state = _begun(call, given, parameters.get("SECRET_HASH"))
    found = srp_exchange.parameters(call, account, state, a_public)
    return {"ChallengeName": srp_exchange.CHALLENGE, "ChallengeParameters": found}


def answer_verifier(call: Call, responses: Parameters) -> Answer:
    """Complete SRP. Whatever is wrong with the proof, the block or the time gets the one sentence of a wrong password.

    So does another user's name, and it counts as one: else the answer would tell which names are one user's.
    """
    for name in ("USERNAME", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP"):
        required(responses, name)
    exchange = srp_exchange.opened(call, required(responses, "PASSWORD_CLAIM_SECRET_BLOCK"))
    if exchange is None:
        journal.note(reason="session foreign or expired")
        raise errors.NotAuthorizedException(_WRONG)
    is_named = challenges.is_named(call, exchange.state, responses)
    if not is_named:
        journal.note(reason="another user's name")
    triggers.require_unset(call.pool, *TRIGGERS)
    account = challenges.account(call, exchange.state)
    _require_standing(call, account)
    if not (srp_exchange.is_proved(call, account, exchange, responses) and is_named):
        raise _wrong(call, account)
    try:
        return _next(call, account, exchange.state)
    except store.Conflict:
        # The attack: a recorded proof sent again. It would write the same session, and that can be written once.
        journal.note(reason="proof spent")
        raise errors.NotAuthorizedException(_WRONG) from None


def answer_new_password(call: Call, responses: Parameters) -> Answer:
    """Replace a temporary password and fill in required attributes: the user is confirmed and signed in, in one write.

    The attack: a temporary password is stolen, so the administrator gives another; a session that the thief has begun
    must not outlive the password that it was begun with.
    """
    required(responses, "USERNAME")
    text = required(responses, "NEW_PASSWORD")
    state = challenges.opened(call)
    if not challenges.is_named(call, state, responses):
        raise challenges.not_for_this()
    triggers.require_unset(call.pool, *TRIGGERS)
    account = challenges.account(call, state)
    if account.user.status != "FORCE_CHANGE_PASSWORD":
        raise challenges.spent()
    if _password_set_at(account) != state.password_set_at:
        raise challenges.not_for_this()
    _require_enabled(account)
    passwords.require_valid(call.pool, text)
    return _completed(call, account, state, text)


def _begun(call: Call, given: str, secret_hash: str | None) -> tuple[Account, State]:
    """The user of a first call and the state of the sign-in that it begins."""
    client_secrets.require_hash(call.client, secret_hash, given)
    triggers.require_unset(call.pool, *TRIGGERS)
    account = unknown_users.found(call, given, "User does not exist.")
    user = account.user
    return account, State(call.pool.id, call.client.id, user.sub, user.username, given, str(uuid.uuid4()))


def _require_standing(call: Call, account: Account) -> None:
    """What is refused before the password is looked at, in Cognito's order."""
    status = "" if unknown_users.is_nobody(account) else account.user.status
    if status == "UNCONFIRMED":
        raise errors.UserNotConfirmedException
    lockout.require_open(account, call.now)
    if status == "RESET_REQUIRED" and not unknown_users.are_hidden(call.client):
        raise errors.PasswordResetRequiredException


def _wrong(call: Call, account: Account) -> errors.AwsError:
    """Count a wrong password; the refusal to raise, which is the same for nobody and for everybody."""
    journal.note(reason=journal.noted("reason") or "wrong password")
    lockout.count(account, call.now)
    return errors.NotAuthorizedException(_WRONG)


def _require_enabled(account: Account) -> None:
    """Told only to who knows the password, so that strangers do not learn whom an administrator has disabled."""
    if not account.user.enabled:
        journal.note(reason="disabled")
        raise errors.NotAuthorizedException("User is disabled.")


def _next(call: Call, account: Account, state: State) -> Answer:
    """What follows a right password: a refusal, the next challenge, or tokens. Raises store.Conflict.

    Tokens are written together with the count of wrong passwords. All else would tell that the password was right
    without that, and so to a burst of guesses; so the count is cleared first.
    """
    status = account.user.status
    if account.user.enabled and status not in ("RESET_REQUIRED", "FORCE_CHANGE_PASSWORD"):
        return _signed_in(call, account, state, [])
    lockout.cleared(account, call.now)
    _require_enabled(account)
    if status == "RESET_REQUIRED":
        raise errors.PasswordResetRequiredException
    return _new_password_required(call, account, state)


def _new_password_required(call: Call, account: Account, state: State) -> Answer:
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
    next_state = replace(state, challenge=TEMPORARY, password_set_at=_password_set_at(account))
    return challenges.issued(call, next_state, parameters)


def _password_set_at(account: Account) -> float:
    return float(account.password.set_at) if account.password else 0.0


def _completed(call: Call, account: Account, state: State, text: str) -> Answer:
    """Tokens for a user who chose a password.

    Raises AliasExistsException, and store.Conflict when somebody else changed the user meanwhile: the names that are
    taken then may be the user's own.
    """
    writes = _confirmed(call, account, text)
    try:
        return _signed_in(call, account, state, writes)
    except store.Conflict as conflict:
        if tokens.SESSION in conflict.names:
            raise challenges.spent() from None
        if "user" not in conflict.names and (refusal := enrolment.alias_taken(conflict)):
            raise refusal from None
        raise


def _confirmed(call: Call, account: Account, text: str) -> list[Write]:
    """The writes that confirm a user, with the password and the attributes that came with the answer."""
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
    responses: Parameters = call["ChallengeResponses"]
    given = {name.removeprefix(_ATTRIBUTE): value for name, value in responses.items() if name.startswith(_ATTRIBUTE)}
    added = {name: value for name, value in given.items() if present.get(name) != value}
    for name in added:
        if present.get(name):
            journal.note(reason="attribute not writable")
            raise errors.NotAuthorizedException(f"Cannot modify an already provided {name}")
    attributes.require_writable(added, call.client.document.get("WriteAttributes"))
    return attributes.accepted(call.pool.document["SchemaAttributes"], added)


def _signed_in(call: Call, account: Account, state: State, also: list[Write]) -> Answer:
    """Tokens, behind the last gate. Raises store.Conflict."""
    _require_no_further_factor(call, account)

    def begun(clearing: list[Write]) -> Answer:
        return tokens.begin(call, account.user, state, [*also, *clearing])

    return {"ChallengeParameters": {}, "AuthenticationResult": lockout.heard(account, call.now, begun)}


def _require_no_further_factor(call: Call, account: Account) -> None:
    """Fails closed where a second factor is due: its challenges are not built, and a password alone must not do.

    Saying so tells that the password was right, so the count is cleared first, as in `_next`.
    """
    mode = call.pool.document.get("MfaConfiguration", "OFF")
    if mode == "ON" or (mode == "OPTIONAL" and account.user.mfa):
        lockout.cleared(account, call.now)
        raise errors.NotImplementedException("Challenges of multi-factor authentication are not built yet.")


def _keep_upgraded(call: Call, account: Account, text: str) -> None:
    """Bring the stored password up to the present profile while its text is at hand; another sign-in may be first."""
    item = passwords.upgraded(call.pool, account, text, call.now)
    if item is not None:
        with suppress(store.Conflict):  # the password was changed or upgraded meanwhile, and that stands
            store.save(item, "password")
