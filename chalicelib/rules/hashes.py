"""Password hashes at rest: argon2id (RFC 9106) in the PHC string form, and for a while what an import has brought.

Owns the cost profiles, hashing, checking and the look-alike for users who do not exist. Leaves policy to `passwords`,
hashes of other systems to `foreign_hashes`, and the rehash after a successful sign-in to the flows. Passwords are
hashed as they come, not normalised: Cognito and the SRP clients do not either, and one password has to mean the same in
both ways to sign in. argon2 is imported late (17 ms); tokens do not need it.
"""

import base64
import os
import secrets
import threading
from dataclasses import dataclass
from typing import Final

from chalicelib.rules import foreign_hashes

_SALT_BYTES = 16
_HASH_BYTES = 32
_ARGON2ID: Final = "$argon2id$"

# argon2 runs outside the interpreter lock. More at a time than there are cores finish no sooner: eight at once on two
# cores halve the rate and hold 19 MiB each, which is all that somebody needs who floods the sign-in. The rest waits
# here.
CORES: Final = os.cpu_count() or 1
_TURNS: Final = threading.BoundedSemaphore(CORES)


@dataclass(frozen=True, slots=True)
class Profile:
    """What one hash costs: memory in KiB (at least 8 per lane), passes over it, lanes."""

    memory_kib: int
    iterations: int
    parallelism: int


OWASP: Final = Profile(memory_kib=19456, iterations=2, parallelism=1)
CHEAPEST: Final = Profile(memory_kib=8, iterations=1, parallelism=1)
"""The least that argon2 accepts. For tests only: it protects nobody."""


class BadHash(ValueError):
    """A stored hash that argon2id cannot read or work with: damaged data, not a wrong password."""


def hashed(password: str, profile: Profile) -> str:
    """A fresh salted hash of the password, as PHC string."""
    from argon2.low_level import Type, hash_secret

    salt = secrets.token_bytes(_SALT_BYTES)
    costs = (profile.iterations, profile.memory_kib, profile.parallelism)
    with _TURNS:
        return hash_secret(_octets(password), salt, *costs, hash_len=_HASH_BYTES, type=Type.ID).decode()


def is_match(stored: str, password: str) -> bool:
    """Is this the password of the stored hash? BadHash when the stored text is no hash that we know.

    Compares in constant time. A hash that an import brought from another system takes its turn with all others.
    """
    if not stored.startswith(_ARGON2ID):
        return _is_foreign_match(stored, password)
    from argon2.exceptions import VerificationError, VerifyMismatchError
    from argon2.low_level import Type, verify_secret

    try:
        with _TURNS:
            return verify_secret(stored.encode(), _octets(password), Type.ID)
    except VerifyMismatchError:
        return False
    except VerificationError as cause:
        raise BadHash("the stored hash cannot be checked") from cause


def _is_foreign_match(stored: str, password: str) -> bool:
    with _TURNS:
        matched = foreign_hashes.is_match(stored, _octets(password))
    if matched is None:
        raise BadHash("the stored hash cannot be checked")
    return matched


def needs_rehash(stored: str, profile: Profile) -> bool:
    """Was the hash made in another way than the profile asks for? To be replaced at the next successful sign-in."""
    return not stored.startswith(_prefix(profile))


def dummy(profile: Profile) -> str:
    """A valid hash of the profile that no known password has, to be checked when there is no user or no password.

    Against telling accounts by the clock: an unknown name has to cost the same work as a wrong password.
    """
    return f"{_prefix(profile)}{_text(bytes(_SALT_BYTES))}${_text(bytes(_HASH_BYTES))}"


def _prefix(profile: Profile) -> str:
    return f"{_ARGON2ID}v=19$m={profile.memory_kib},t={profile.iterations},p={profile.parallelism}$"


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode().rstrip("=")


def _octets(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
