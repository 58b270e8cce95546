"""What follows a proof: the order of a sign-in, and the one gate in front of tokens.

Owns Cognito's order behind the first factor (disabled, reset, new password, device, second factor, the pool's own
functions, tokens) and that each step is passed whichever door a sign-in came through. Leaves the steps themselves to
their flows, and what proves a factor to `sign_in`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import (
    challenges,
    custom_challenges,
    devices,
    lockout,
    new_passwords,
    second_factors,
    srp_exchange,
    tokens,
    unknown_users,
)
from chalicelib.flows.challenges import State
from chalicelib.rules import acr
from chalicelib.rules.second_factors import WORDS, Due
from chalicelib.table import store
from chalicelib.table.users import Account
from chalicelib.table.writes import Write

Answer = dict[str, Any]

CUSTOM: Final = challenges.CUSTOM
ADMIN: Final = "ADMIN_USER_PASSWORD_AUTH"
"""The flow in which devices play no part: it is a server that signs in."""

WRONG: Final = "Incorrect username or password."


def after_password(call: Call, account: Account, state: State) -> Answer:
    """What follows a right password. Raises store.Conflict.

    Tokens are written together with the count of wrong passwords. All else would tell that the password was right
    without that, and so to a burst of guesses; so the count is cleared first, and the user judged after it.
    """
    if _is_straight(call, account, state):
        return lockout.heard(account, call.now, lambda clearing: _signed_in(call, account, state, clearing))
    lockout.cleared(account, call.now)
    return after(call, account, state)


def after(call: Call, account: Account, state: State, writes: Sequence[Write] = ()) -> Answer:
    """What follows a factor that was proved; `writes` record that and are made with the next step. Raises Conflict."""
    require_able(account)
    if state.flow == CUSTOM and state.data.get("rounds"):
        return after_own(call, account, state, writes)
    if "pwd" in state.proved and new_passwords.is_due(account):
        return _recorded(writes, new_passwords.issued(call, account, state))
    return after_new_password(call, account, state, writes)


def after_new_password(call: Call, account: Account, state: State, writes: Sequence[Write]) -> Answer:
    """Device, second factor, the pool's own functions, tokens."""
    if answer := _device_challenge(call, account, state, writes):
        return answer
    if (due := second_factors.due(call.pool, account, state)).challenge:
        return _recorded(writes, second_factors.issued(call, account, state, due))
    if state.flow == CUSTOM:
        return custom_step(call, account, state, writes)
    return _signed_in(call, account, state, writes)


def custom_step(call: Call, account: Account, state: State, writes: Sequence[Write] = ()) -> Answer:
    """What the pool's own functions ask for next.

    They may let a user in by challenges of their own, and that is their owner's decision; they cannot leave out a
    second factor behind a password, which the order asks for by itself.
    """
    name = custom_challenges.next_step(call, account, state)
    owes_password = "pwd" in state.proved and new_passwords.is_due(account)
    if not name and not owes_password:
        return _signed_in(call, account, state, writes)
    return _recorded(writes, _own_challenge(call, account, state, name))


def _own_challenge(call: Call, account: Account, state: State, name: str) -> Answer:
    """The challenge that the pool's own functions have named; a password that is owed comes before tokens."""
    owes_password = "pwd" in state.proved and new_passwords.is_due(account)
    if owes_password and name in ("", new_passwords.CHALLENGE):
        return new_passwords.issued(call, account, state)
    if name == "CUSTOM_CHALLENGE":
        return custom_challenges.issued(call, account, state)
    if name == srp_exchange.CHALLENGE and "srp_a" in state.data:
        return password_verifier(call, account, state)
    if name in WORDS and name in second_factors.answerable(call.pool, account, state):
        return second_factors.issued(call, account, state, Due(name))
    raise errors.InvalidLambdaResponseException(f"Unrecognizable lambda output: {name[:64]} is not possible here")


def password_verifier(call: Call, account: Account, state: State) -> Answer:
    """The SRP challenge of a flow that has a session: USER_AUTH and CUSTOM_AUTH."""
    asking = replace(state, challenge=srp_exchange.CHALLENGE)
    a_public = srp_exchange.client_value(str(state.data.get("srp_a", "")))
    return challenges.issued(call, asking, srp_exchange.parameters(call, account, asking, a_public))


