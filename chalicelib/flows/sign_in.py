"""The one challenge machine: from a first proof through challenges to tokens.

Owns the order of checks (lock-out, confirmation, the password, disabled, reset, temporary password, the next challenge)
and that tokens come out only behind all of them. Operations and pages come here, so they cannot drift apart. Leaves SRP
to `srp_exchange`, counting to `lockout`, minting to `tokens`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import Any

from chalicelib import errors
from chalicelib.call import Call
from chalicelib.flows import challenges, client_secrets, lockout, passwords, srp_exchange, tokens, triggers, unknown_users
from chalicelib.flows.challenges import State
from chalicelib.rules import attributes
from chalicelib.table import store, users
from chalicelib.table.items import Attempts, User
from chalicelib.table.users import Account
from chalicelib.table.writes import Save, Write

TRIGGERS = ("UserMigration", "PreAuthentication", "PostAuthentication")
NEW_PASSWORD = "NEW_PASSWORD_REQUIRED"

_WRONG = "Incorrect username or password."
_TRIES = 5
_ATTRIBUTE = "userAttributes."


def required(parameters: Mapping[str, str], name: str) -> str:
    """A parameter that must be there and not empty. Raises InvalidParameterException."""
    if not parameters.get(name):
        raise errors.InvalidParameterException(f"Missing required parameter {name}")
    return parameters[name]


def by_password(call: Call, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Sign in with name and password: tokens, or the next challenge."""
    account, state = _begun(call, parameters)
    text = required(parameters, "PASSWORD")
    _require_standing(call, account)
    if not passwords.is_right(account, text):
        raise _failed(account, call)
    result = _next(call, account, state)
    _keep_upgraded(call, account, text)
    return result


def by_srp(call: Call, parameters: Mapping[str, str]) -> dict[str, Any]:
    """Begin a sign-in by SRP: the PASSWORD_VERIFIER challenge, without Session, as clients expect."""
    public_value = required(parameters, "SRP_A")
    account, state = _begun(call, parameters)
    found = srp_exchange.parameters(call, account, state, public_value)
    return {"ChallengeName": srp_exchange.CHALLENGE, "ChallengeParameters": found}


def answer_verifier(call: Call, responses: Mapping[str, str]) -> dict[str, Any]:
    """Complete SRP. Whatever is wrong with the proof, the block or the time gets the one sentence of a wrong password."""
    block = required(responses, "PASSWORD_CLAIM_SECRET_BLOCK")
    for name in ("USERNAME", "PASSWORD_CLAIM_SIGNATURE", "TIMESTAMP"):
        required(responses, name)
    exchange = srp_exchange.opened(call, block)
    if exchange is None:
        raise errors.NotAuthorizedException(_WRONG)
    account = _continued(call, exchange.state, responses)
    _require_standing(call, account)
    if not srp_exchange.is_proved(call, account, exchange, responses):
        raise _failed(account, call)
    try:
        return _next(call, account, exchange.state)
    except _Spent:
        # The attack: a recorded proof sent again. It would write the same session, and that can be written once.
        raise errors.NotAuthorizedException(_WRONG) from None


def answer_new_password(call: Call, responses: Mapping[str, str]) -> dict[str, Any]:
    """Replace a temporary password and fill in required attributes: the user is confirmed and signed in, in one write."""
    text = required(responses, "NEW_PASSWORD")
    state = challenges.opened(call)
    account = _continued(call, state, responses)
    if unknown_users.is_nobody(account) or account.user.status != "FORCE_CHANGE_PASSWORD":
        raise challenges.spent()
    _require_enabled(account)
    passwords.require_valid(call.pool, text)
    writes = _completed(call, account, responses)
    writes.append(Save(passwords.replaced(call.pool, account, text, call.now), "password"))
    try:
        return _signed_in(call, account, state.session_id, writes)
    except _Spent:
        raise challenges.spent() from None


class _Spent(Exception):
    """This sign-in was completed before, or the user changed under it: nothing was written."""


def _begun(call: Call, parameters: Mapping[str, str]) -> tuple[Account, State]:
    """The user of a first call and the state of the sign-in that it begins."""
    given = required(parameters, "USERNAME")
    client_secrets.require_hash(call.client, parameters.get("SECRET_HASH"), given)
    triggers.require_unset(call.pool, *TRIGGERS)
    account = unknown_users.found(call, given, "User does not exist.")
    return account, State(call.pool.id, call.client.id, account.user.sub, given, str(uuid.uuid4()), "")


def _continued(call: Call, state: State, responses: Mapping[str, str]) -> Account:
    """The user of a sign-in under way, who must be the one that the answer names.

    Clients name the user as they were told (USER_ID_FOR_SRP) or as the person typed it, and hash either.
    """
    triggers.require_unset(call.pool, *TRIGGERS)
    account = users.by_sub(state.pool_id, state.sub)
    if account is None:
        if not unknown_users.are_hidden(call.client):
            raise errors.NotAuthorizedException(_WRONG)
        account = unknown_users.found(call, state.given, _WRONG)
    named = required(responses, "USERNAME")
    known = (account.user.username, state.given)
    client_secrets.require_hash(call.client, responses.get("SECRET_HASH"), named, *known)
    if users.sub_of(call.pool, named) != state.sub if named not in known else False:
        raise errors.NotAuthorizedException("Invalid session for the user.")
    return account


