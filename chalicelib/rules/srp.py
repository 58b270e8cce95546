"""SRP-6a as Cognito's clients speak it, seen from the server.

Owns group, hashes, proof and the clients' timestamp, for passwords and for remembered devices alike: a device signs
in with its group key where a user has the pool's name and its device key where a user has a name. Leaves storage,
sealing of the secret block, counting of attempts and the answers of the API to the flows. After RFC 2945 and RFC
5054, with the group of RFC 3526 (number 15) and with Cognito's own ways: two's-complement padding, SHA-256, an HKDF
of one block and a signed claim as proof.
"""

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from chalicelib.rules.modexp import power

N: Final = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
    "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
    "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F"
    "83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B"
    "E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510"
    "15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7"
    "ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C"
    "BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF",
    16,
)
G: Final = 2
LONGEST_PUBLIC_VALUE: Final = 2 * 385  # hexadecimal digits of N in its padded form
SALT_BYTES: Final = 16
PRIVATE_BITS: Final = 256

_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]+")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIMESTAMP = re.compile(
    rf"({'|'.join(_DAYS)}) ({'|'.join(_MONTHS)}) ([1-9]|[12][0-9]|3[01]) "
    r"([0-9]{2}):([0-9]{2}):([0-9]{2}) UTC ([0-9]{4})"
)


class Refused(ValueError):
    """A value that no honest client sends."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What a client signs with its session key: who it is, which challenge it answers, and when.

    `pool_name` is the part of the pool's id behind the underscore (device: the group key), `user_id` the stored user
    name (device: the device key), `secret_block` the decoded bytes, `timestamp` the client's text as it came.
    """

    pool_name: str
    user_id: str
    secret_block: bytes
    timestamp: str


def pad(number: int) -> bytes:
    """The shortest big-endian two's complement of a number not below 0: `00` goes before a first byte from 0x80 on."""
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


def hexadecimal(number: int) -> str:
    """A number for the wire: lower case and no leading zero, which clients differ in hashing."""
    return format(number, "x")


def new_salt() -> int:
    """A fresh salt of 128 bits."""
    return int.from_bytes(secrets.token_bytes(SALT_BYTES), "big")


def new_private_value() -> int:
    """A fresh private value b of 256 bits, never 0: g to the power of 0 would tell the verifier to everybody."""
    return 1 + secrets.randbelow((1 << PRIVATE_BITS) - 1)


def verifier(pool_name: str, user_id: str, password: str, salt: int) -> int:
    """v = g^x, which checks the password without telling it. Whoever holds it can guess offline: seal it."""
    inner = _digest(_octets(f"{pool_name}{user_id}:{password}"))
    secret = int.from_bytes(_digest(pad(salt), inner), "big")
    return power(G, secret, N)


def public_value(text: str) -> int:
    """The client's A out of SRP_A, at most 770 hexadecimal digits; Refused otherwise.

    A multiple of N is refused: it makes the shared secret 0, and so signs anybody in without a password.
    """
    if len(text) > LONGEST_PUBLIC_VALUE or not _HEXADECIMAL.fullmatch(text):
        raise Refused("the public value is not a bounded hexadecimal number")
    number = int(text, 16)
    if number % N == 0:
        raise Refused("the public value is a multiple of the group's modulus")
    return number


def challenge(v: int, b: int) -> int:
    """B = k·v + g^b for a verifier and a private value: what goes out as SRP_B."""
    return (K * v + power(G, b, N)) % N


def session_key(a_public: int, b_private: int, b_public: int, v: int) -> bytes:
    """The 16 bytes that we share with a client who knows the password; Refused for public values that leave it out.

    A multiple of N makes the shared secret 0 and u = 0 makes it g^(a·b); both sign in without a password. (Nobody can
    bring about u = 0, it takes a preimage of zero under SHA-256; the standard asks for the check and it costs
    nothing.)
    """
    u = int.from_bytes(_digest(pad(a_public), pad(b_public)), "big")
    if 0 in (u, a_public % N):
        raise Refused("the public values leave the password out")
    shared = power(a_public * power(v, u, N) % N, b_private, N)
    extracted = hmac.digest(pad(u), pad(shared), "sha256")
    return hmac.digest(extracted, b"Caldera Derived Key\x01", "sha256")[:16]


def proof(key: bytes, claim: Claim) -> bytes:
    """The HMAC-SHA256 that a client sends, in base64, as PASSWORD_CLAIM_SIGNATURE."""
    names, timestamp = _octets(claim.pool_name + claim.user_id), _octets(claim.timestamp)
    return hmac.digest(key, names + claim.secret_block + timestamp, "sha256")


def is_valid_proof(key: bytes, claim: Claim, signature: str) -> bool:
    """Is this base64 text the proof of the claim?

    Constant in time: a comparison that stops at the first difference would let a client find the proof byte by byte.
    """
    return hmac.compare_digest(base64.b64encode(proof(key, claim)), _octets(signature))


def signed_at(timestamp: str) -> int:
    """Seconds since 1970 of `EEE MMM d HH:mm:ss UTC yyyy` in English, whatever the locale; Refused for any other form.

    The day has no leading zero and the weekday has to be the right one, as with the service.
    """
    parts = _TIMESTAMP.fullmatch(timestamp)
    if parts is None:
        raise Refused("the timestamp has another form")
    weekday, month, day, hour, minute, second, year = parts.groups()
    when = _moment((int(year), _MONTHS.index(month) + 1, int(day)), (int(hour), int(minute), int(second)))
    if _DAYS[when.weekday()] != weekday:
        raise Refused("the timestamp names another weekday")
    return int(when.timestamp())


def is_fresh(timestamp: str, now: float, skew: float) -> bool:
    """Is the timestamp well formed and within `skew` seconds of `now`, both ways?"""
    try:
        return abs(now - signed_at(timestamp)) <= skew
    except Refused:
        return False


def simulated(secret: bytes, pool_name: str, username: str) -> tuple[int, int]:
    """Salt and verifier of a user who does not exist, the same for the same name, out of a secret of the pool.

    Against finding out who has an account: by asking twice whether the salt stays, and by the clock. The verifier is
    an element of the group that real ones lie in, made without the exponentiation that a stored one does not need
    either, so that both later steps cost what they cost for a real user. No password leads to it.
    """
    seed = hmac.digest(secret, _octets(f"simulated srp\0{pool_name}\0{username}"), "sha256")
    stream = hashlib.shake_256(seed).digest(SALT_BYTES + 400)
    root = int.from_bytes(stream[SALT_BYTES:], "big") % N
    # Powers of 2 are the squares of this group, so a square is what every g^x is.
    return int.from_bytes(stream[:SALT_BYTES], "big"), root * root % N


def _moment(date: tuple[int, int, int], time: tuple[int, int, int]) -> datetime:
    try:
        return datetime(*date, *time, tzinfo=UTC)
    except ValueError as cause:
        raise Refused("the timestamp is no date") from cause


def _digest(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def _octets(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


K: Final = int.from_bytes(_digest(pad(N), pad(G)), "big")
