"""Challenge sessions: the sealed text `Session` that carries a sign-in from one answer to the next.

Owns what stands in it, how long it lives, and whom it is about. The text is sealed, so a client can neither read nor
write it; it names the pool, client, user and the one challenge that it may answer, so it serves for nothing else. It
also names the session that a completed sign-in will write, which can be written once: so a spent text signs in no
second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import client_secrets, vault
from chalicelib.rules import names
from chalicelib.table import keys, store, users
from chalicelib.table.items import Attempts, Password, User
from chalicelib.table.users import Account

PURPOSE = "challenge"
_MINUTES = 3


@dataclass(frozen=True, slots=True)
class State:
    """Where a sign-in stands.

    `given` is the name that the caller used, `session_id` what completion will write, `password_set_at` when the
    password was set that was proved (0 before one was).
    """

    pool_id: str
    client_id: str
    sub: str
    username: str
    given: str
    session_id: str
    challenge: str = ""
    password_set_at: float = 0.0


def lifetime(call: Call) -> float:
    """Seconds that a client's challenges live: AuthSessionValidity."""
    return 60.0 * int(call.client.document.get("AuthSessionValidity") or _MINUTES)


def issued(call: Call, state: State, parameters: dict[str, str]) -> dict[str, Any]:
    """The answer that asks for the next step."""
    text = vault.sealed_text(PURPOSE, asdict(state), call.now, lifetime(call))
    return {"ChallengeName": state.challenge, "Session": text, "ChallengeParameters": parameters}


def opened(call: Call) -> State:
    """The state of the call's Session, if it is for this very client and challenge. Raises NotAuthorizedException."""
    expected = (call.pool.id, call.client.id, call["ChallengeName"])
    text = call.get("Session")
    if not text:
        raise errors.InvalidParameterException("Missing required parameter Session")
    try:
        state = State(**vault.opened_text(PURPOSE, text, call.now))
    except vault.Expired:
        journal.note(reason="session expired")
        raise errors.NotAuthorizedException("Invalid session for the user, session is expired.") from None
    except vault.Unsealable:
        raise not_for_this() from None
    if (state.pool_id, state.client_id, state.challenge) != expected:
        raise not_for_this()
    return state


def account(call: Call, state: State) -> Account:
    """The user of a sign-in under way; for one who does not exist again the stand-in with which it began.

    One query for both, so that the clock does not tell them apart.
    """
    found = store.list(User.at(pool=state.pool_id, sub=state.sub).pk, prefix=keys.SIGN_IN_PARTS).items
    user = next((part for part in found if isinstance(part, User)), None)
    if user is None:
        user = users.new(call.pool, state.username, {}, call.now)
        user.sub, user.username = state.sub, state.username
    journal.note(**({"sub": user.sub} if user.version is not None else {"reason": "unknown user"}))
    password = next((part for part in found if isinstance(part, Password)), None)
    return Account(user, password, next((part for part in found if isinstance(part, Attempts)), None))


def is_named(call: Call, state: State, responses: Mapping[str, str]) -> bool:
    """Whether an answer names the user of the sign-in: as clients were told, as the person typed it, or by `sub`.

    Other names of the same user do not do: looking them up would tell a stranger which address belongs to whom. Raises
    NotAuthorizedException for a SECRET_HASH over none of these names.
    """
    named = responses.get("USERNAME", "")
    known = (state.username, state.given, state.sub)
    client_secrets.require_hash(call.client, responses.get("SECRET_HASH"), named, *known)
    settings = call.pool.document
    return names.folded(settings, named) in {names.folded(settings, name) for name in known}


def not_for_this() -> errors.AwsError:
    """The refusal of a session that is for something else, or that is none of ours."""
    journal.note(reason="session foreign")
    return errors.NotAuthorizedException("Invalid session for the user.")


def spent() -> errors.AwsError:
    """The refusal of a session whose sign-in was completed already."""
    journal.note(reason="session spent")
    return errors.NotAuthorizedException("Invalid session for the user, session can only be used once.")