def _require_standing(call: Call, account: Account) -> None:
    """What is refused before the password is looked at, in Cognito's order."""
    lockout.require_open(account.attempts, call.now)
    if unknown_users.is_nobody(account):
        return
    if account.user.status == "UNCONFIRMED":
        raise errors.UserNotConfirmedException("User is not confirmed.")
    if account.user.status == "RESET_REQUIRED" and not unknown_users.are_hidden(call.client):
        raise errors.PasswordResetRequiredException("Password reset required for the user")


def _failed(account: Account, call: Call) -> errors.AwsError:
    """Count a wrong password; the refusal to raise, which is the same for nobody and for everybody."""
    lockout.failed(call.pool.id, account.user.sub, account.attempts, call.now)
    return errors.NotAuthorizedException(_WRONG)


def _require_enabled(account: Account) -> None:
    """Told only to who knows the password, so that strangers do not learn whom an administrator has disabled."""
    if not account.user.enabled:
        raise errors.NotAuthorizedException("User is disabled.")


def _next(call: Call, account: Account, state: State) -> dict[str, Any]:
    """What follows a right password: a refusal, the next challenge, or tokens. Raises _Spent."""
    _require_enabled(account)
    if account.user.status == "RESET_REQUIRED":
        raise errors.PasswordResetRequiredException("Password reset required for the user")
    if account.user.status == "FORCE_CHANGE_PASSWORD":
        return _new_password_required(call, account, state)
    return _signed_in(call, account, state.session_id, [])


def _new_password_required(call: Call, account: Account, state: State) -> dict[str, Any]:
    valid_until = account.password.valid_until if account.password else None
    if valid_until is not None and valid_until <= call.now:
        sentence = "Temporary password has expired and must be reset by an administrator."
        raise errors.NotAuthorizedException(sentence)
    user = account.user
    missing = attributes.missing(call.pool.document["SchemaAttributes"], user.attributes)
    parameters = {
        "USER_ID_FOR_SRP": user.username,
        "requiredAttributes": json.dumps([_ATTRIBUTE + name for name in missing]),
        "userAttributes": json.dumps(user.attributes),
    }
    next_state = State(state.pool_id, state.client_id, user.sub, state.given, state.session_id, NEW_PASSWORD)
    return challenges.issued(call, next_state, parameters)


def _completed(call: Call, account: Account, responses: Mapping[str, str]) -> list[Write]:
    """The writes that confirm a user and add the attributes which came with the new password."""
    user, schema = account.user, call.pool.document["SchemaAttributes"]
    given = {name.removeprefix(_ATTRIBUTE): value for name, value in responses.items() if name.startswith(_ATTRIBUTE)}
    given = {name: value for name, value in given.items() if user.attributes.get(name) != value}
    for name in given:
        if user.attributes.get(name):
            raise errors.NotAuthorizedException(f"Cannot modify an already provided {name}")
    attributes.require_writable(given, call.client.document.get("WriteAttributes"))
    user.attributes = user.attributes | attributes.accepted(schema, given)
    if missing := attributes.missing(schema, user.attributes):
        raise errors.InvalidParameterException(f"Invalid attributes given, {missing[0]} is missing")
    user.status, user.modified_at = "CONFIRMED", call.now
    return [*users.reguarded(call.pool, user), Save(user, "user")]


def _signed_in(call: Call, account: Account, session_id: str, also: list[Write]) -> dict[str, Any]:
    """Tokens, behind the last gate. A count of wrong passwords must be found as it was when the password was checked."""
    _require_no_further_factor(call, account.user)
    for _ in range(_TRIES):
        try:
            writes = [*also, *lockout.cleared(account.attempts)]
            return {"ChallengeParameters": {}, "AuthenticationResult": tokens.begin(call, account.user, session_id, writes)}
        except store.Conflict as conflict:
            if set(conflict.names) != {lockout.NAME}:
                raise _Spent from conflict
        account.attempts = store.get(Attempts, pool=account.user.pool_id, sub=account.user.sub)
        lockout.require_open(account.attempts, call.now)
    raise errors.TooManyRequestsException


def _require_no_further_factor(call: Call, user: User) -> None:
    """Fails closed where a second factor is due: its challenges are not built, and a password alone must not do."""
    mode = call.pool.document.get("MfaConfiguration", "OFF")
    if mode == "ON" or (mode == "OPTIONAL" and user.mfa):
        raise errors.NotImplementedException("Challenges of multi-factor authentication are not built yet.")


def _keep_upgraded(call: Call, account: Account, text: str) -> None:
    """Bring the stored password up to the present profile while its text is at hand; another sign-in may be first."""
    item = passwords.upgraded(call.pool, account, text, call.now)
    if item is not None:
        try:
            store.save(item, "password")
        except store.Conflict:
            pass  # the password was changed or upgraded meanwhile, and that stands
