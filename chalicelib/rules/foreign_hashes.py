"""Password hashes that another system made: recognised at an import, checked until the first sign-in replaces them.

Owns the four forms and the most that checking one may cost. The attack: a file with a hash that takes minutes and
gigabytes to check, so that each sign-in of its user, which strangers may try, takes the machine with it. So what costs
more than the limits is refused before it is kept, and never computed. Leaves taking turns to `hashes`, which checks
all. bcrypt is imported late; few processes meet one. Forms: crypt(3) of OpenBSD, RFC 7914, RFC 9106, passlib.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from typing import Final

Parts = re.Match[str]

_MOST_BCRYPT_COST: Final = 12
_BCRYPT_BYTES: Final = 72  # of a password that bcrypt reads; every maker of such hashes cut it there
_MOST_SCRYPT: Final = (65536, 8, 1)
_MOST_ARGON2: Final = (19456, 2, 1)
_MOST_ITERATIONS: Final = 600_000
_SHORTEST, _LONGEST = 8, 64  # bytes of a salt, and of a hash

_BCRYPT = re.compile(r"\$2[abxy]\$([0-9]{2})\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}", re.ASCII)
"""The salt's last character holds two bits, and the library takes the four spellings alone that have no others."""
_SCRYPT = re.compile(r"([0-9]{1,6})\$([0-9]{1,2})\$([0-9]{1,2})\$([0-9a-f]{2,128})\$([0-9a-f]{2,128})", re.I | re.ASCII)
_ARGON2 = re.compile(
    r"\$argon2id\$v=19\$m=([1-9][0-9]{0,5}),t=([1-9][0-9]?),p=([1-9][0-9]?)"
    r"\$([A-Za-z0-9+/]{2,88})\$([A-Za-z0-9+/]{2,88})",
    re.ASCII,
)
"""The library takes numbers without zeros in front alone, and base64 without bits to spare, see `_plain_octets`."""
_PBKDF2 = re.compile(
    r"\$pbkdf2-sha256\$([0-9]{1,7})\$([A-Za-z0-9+/.]{2,88}={0,2})\$([A-Za-z0-9+/.]{2,88}={0,2})", re.ASCII
)


def problem(algorithm: str, text: str) -> str | None:
    """Why a text cannot be kept as a hash of a PasswordHashingAlgorithmType, or None; it does not repeat the text."""
    form, limits = _FORMS[algorithm]
    found = form.fullmatch(text)
    if found is None or not _has_good_lengths(algorithm, found):
        return f"The password_hash is not of the form of {algorithm}."
    return None if limits(found) else f"The password_hash costs more to check than {algorithm} may."


def look_alike(text: str) -> str:
    """A hash of the same form and cost that no known password has, to be checked in place of one like this."""
    found = next(match for form, _ in _FORMS.values() if (match := form.fullmatch(text)))
    if found.re is _BCRYPT:
        return text[:7] + "." * 53
    salt, value = ("".join("A" if one.isalnum() else one for one in part) for part in found.groups()[-2:])
    return f"{text[: found.start(found.re.groups - 1)]}{salt}${value}"


def is_known(text: str) -> bool:
    """Whether a text is such a hash as `problem` lets pass."""
    return any(problem(algorithm, text) is None for algorithm in _FORMS)


def is_match(stored: str, password: bytes) -> bool | None:
    """Whether this is the password of a hash, compared in constant time; None for what is none of these hashes.

    ARGON2ID is not checked here: it is the form in which our own are kept.
    """
    for algorithm, check in _CHECKS.items():
        found = _FORMS[algorithm][0].fullmatch(stored)
        if found is not None and problem(algorithm, stored) is None:
            return check(found, password)
    return None


def _is_bcrypt(found: Parts, password: bytes) -> bool:
    import bcrypt

    return bcrypt.checkpw(password[:_BCRYPT_BYTES], found[0].encode())


def _is_scrypt(found: Parts, password: bytes) -> bool:
    n, r, p = (int(found[place]) for place in (1, 2, 3))
    salt, expected = bytes.fromhex(found[4]), bytes.fromhex(found[5])
    most = 128 * r * (n + p + 2) + (1 << 16)
    return hmac.compare_digest(
        hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=most, dklen=len(expected)), expected
    )


def _is_pbkdf2(found: Parts, password: bytes) -> bool:
    salt, expected = _octets(found[2]), _octets(found[3])
    return hmac.compare_digest(
        hashlib.pbkdf2_hmac("sha256", password, salt, int(found[1]), dklen=len(expected)), expected
    )


def _octets(text: str) -> bytes:
    """The bytes of base64 as passlib spells it (a dot for the plus sign, no padding), or as everybody else does."""
    plain = text.rstrip("=").replace(".", "+")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


def _plain_octets(text: str) -> bytes:
    """The bytes of base64 in its one plain spelling. Raises ValueError.

    Attack: another spelling cannot be checked, which is an error and no wrong password, and the look-alike of one such
    hash would make errors of all wrong passwords of the pool.
    """
    octets = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    if base64.b64encode(octets).decode().rstrip("=") != text:
        raise ValueError
    return octets


def _has_good_lengths(algorithm: str, found: Parts) -> bool:
    """Whether salt and hash are there in full; a hash of two bytes would be matched by many passwords."""
    if algorithm == "BCRYPT":
        return True
    read = {"SCRYPT": bytes.fromhex, "ARGON2ID": _plain_octets}.get(algorithm, _octets)
    try:
        salt, value = (len(read(text)) for text in found.groups()[-2:])
    except (binascii.Error, ValueError):
        return False
    return _SHORTEST <= salt <= _LONGEST and 2 * _SHORTEST <= value <= _LONGEST


def _is_cheap_bcrypt(found: Parts) -> bool:
    return 4 <= int(found[1]) <= _MOST_BCRYPT_COST


def _is_cheap_scrypt(found: Parts) -> bool:
    n, r, p = (int(found[place]) for place in (1, 2, 3))
    is_sound = 1 < n < 1 << 16 * r and n & (n - 1) == 0 and p > 0  # RFC 7914, section 2
    return is_sound and n <= _MOST_SCRYPT[0] and r <= _MOST_SCRYPT[1] and p <= _MOST_SCRYPT[2]


def _is_cheap_argon2(found: Parts) -> bool:
    memory, passes, lanes = (int(found[place]) for place in (1, 2, 3))
    return 0 < lanes <= _MOST_ARGON2[2] and 0 < passes <= _MOST_ARGON2[1] and 8 * lanes <= memory <= _MOST_ARGON2[0]


def _is_cheap_pbkdf2(found: Parts) -> bool:
    return 0 < int(found[1]) <= _MOST_ITERATIONS


_FORMS: Final[Mapping[str, tuple[re.Pattern[str], Callable[[Parts], bool]]]] = {
    "BCRYPT": (_BCRYPT, _is_cheap_bcrypt),
    "SCRYPT": (_SCRYPT, _is_cheap_scrypt),
    "ARGON2ID": (_ARGON2, _is_cheap_argon2),
    "PBKDF2_SHA256": (_PBKDF2, _is_cheap_pbkdf2),
}
_CHECKS: Final[Mapping[str, Callable[[Parts, bytes], bool]]] = {
    "BCRYPT": _is_bcrypt,
    "SCRYPT": _is_scrypt,
    "PBKDF2_SHA256": _is_pbkdf2,
}
