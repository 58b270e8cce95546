"""Signing keys and signed tokens: JWS compact form (RFC 7515), JWK (RFC 7517), algorithms of RFC 7518 and RFC 8037.

Owns making, storing and publishing keys, signing claims, and telling whether a token is what a known key signed.
Leaves what the claims say (issuer, use, expiry, revocation) to the flows and the life of keys to the pool. Works on
`cryptography` directly: PyJWT costs 60 ms of a cold start and 40 us of every check; the tests use it as the second
opinion.
"""

import base64
import json
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Any, Final, NoReturn

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey
KeySet = Mapping[str, tuple[PublicKey, str]]
"""kid -> public key and the one algorithm that it is good for."""

ALGORITHMS: Final = ("RS256", "ES256", "EdDSA")
LONGEST: Final = 64 * 1024
"""Characters of a token that is looked at. An access token with 100 groups of 128 characters has 18 KiB."""

_RSA_BITS = 2048
_LARGEST_RSA_BITS = 8192
_LARGEST_EXPONENT_BITS = 32
_P256_BYTES = 32
_COMPACT = re.compile(r"([A-Za-z0-9_-]{2,4096})\.([A-Za-z0-9_-]{2,})\.([A-Za-z0-9_-]{2,1400})")


class BadToken(ValueError):
    """A text that is no token, or none that the keys at hand have signed. The message never repeats the token."""


class BadKey(ValueError):
    """A key of another kind than its algorithm asks for, out of bounds, or damaged."""


def new_private_key(algorithm: str) -> PrivateKey:
    """A fresh key: RSA of 2048 bits, P-256 or Ed25519. RSA takes 20 to 200 ms."""
    if algorithm == "RS256":
        return rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS)
    if algorithm == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if algorithm == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    raise BadKey(f"no such algorithm: {algorithm}")


def private_bytes(key: PrivateKey) -> bytes:
    """The key as PKCS #8 DER, not encrypted: to be sealed before it is stored."""
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


def load_private(data: bytes, algorithm: str) -> PrivateKey:
    """The key out of `private_bytes`; BadKey when it is damaged or of another kind.

    RSA keys are not validated again: that takes 27 ms against 8 us and tells whether somebody slipped us a weak key.
    Ours were made by `new_private_key` and come out of authenticated encryption. Never load a foreign key here.
    """
    try:
        key = load_der_private_key(data, None, unsafe_skip_rsa_key_validation=True)
    except (ValueError, TypeError) as cause:
        raise BadKey("the private key cannot be read") from cause
    _check_kind(key, algorithm)
    return key  # type: ignore[return-value]


def public_jwk(key: PrivateKey | PublicKey, kid: str, algorithm: str) -> dict[str, str]:
    """The public half as a member of a JWKS: kty and its numbers, use, alg, kid. Never anything private."""
    _check_kind(key, algorithm)
    public = key if isinstance(key, PublicKey) else key.public_key()
    return {"alg": algorithm, "kid": kid, "use": "sig", **_numbers(public)}


def load_public(jwk: Mapping[str, Any]) -> PublicKey:
    """The public key of a JWK; BadKey when it is damaged, weak, or so large that checking with it is an attack."""
    try:
        if jwk["kty"] == "RSA":
            return _rsa_key(_integer(jwk["n"]), _integer(jwk["e"]))
        if jwk["kty"] == "EC" and jwk["crv"] == "P-256":
            numbers = ec.EllipticCurvePublicNumbers(_integer(jwk["x"]), _integer(jwk["y"]), ec.SECP256R1())
            return numbers.public_key()
        if jwk["kty"] == "OKP" and jwk["crv"] == "Ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(_decoded(jwk["x"]))
    except (KeyError, TypeError, AttributeError, ValueError) as cause:
        raise BadKey("the JWK is damaged") from cause
    raise BadKey("the JWK is of a kind that is not used here")


def key_set(jwks: Iterable[Mapping[str, Any]]) -> KeySet:
    """The keys of a JWKS by kid, each with its algorithm; BadKey when one is damaged or `alg` is not the key's own."""
    keys = {}
    for jwk in jwks:
        key = load_public(jwk)
        algorithm = algorithm_of(key)
        _check_kind(key, jwk.get("alg", algorithm))
        keys[str(jwk.get("kid", ""))] = key, algorithm
    return keys


def new_kid() -> str:
    """A fresh key id: base64 of 32 bytes with its `=`, as in the service's own key sets.

    Drawn again while it has a `+` or `/`, so that it stands in a URL, a file name or a table key as it is. Costs 2 of
    256 bits.
    """
    while True:
        kid = base64.b64encode(secrets.token_bytes(32)).decode()
        if "+" not in kid and "/" not in kid:
            return kid


