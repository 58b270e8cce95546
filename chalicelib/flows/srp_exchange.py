"""The SRP exchange: the server's first value for a claimed user, and the check of the client's proof.

The exchange is stateless: SECRET_BLOCK is a sealed text that holds the server's private value and whom it is for. For a
name that nobody has, the same happens with a simulated salt and verifier, in the same trips and the same arithmetic.
Leaves the arithmetic to `rules.srp` and what a right proof allows to `flows.sign_in`.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import challenges, passwords, vault
from chalicelib.flows.challenges import State
from chalicelib.rules import names, srp
from chalicelib.table.users import Account

CHALLENGE = "PASSWORD_VERIFIER"
PURPOSE = "srp"
_SKEW = 300.0  # seconds between the client's clock and ours


@dataclass(frozen=True, slots=True)
class Exchange:
    """An opened SECRET_BLOCK: whose sign-in it is, and the values of both sides."""

    state: State
    block: bytes
    a_public: int
    b_private: int
    b_public: int


def client_value(text: str) -> int:
    """The client's public value from its SRP_A. Raises InvalidParameterException."""
    try:
        return srp.public_value(text)
    except srp.Refused:
        raise errors.InvalidParameterException("SRP_A is not valid.") from None


def parameters(call: Call, account: Account, state: State, a_public: int) -> dict[str, str]:
    """ChallengeParameters of PASSWORD_VERIFIER for a client's public value."""
    salt, verifier = _verifier(call, account, state.given)
    b_private = srp.new_private_value()
    b_public = srp.challenge(verifier, b_private)
    held = {"state": asdict(state), "a": f"{a_public:x}", "b": f"{b_private:x}", "B": f"{b_public:x}"}
    block = vault.sealed_bytes(PURPOSE, held, call.now, challenges.lifetime(call))
    return {
        "SALT": srp.hexadecimal(salt),
        "SRP_B": srp.hexadecimal(b_public),
        "SECRET_BLOCK": base64.b64encode(block).decode(),
        "USERNAME": state.username,
        "USER_ID_FOR_SRP": state.username,
    }


def opened(call: Call, block_text: str) -> Exchange | None:
    """The exchange of a SECRET_BLOCK; None when it is not ours, over, or for another client."""
    expected = (call.pool.id, call.client.id)
    try:
        block = base64.b64decode(block_text, validate=True)
        held = vault.opened_bytes(PURPOSE, block, call.now)
    except ValueError:  # neither base64 nor sealed by us, and nobody learns which
        return None
    state = challenges.restored(held["state"])
    if (state.pool_id, state.client_id) != expected:
        return None
    return Exchange(state, block, int(held["a"], 16), int(held["b"], 16), int(held["B"], 16))


def is_proved(call: Call, account: Account, exchange: Exchange, responses: Mapping[str, str]) -> bool:
    """Whether the client has shown that it knows the password, by a fresh proof.

    The verifier is the one of now: a password that was changed since the exchange began is not good any more.
    """
    _, verifier = _verifier(call, account, exchange.state.given)
    timestamp = responses["TIMESTAMP"]
    claim = srp.Claim(call.pool.name_in_srp, exchange.state.username, exchange.block, timestamp)
    try:
        key = srp.session_key(exchange.a_public, exchange.b_private, exchange.b_public, verifier)
    except srp.Refused:
        return False
    is_right = srp.is_valid_proof(key, claim, responses["PASSWORD_CLAIM_SIGNATURE"])
    is_known = passwords.verifier(account.password) is not None
    is_fresh = srp.is_fresh(timestamp, call.now, _SKEW)
    if is_right and is_known and not is_fresh:
        journal.note(reason="stale proof")
    return is_right and is_known and is_fresh


def _verifier(call: Call, account: Account, given: str) -> tuple[int, int]:
    """Salt and verifier: the user's, or for nobody and for users without one a simulation that stays the same."""
    pool = call.pool
    secret = vault.open_for(pool, pool.secret)
    simulated = srp.simulated(secret, pool.name_in_srp, names.folded(pool.document, given))
    return passwords.verifier(account.password) or simulated
