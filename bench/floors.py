"""What nobody can save: the cryptography of the stories, bare, with the product's own profile and key sizes.

The functions are those of the libraries below the product, not the product's, except for SRP, whose arithmetic is the
product's own (`rules.srp`).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from argon2.low_level import Type, hash_secret, verify_secret
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from chalicelib.flows import passwords
from chalicelib.rules import srp

_PASSWORD = b"Correct-Horse-9"
_TOKEN = b"x" * 900  # about what the header and the claims of a token are together


def floors() -> dict[str, Callable[[], object]]:
    """Each piece of cryptography by name, as a call without arguments."""
    profile = passwords.profile()
    costs = (profile.iterations, profile.memory_kib, profile.parallelism)
    salt, stored = secrets.token_bytes(16), b""

    def hashed() -> bytes:
        return hash_secret(_PASSWORD, salt, *costs, hash_len=32, type=Type.ID)

    stored = hashed()
    return {
        "argon2 hash": hashed,
        "argon2 verify": lambda: verify_secret(stored, _PASSWORD, Type.ID),
        **_rsa(),
        **_ec(),
        **_srp(),
    }


def _rsa() -> dict[str, Callable[[], object]]:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public, scheme, digest = key.public_key(), padding.PKCS1v15(), SHA256()
    signature = key.sign(_TOKEN, scheme, digest)
    return {
        "RS256 sign": lambda: key.sign(_TOKEN, scheme, digest),
        "RS256 verify": lambda: public.verify(signature, _TOKEN, scheme, digest),
        # As one piece: a key takes 15 to 100 ms, and the median of a sum is not the sum of medians.
        "two RSA-2048 keys": lambda: [rsa.generate_private_key(65537, 2048) for _ in range(2)],
    }


def _ec() -> dict[str, Callable[[], object]]:
    key, scheme = ec.generate_private_key(ec.SECP256R1()), ec.ECDSA(SHA256())
    public, signature = key.public_key(), key.sign(_TOKEN, scheme)
    return {"ES256 verify": lambda: public.verify(signature, _TOKEN, scheme)}


def _srp() -> dict[str, Callable[[], object]]:
    salt, b_private = srp.new_salt(), srp.new_private_value()
    verifier = srp.verifier("pool", "user", "password", salt)
    a_public, b_public = srp.challenge(0, srp.new_private_value()), srp.challenge(verifier, b_private)
    return {
        "SRP verifier": lambda: srp.verifier("pool", "user", "password", salt),
        "SRP step 1": lambda: srp.challenge(verifier, b_private),
        "SRP step 2": lambda: srp.session_key(a_public, b_private, b_public, verifier),
    }
