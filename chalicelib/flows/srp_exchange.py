"""The SRP exchange: the server's first value for a claimed user, and the check of the client's proof.

The exchange is stateless: SECRET_BLOCK is a sealed text that holds the server's private value and whom it is for. For a
name that nobody has, the same happens with a simulated salt and verifier, in the same trips and the same arithmetic.
Owns what passwords and devices have in common, and passwords; devices are in `device_exchange`. Leaves the arithmetic
to `rules.srp` and what a right proof allows to the sign-in.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import NamedTuple

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import challenges, passwords, vault
from chalicelib.flows.challenges import State
from chalicelib.rules import names, srp
from chalicelib.table.users import Account

CHALLENGE = "PASSWORD_VERIFIER"
PURPOSE = "srp"
_SKEW = 300.0  # seconds between the client's clock and ours


class Opening(NamedTuple):
    """What a first value is made from: whose sign-in it is, the client's value, and what is kept of the secret."""

    state: State
    a_public: int
    salt: int
    verifier: int


class Signer(NamedTuple):
    """Who signs, in the words of `srp.Claim`, and the verifier of the secret that it has to know."""

    pool_name: str
    user_id: str
    verifier: int


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
    found = values(call, PURPOSE, Opening(state, a_public, *_verifier(call, account, state.given)))
    return found | {"USERNAME": state.username, "USER_ID_FOR_SRP": state.username}


def values(call: Call, purpose: str, opening: Opening) -> dict[str, str]:
    """SALT, SRP_B and SECRET_BLOCK; a block that was made for one purpose is none for another."""
    b_private = srp.new_private_value()
    b_public = srp.challenge(opening.verifier, b_private)
    held = {
        "state": asdict(opening.state),
        "a": f"{opening.a_public:x}",
        "b": f"{b_private:x}",
        "B": f"{b_public:x}",
    }
    block = vault.sealed_bytes(purpose, held, call.now, challenges.lifetime(call))
    return {
        "SALT": srp.hexadecimal(opening.salt),
        "SRP_B": srp.hexadecimal(b_public),
        "SECRET_BLOCK": base64.b64encode(block).decode(),
    }


def opened(call: Call, block_text: str, purpose: str = PURPOSE) -> Exchange | None:
    """The exchange of a SECRET_BLOCK; None when it is not ours, over, or for another purpose or client."""
    expected = (call.pool.id, call.client.id)
    try:
        block = base64.b64decode(block_text, validate=True)
        held = vault.opened_bytes(purpose, block, call.now)
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
    signer = Signer(call.pool.name_in_srp, exchange.state.username, verifier)
    is_known = passwords.verifier(account.password) is not None
    return is_signed(call, exchange, signer, responses) and is_known


def is_signed(call: Call, exchange: Exchange, signer: Signer, responses: Mapping[str, str]) -> bool:
    """Whether PASSWORD_CLAIM_SIGNATURE and TIMESTAMP are a fresh proof of this exchange by this signer."""
    timestamp = responses["TIMESTAMP"]
    claim = srp.Claim(signer.pool_name, signer.user_id, exchange.block, timestamp)
    try:
        key = srp.session_key(exchange.a_public, exchange.b_private, exchange.b_public, signer.verifier)
    except srp.Refused:
        return False
    is_right = srp.is_valid_proof(key, claim, responses["PASSWORD_CLAIM_SIGNATURE"])
    is_fresh = srp.is_fresh(timestamp, call.now, _SKEW)
    if is_right and not is_fresh:
        journal.note(reason="stale proof")
    return is_right and is_fresh


def _verifier(call: Call, account: Account, given: str) -> tuple[int, int]:
    """Salt and verifier: the user's, or for nobody and for users without one a simulation that stays the same."""
    pool = call.pool
    secret = vault.open_for(pool, pool.secret)
    simulated = srp.simulated(secret, pool.name_in_srp, names.folded(pool.document, given))
    return passwords.verifier(account.password) or simulated
