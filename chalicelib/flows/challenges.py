"""Challenge sessions: the sealed text `Session` that carries a sign-in from one answer to the next.

Owns what stands in it and how long it lives. The text is sealed, so a client can neither read nor write it; it names the
pool, client, user and the one challenge that it may answer, so it serves for nothing else. It also names the session
that a completed sign-in will write, which can be written once: so a spent text signs in no second time.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from chalicelib import errors
from chalicelib.call import Call
from chalicelib.flows import vault

PURPOSE = "challenge"
_MINUTES = 3


@dataclass(frozen=True, slots=True)
class State:
    """Where a sign-in stands. `given` is the name the caller used, `session_id` what completion will write."""

    pool_id: str
    client_id: str
    sub: str
    given: str
    session_id: str
    challenge: str


def lifetime(call: Call) -> float:
    """Seconds that a client's challenges live: AuthSessionValidity."""
    return 60.0 * int(call.client.document.get("AuthSessionValidity") or _MINUTES)


def issued(call: Call, state: State, parameters: dict[str, str]) -> dict[str, Any]:
    """The answer that asks for the next step."""
    text = vault.sealed_text(PURPOSE, asdict(state), call.now, lifetime(call))
    return {"ChallengeName": state.challenge, "Session": text, "ChallengeParameters": parameters}


def opened(call: Call) -> State:
    """The state of the call's Session, if it is for this very client and challenge. Raises NotAuthorizedException."""
    text = call.get("Session")
    if not text:
        raise errors.InvalidParameterException("Missing required parameter Session")
    try:
        state = State(**vault.opened_text(PURPOSE, text, call.now))
    except vault.Expired:
        raise errors.NotAuthorizedException("Invalid session for the user, session is expired.") from None
    except vault.Unsealable:
        raise errors.NotAuthorizedException("Invalid session for the user.") from None
    expected = (call.pool.id, call.client.id, call["ChallengeName"])
    if (state.pool_id, state.client_id, state.challenge) != expected:
        raise errors.NotAuthorizedException("Invalid session for the user.")
    return state


def spent() -> errors.AwsError:
    """The refusal of a session whose sign-in was completed already."""
    return errors.NotAuthorizedException("Invalid session for the user, session can only be used once.")