def after_own(call: Call, account: Account, state: State, writes: Sequence[Write]) -> Answer:
    """After a step of CUSTOM_AUTH: behind a password the order is the pool's, and its functions hear of each step."""
    is_own = "pwd" not in state.proved or new_passwords.is_due(account)
    return (custom_step if is_own else after_new_password)(call, account, state, writes)


def _device_challenge(call: Call, account: Account, state: State, writes: Sequence[Write]) -> Answer | None:
    """DEVICE_SRP_AUTH, if the client says that it is a device in the place of a second factor.

    Attack: keys of devices are tried out to see whose they are; so they are looked up behind the password only.
    """
    has_password = "pwd" in state.proved
    if not state.device_key or state.is_device_proved or not has_password or not devices.is_tracking(call.pool):
        return None
    if second_factors.is_proved(state):
        return None
    device = devices.presented(call, account, state.device_key)
    if not devices.replaces_second_factor(call.pool, device):
        return None
    return _recorded(writes, devices.awaited(call, account, state, device))


def _is_straight(call: Call, account: Account, state: State) -> bool:
    """Whether a right password is all that this sign-in takes, so that it and the tokens are one write."""
    user = account.user
    if not user.enabled or user.status in ("RESET_REQUIRED", "FORCE_CHANGE_PASSWORD") or state.flow == CUSTOM:
        return False
    has_device = bool(state.device_key) and devices.is_tracking(call.pool)
    return not has_device and not second_factors.due(call.pool, account, state).challenge


def _recorded(writes: Sequence[Write], answer: Answer) -> Answer:
    """The challenge that comes next, after the writes of the proof that led to it.

    It is made before them: when it cannot be asked (no more codes may be sent, a function fails), nothing has happened,
    and the same answer may be given again.
    """
    if writes:
        store.together(*writes)
    return answer


def require_able(account: Account) -> None:
    """Raises what is told of a user who may not sign in.

    Told only to who has proved something, so that strangers do not learn whom an administrator has disabled.
    """
    if unknown_users.is_nobody(account):
        raise errors.NotAuthorizedException(WRONG)
    if not account.user.enabled:
        journal.note(reason="disabled")
        raise errors.NotAuthorizedException("User is disabled.")
    if account.user.status == "RESET_REQUIRED":
        raise errors.PasswordResetRequiredException
    if account.user.status == "UNCONFIRMED":
        raise errors.UserNotConfirmedException


def _signed_in(call: Call, account: Account, state: State, also: Sequence[Write]) -> Answer:
    """Tokens, behind the last gate. Raises store.Conflict.

    The gate asks again for all that the steps before have asked for: a step that lets somebody by is then no way in.
    """
    require_able(account)
    is_bound = state.flow != CUSTOM or "pwd" in state.proved
    if is_bound and (not state.proved or second_factors.due(call.pool, account, state).challenge):
        journal.note(reason="factor missing")
        raise errors.NotAuthorizedException(WRONG)
    if acr.level(state.proved) < state.level:
        journal.note(reason="level not reached")
        raise errors.NotAuthorizedException("The user has no factor that leads to the authentication level asked for.")
    metadata = _metadata(call, account, state)
    if metadata is None:
        return _completed(tokens.begin(call, account.user, state, [*also, *devices.standing(call, state)]))
    begun = tokens.begin(call, account.user, replace(state, device_key=metadata["DeviceKey"]), list(also))
    return _completed(begun | {"NewDeviceMetadata": metadata})


def _completed(result: Answer) -> Answer:
    return {"ChallengeParameters": {}, "AuthenticationResult": result}


def _metadata(call: Call, account: Account, state: State) -> dict[str, str] | None:
    """NewDeviceMetadata where the pool keeps track of devices and the client has named none that it knows."""
    if state.flow == ADMIN or not devices.is_tracking(call.pool):
        return None
    if not state.device_key:
        return devices.new_metadata()
    if not state.is_device_proved:
        devices.presented(call, account, state.device_key)
    return None
