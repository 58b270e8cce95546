"""The key pairs of a pool: made, sealed, opened once per process, and published.

Two active pairs per pool, one signs ID tokens and one access tokens, so that neither passes for the other even where a
verifier forgets `token_use`. Pairs that will sign next and those that are retired are published too. Leaves the
algorithms to `rules.jwt`, and who follows whom to `key_rotation`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from chalicelib import errors
from chalicelib.flows import vault
from chalicelib.rules import jwt, rotation
from chalicelib.table import pools
from chalicelib.table.items import SigningKey

PURPOSES = ("id", "access")
ALGORITHM = "RS256"
MAX_AGE = 300
"""Seconds that others may keep a key set: a new key is published longer than this before it signs."""


class Signer(NamedTuple):
    """An open private key and how it signs."""

    key: jwt.PrivateKey
    kid: str
    algorithm: str

    def sign(self, claims: dict[str, Any]) -> str:
        """The claims as a signed token."""
        return jwt.signed(claims, self.key, self.kid, self.algorithm)


_open: dict[str, Signer] = {}
_key_sets: dict[str, tuple[list[SigningKey], jwt.KeySet]] = {}
_MOST_OPEN = 2000  # pairs and sets kept open in one process


def create(pool_id: str, now: float) -> list[SigningKey]:
    """A fresh pair for each purpose, sealed and not yet written."""
    return [pair(pool_id, purpose, now) for purpose in PURPOSES]


def pair(pool_id: str, purpose: str, now: float, state: str = "active") -> SigningKey:
    """A fresh pair for one purpose, sealed and not yet written."""
    key, kid = jwt.new_private_key(ALGORITHM), jwt.new_kid()
    item = SigningKey.new(
        {"pool": pool_id, "kid": kid},
        kid=kid,
        purpose=purpose,
        state=state,
        algorithm=ALGORITHM,
        public_jwk=jwt.public_jwk(key, kid, ALGORITHM),
        created_at=now,
    )
    item.private_key = vault.seal_for(item, jwt.private_bytes(key))
    return item


def signer(pool_id: str, purpose: str) -> Signer:
    """The pair of a pool that signs for one purpose, opened. Raises ResourceNotFoundException for an unknown pool."""
    item = rotation.signing(pools.signing_keys(pool_id), purpose)
    if item is None:
        raise errors.ResourceNotFoundException(f"User pool {pool_id} does not exist.")
    return _open.get(item.kid) or _opened(item)


def key_set(pool_id: str) -> jwt.KeySet:
    """The public keys with which tokens of a pool are verified; empty for an unknown pool."""
    items = pools.signing_keys(pool_id)
    known = _key_sets.get(pool_id)
    if known is None or known[0] is not items:
        known = (items, jwt.key_set(item.public_jwk for item in items))
        _bounded(_key_sets)[pool_id] = known
    return known[1]


def jwks(pool_id: str) -> dict[str, Any]:
    """The pool's JSON Web Key Set, as it is published."""
    return {"keys": [item.public_jwk for item in pools.signing_keys(pool_id)]}


def _opened(item: SigningKey) -> Signer:
    key = jwt.load_private(vault.open_for(item, item.private_key), item.algorithm)
    _bounded(_open)[item.kid] = Signer(key, item.kid, item.algorithm)
    return _open[item.kid]


def _bounded(kept: dict[str, Any]) -> dict[str, Any]:
    while len(kept) >= _MOST_OPEN:
        kept.pop(next(iter(kept)), None)
    return kept