def algorithm_of(key: object) -> str:
    """The one algorithm of a key, private or public, told from its type; BadKey for any other key."""
    if isinstance(key, rsa.RSAPrivateKey | rsa.RSAPublicKey):
        return "RS256"
    if isinstance(key, ec.EllipticCurvePrivateKey | ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1":
        return "ES256"
    if isinstance(key, ed25519.Ed25519PrivateKey | ed25519.Ed25519PublicKey):
        return "EdDSA"
    raise BadKey("a key of a kind that is not used here")


def signed(claims: Mapping[str, Any], key: PrivateKey, kid: str, algorithm: str) -> str:
    """The claims as signed token, with a header of exactly kid and alg; BadKey when key and algorithm differ."""
    _check_kind(key, algorithm)
    content = f"{_encoded(_json({'kid': kid, 'alg': algorithm}))}.{_encoded(_json(claims))}"
    return f"{content}.{_encoded(_signature(key, content.encode()))}"


def header(token: str) -> dict[str, Any]:
    """The header of a token, with an algorithm that is used here and a kid; BadToken otherwise.

    `alg: none` ends here, and so does `crit`, which asks for extensions that nobody here knows (RFC 7515, 4.1.11).
    """
    return _header(_parts(token)[0])


def unverified_claims(token: str) -> dict[str, Any]:
    """What a token says, to find the keys to verify it with: NOT to be believed. BadToken when malformed."""
    return _object(_parts(token)[1])


def verified(token: str, keys: KeySet) -> dict[str, Any]:
    """The claims of a token that one of the keys has signed, for the caller to judge; BadToken otherwise.

    The key decides the algorithm, the header may only agree. A header that decides lets an attacker sign with nothing
    at all (`none`) or use the published RSA key as an HMAC secret (RS256/HS256 confusion).
    """
    head, claims, signature = _parts(token)
    fields = _header(head)
    key, algorithm = keys.get(fields["kid"]) or _refuse("signed with an unknown key")
    if fields["alg"] != algorithm:
        _refuse("signed with another algorithm than its key's")
    try:
        _check_signature(key, _decoded(signature), f"{head}.{claims}".encode())
    except InvalidSignature as cause:
        raise BadToken("the signature does not fit") from cause
    return _object(claims)


def _refuse(reason: str) -> NoReturn:
    raise BadToken(reason)


def _check_kind(key: object, algorithm: str) -> None:
    if algorithm_of(key) != algorithm:
        raise BadKey("the key is of another kind than its algorithm asks for")


def _signature(key: PrivateKey, message: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), SHA256())
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(message)
    r, s = decode_dss_signature(key.sign(message, ec.ECDSA(SHA256())))
    return r.to_bytes(_P256_BYTES, "big") + s.to_bytes(_P256_BYTES, "big")


def _check_signature(key: PublicKey, signature: bytes, message: bytes) -> None:
    if isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, message, padding.PKCS1v15(), SHA256())
    elif isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature, message)
    elif len(signature) == 2 * _P256_BYTES:
        r, s = int.from_bytes(signature[:_P256_BYTES], "big"), int.from_bytes(signature[_P256_BYTES:], "big")
        key.verify(encode_dss_signature(r, s), message, ec.ECDSA(SHA256()))
    else:
        _refuse("the signature has another length")


def _numbers(key: PublicKey) -> dict[str, str]:
    if isinstance(key, rsa.RSAPublicKey):
        rsa_numbers = key.public_numbers()
        return {"kty": "RSA", "n": _shortest(rsa_numbers.n), "e": _shortest(rsa_numbers.e)}
    if isinstance(key, ed25519.Ed25519PublicKey):
        return {"kty": "OKP", "crv": "Ed25519", "x": _encoded(key.public_bytes(Encoding.Raw, PublicFormat.Raw))}
    point = key.public_numbers()
    x, y = (_encoded(number.to_bytes(_P256_BYTES, "big")) for number in (point.x, point.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def _rsa_key(modulus: int, exponent: int) -> rsa.RSAPublicKey:
    if not _RSA_BITS <= modulus.bit_length() <= _LARGEST_RSA_BITS or exponent.bit_length() > _LARGEST_EXPONENT_BITS:
        raise BadKey("the RSA key is out of bounds")
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def _parts(token: str) -> tuple[str, str, str]:
    if len(token) > LONGEST:
        _refuse("too long")
    found = _COMPACT.fullmatch(token) or _refuse("not three parts of base64url")
    return found[1], found[2], found[3]


def _header(part: str) -> dict[str, Any]:
    fields = _object(part)
    if fields.get("alg") not in ALGORITHMS or not isinstance(fields.get("kid"), str) or "crit" in fields:
        _refuse("a header that is not used here")
    return fields


def _object(part: str) -> dict[str, Any]:
    try:
        value = json.loads(_decoded(part), object_pairs_hook=_without_repetition, parse_constant=_refuse)
    except (ValueError, RecursionError) as cause:
        raise BadToken("not JSON") from cause
    return value if isinstance(value, dict) else _refuse("not a JSON object")


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Of two members of one name, this parser keeps the last and another the first: a token would mean two things.
    members = dict(pairs)
    return members if len(members) == len(pairs) else _refuse("a member stands there twice")


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def _encoded(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _decoded(part: str) -> bytes:
    try:
        octets = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError as cause:
        raise BadToken("not base64url") from cause
    if _encoded(octets) != part:  # spare bits or letters: two texts for one token, and a block list would know only one
        _refuse("not the one base64url form")
    return octets


def _shortest(number: int) -> str:
    return _encoded(number.to_bytes((number.bit_length() + 7) // 8, "big"))


def _integer(text: str) -> int:
    return int.from_bytes(_decoded(text), "big")
