"""What all ways of signing in have in common: who begins, the check of a password, and a challenge that is answered.

Owns the order of refusals before a factor is looked at, and that an answer which lost a race is judged again. Leaves
what follows a proof to `next_steps`.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import (
    challenges,
    client_secrets,
    enrolment,
    lockout,
    next_steps,
    passwords,
    sign_in_codes,
    source_limits,
    tokens,
    triggers,
    unknown_users,
)
from chalicelib.flows.challenges import State
from chalicelib.table import store
from chalicelib.table.users import Account

Answer = dict[str, Any]
Parameters = Mapping[str, str]

TRIGGERS: Final = ("UserMigration", "PreAuthentication", "PostAuthentication", *tokens.TRIGGERS)

_LONGEST_DEVICE_KEY: Final = 55
_ROUNDS: Final = 8  # each lost round is another answer that was heard, and those are counted and bounded
_CHANGED: Final = frozenset({"user", "password", "totp", "recovery", "passkey", "device", sign_in_codes.NAME})
"""Names of writes that fail because another request changed what an answer was judged by."""


def required(parameters: Parameters, name: str) -> str:
    """A parameter that must be there and not empty. Raises InvalidParameterException."""
    if not parameters.get(name):
        raise errors.InvalidParameterException(f"Missing required parameter {name}")
    return parameters[name]


def begun(call: Call, parameters: Parameters, flow: str = "") -> tuple[Account, State]:
    """The user of a first call and the state of the sign-in that it begins. Raises UserNotFoundException."""
    given = required(parameters, "USERNAME")
    client_secrets.require_hash(call.client, parameters.get("SECRET_HASH"), given)
    triggers.require_unset(call.pool, *TRIGGERS)
    account = unknown_users.found(call, given, "User does not exist.")
    user = account.user
    kept = challenges.kept_name(call.pool.document, given)
    state = State(call.pool.id, call.client.id, user.sub, user.username, kept, str(uuid.uuid4()))
    named = "" if flow == next_steps.ADMIN else device_key(parameters)
    return account, replace(state, flow=flow, device_key=named)


def device_key(parameters: Parameters) -> str:
    """The device that a client says it is; "" for none. Raises InvalidParameterException for one that is too long."""
    given = parameters.get("DEVICE_KEY") or ""
    if len(given) > _LONGEST_DEVICE_KEY:
        raise errors.InvalidParameterException("Invalid device key given.")
    return given


def continued(call: Call, responses: Parameters, *names: str) -> tuple[Account, State]:
    """The user and the state of a challenge that is answered: the one that the call names, or one of these.

    Raises InvalidParameterException and NotAuthorizedException.
    """
    required(responses, "USERNAME")
    state = challenges.opened(call, *names)
    if not challenges.is_named(call, state, responses):
        raise challenges.not_for_this()
    triggers.require_unset(call.pool, *TRIGGERS)
    return challenges.account(call, state), state


def require_same_password(account: Account, state: State) -> None:
    """Raises NotAuthorizedException when the password that was proved has been replaced.

    The attack: a password is stolen, so its owner or an administrator chooses another; a sign-in that the thief has
    begun must not outlive the password that it was begun with.
    """
    if "pwd" in state.proved and password_set_at(account) != state.password_set_at:
        raise challenges.not_for_this()


def password_set_at(account: Account) -> float:
    """When the password was set; 0 without one."""
    return float(account.password.set_at) if account.password else 0.0


def with_password(account: Account, state: State) -> State:
    """The state after the present password was proved."""
    return replace(state.having("pwd"), password_set_at=password_set_at(account))


def heard(step: Callable[[], Answer]) -> Answer:
    """The outcome of an answer to a challenge; judged again from the beginning when another one was faster.

    Raises what `heard_once` raises, and TooManyRequestsException after eight rounds.
    """
    for _ in range(_ROUNDS):
        try:
            return heard_once(step)
        except store.Conflict as conflict:
            if not _CHANGED & set(conflict.names):
                raise
    raise errors.TooManyRequestsException


def heard_once(step: Callable[[], Answer]) -> Answer:
    """The outcome of an answer to a challenge.

    Raises NotAuthorizedException when its sign-in was completed meanwhile, AliasExistsException when a name is taken,
    and store.Conflict when the user was changed.
    """
    try:
        return step()
    except store.Conflict as conflict:
        if tokens.SESSION in conflict.names:
            raise challenges.spent() from None
        if not _CHANGED & set(conflict.names) and (refusal := enrolment.alias_taken(conflict)):
            raise refusal from None
        raise


def by_password(call: Call, account: Account, state: State, text: str) -> Answer:
    """What follows the password of a sign-in, if this is it."""
    require_standing(call, account)
    if not passwords.is_right(account, text, call.pool):
        raise wrong(call, account)
    result = next_steps.after_password(call, account, with_password(account, state))
    _keep_upgraded(call, account, text)
    return result


def require_standing(call: Call, account: Account) -> None:
    """What is refused before a password is looked at, in Cognito's order."""
    status = "" if unknown_users.is_nobody(account) else account.user.status
    if status == "UNCONFIRMED":
        raise errors.UserNotConfirmedException
    lockout.require_open(account, call.now)
    if status == "RESET_REQUIRED" and not unknown_users.are_hidden(call.client):
        raise errors.PasswordResetRequiredException


def wrong(call: Call, account: Account) -> errors.AwsError:
    """Count a wrong password; the refusal to raise, which is the same for nobody and for everybody."""
    journal.note(reason=journal.noted("reason") or "wrong password")
    lockout.count(account, call.now)
    source_limits.count(call)
    return errors.NotAuthorizedException(next_steps.WRONG)


def _keep_upgraded(call: Call, account: Account, text: str) -> None:
    """Bring the stored password up to the present profile while its text is at hand; another sign-in may be first."""
    item = passwords.upgraded(call.pool, account, text, call.now)
    if item is not None:
        with suppress(store.Conflict):  # the password was changed or upgraded meanwhile, and that stands
            store.save(item, "password")
