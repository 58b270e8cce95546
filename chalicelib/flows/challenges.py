"""Challenge sessions: the sealed text `Session` that carries a sign-in from one answer to the next.

Owns what stands in it, how long it lives, and whom it is about. The text is sealed, so a client can neither read nor
write it; it names the pool, client, user and the one challenge that it may answer, so it serves for nothing else. It
also names the session that a completed sign-in will write, which can be written once: so a spent text signs in no
second time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from chalicelib import errors, journal
from chalicelib.call import Call, pool_of
from chalicelib.flows import client_secrets, vault
from chalicelib.rules import names
from chalicelib.table import pools, users
from chalicelib.table.items import User
from chalicelib.table.users import Account

PURPOSE = "challenge"
CUSTOM = "CUSTOM_AUTH"
"""The flow in which the pool's own functions say what comes next."""

_MINUTES = 3
_LONGEST_NAME = 256


@dataclass(frozen=True, slots=True)
class State:
    """Where a sign-in stands.

    `given` is the name that the caller used (see `kept_name`), `session_id` what completion will write,
    `password_set_at` when the password was set that was proved (0 before one was). `flow` is "" for the password flows,
    else CUSTOM_AUTH or USER_AUTH. `proved` holds what was proved so far, in the words of `amr`; nothing but a check
    that has just succeeded may add to it, and the same goes for `is_device_proved`. `device_key` is the device that the
    client says it is. `level` is the lowest that step-up asks for, 0 when it does not. `data` is what the pending
    challenge needs to be checked by.
    """

    pool_id: str
    client_id: str
    sub: str
    username: str
    given: str
    session_id: str
    challenge: str = ""
    password_set_at: float = 0.0
    flow: str = ""
    proved: tuple[str, ...] = ()
    device_key: str = ""
    is_device_proved: bool = False
    level: int = 0
    acr: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)

    def having(self, factor: str) -> State:
        """The state after a factor was proved: "pwd", "otp", "sms", "email_otp", "swk" or "hwk"."""
        return self if factor in self.proved else replace(self, proved=(*self.proved, factor))


def restored(values: Mapping[str, Any]) -> State:
    """The state of an unsealed value; JSON knows no tuples."""
    return State(**{**values, "proved": tuple(values.get("proved", ()))})


def lifetime(call: Call) -> float:
    """Seconds that a client's challenges live: AuthSessionValidity."""
    return 60.0 * int(call.client.document.get("AuthSessionValidity") or _MINUTES)


def issued(call: Call, state: State, parameters: Mapping[str, str]) -> dict[str, Any]:
    """The answer that asks for the next step; `state` names the challenge."""
    return {
        "ChallengeName": state.challenge,
        "Session": sealed(call, state),
        "ChallengeParameters": dict(parameters),
    }


def sealed(call: Call, state: State) -> str:
    """The text that carries a state on. Raises InvalidParameterException when it is too long for a `Session`."""
    try:
        return vault.sealed_text(PURPOSE, asdict(state), call.now, lifetime(call))
    except ValueError:
        # Long names and addresses and much metadata of the pool's own challenges may come together.
        raise errors.InvalidParameterException("This sign-in has more to carry on than a Session holds.") from None


def opened(call: Call, *names_of: str) -> State:
    """The state of the call's Session, if it is for this very client and challenge (or for one of these names).

    Raises InvalidParameterException without a Session and NotAuthorizedException for one that is not good here.
    """
    state = _unsealed(call)
    if (state.pool_id, state.client_id) != (call.pool.id, call.client.id):
        raise not_for_this()
    if state.challenge not in (names_of or (call["ChallengeName"],)):
        raise not_for_this()
    return state


def resumed(call: Call, *names_of: str) -> State:
    """As `opened`, for operations that name no client: pool and client of the call are the session's from then on."""
    state = _unsealed(call)
    if state.challenge not in names_of:
        raise not_for_this()
    client = pools.client(state.client_id)
    if client is None or client.pool_id != state.pool_id:
        raise not_for_this()
    call.pool, call.client = pool_of(state.pool_id), client
    journal.note(pool=state.pool_id, client=client.id, sub=state.sub)
    return state


def _unsealed(call: Call) -> State:
    text = call.get("Session")
    if not text:
        raise errors.InvalidParameterException("Missing required parameter Session")
    try:
        return restored(vault.opened_text(PURPOSE, text, call.now))
    except vault.Expired:
        journal.note(reason="session expired")
        raise errors.NotAuthorizedException("Invalid session for the user, session is expired.") from None
    except vault.Unsealable:
        raise not_for_this() from None


def account(call: Call, state: State) -> Account:
    """The user of a sign-in under way; for one who does not exist again the stand-in with which it began.

    One query for both, so that the clock does not tell them apart.
    """
    stand_in = users.new(call.pool, state.username, {}, call.now)
    stand_in.pk, stand_in.sk = User.at(pool=state.pool_id, sub=state.sub)
    stand_in.sub, stand_in.username = state.sub, state.username
    found = users.by_sub_or(state.pool_id, state.sub, stand_in)
    user = found.user
    journal.note(**({"sub": user.sub} if user.version is not None else {"reason": "unknown user"}))
    return found


def kept_name(settings: Mapping[str, Any], name: str) -> str:
    """A name as a state keeps it: folded, and a digest in the place of one that would not fit into a `Session`."""
    folded = names.folded(settings, name)
    if len(folded) <= _LONGEST_NAME:
        return folded
    return "sha256:" + hashlib.sha256(folded.encode(errors="surrogatepass")).hexdigest()


def is_named(call: Call, state: State, responses: Mapping[str, str]) -> bool:
    """Whether an answer names the user of the sign-in: as clients were told, as the person typed it, or by `sub`.

    Other names of the same user do not do: looking them up would tell a stranger which address belongs to whom. Raises
    NotAuthorizedException for a SECRET_HASH over none of these names.
    """
    named = responses.get("USERNAME", "")
    known = (state.username, state.given, state.sub)
    client_secrets.require_hash(call.client, responses.get("SECRET_HASH"), named, *known)
    settings = call.pool.document
    return kept_name(settings, named) in {kept_name(settings, name) for name in known}


def not_for_this() -> errors.AwsError:
    """The refusal of a session that is for something else, or that is none of ours."""
    journal.note(reason="session foreign")
    return errors.NotAuthorizedException("Invalid session for the user.")


def spent() -> errors.AwsError:
    """The refusal of a session whose sign-in was completed already."""
    journal.note(reason="session spent")
    return errors.NotAuthorizedException("Invalid session for the user, session can only be used once.")
