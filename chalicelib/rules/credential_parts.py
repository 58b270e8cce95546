"""The parts of what a browser brings back from an authenticator (WebAuthn level 2), before any signature is looked at.

Owns shape and size of each part, what the browser says (`clientDataJSON`) and what the authenticator says of itself
(`authenticatorData`): that both are about what was asked, and small and plain enough for the library that `webauthn`
hands them to.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib import errors
from chalicelib.rules import cbor, relying_parties

Json = Mapping[str, Any]

ALGORITHMS: Final = (-7, -257)
"""ES256 and RS256 as COSE numbers, the better one first."""

LONGEST_TEXT: Final = 32_768
"""Characters of an assertion as JSON text."""

_MOST: Final = {  # bytes; more is never parsed
    "rawId": 1023,
    "clientDataJSON": 4096,
    "attestationObject": 16_384,
    "authenticatorData": 4096,
    "signature": 1024,
    "userHandle": 64,
}
_BASE64URL = re.compile(r"[A-Za-z0-9_-]*", re.ASCII)
_PRESENT, _VERIFIED, _ATTESTED, _EXTENDED = 0x01, 0x04, 0x40, 0x80
_FLAGS, _FIXED, _ID_LENGTH, _ID = 32, 37, 53, 55  # offsets in the authenticator's data
_TYPE, _ALGORITHM, _EC2, _RSA, _P256 = 1, 3, 2, 3, 1  # COSE (RFC 9053, RFC 8230)
_COORDINATE: Final = 32  # bytes
_MODULUS_BITS: Final = range(2048, 4097)
_EXPONENT: Final = 65537


class Refused(Exception):
    """A credential that does not verify: `reason` is the truth, `fault` what a registration answers."""

    def __init__(self, reason: str, fault: type[errors.AwsError]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Expected:
    """What was asked of the authenticator; the challenge as base64url."""

    challenge: str
    relying_party: str
    requires_verification: bool


def unsupported(reason: str) -> Refused:
    """The refusal of an authenticator that does not do what the pool asks for."""
    return Refused(reason, errors.WebAuthnCredentialNotSupportedException)


def malformed(name: str) -> errors.InvalidParameterException:
    """The refusal of what no browser sends."""
    return errors.InvalidParameterException(f"The {name} of the passkey is missing or malformed.")


def encoded(content: bytes) -> str:
    """Base64url without padding, as all of WebAuthn's JSON has it."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """The bytes of base64url without padding. Raises ValueError."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def parsed(text: str) -> Json:
    """The credential of a JSON text. Raises InvalidParameterException."""
    found = _json(text) if len(text) <= LONGEST_TEXT else None
    if not isinstance(found, dict):
        raise malformed("credential")
    return found


def credential_id(credential: object) -> str:
    """The id of a credential as base64url, in the one spelling of it. Raises InvalidParameterException."""
    given = credential if isinstance(credential, Mapping) else {}
    content = binary(given, "rawId")
    if given.get("type") != "public-key" or given.get("id") != encoded(content) or not content:
        raise malformed("id")
    return encoded(content)


def response(credential: object) -> Json:
    """The authenticator's own part of a credential. Raises InvalidParameterException."""
    found = credential.get("response") if isinstance(credential, Mapping) else None
    if not isinstance(found, Mapping):
        raise malformed("response")
    return found


def binary(given: Json, name: str) -> bytes:
    """A binary member, of a size that may be parsed; raises InvalidParameterException. Attack: megabytes of CBOR."""
    text = given.get(name)
    if not isinstance(text, str) or len(text) * 3 // 4 > _MOST[name] or not _BASE64URL.fullmatch(text):
        raise malformed(name)
    try:
        return decoded(text)
    except ValueError:
        raise malformed(name) from None


def require_small(data: object) -> bytes:
    """The authenticator's data out of an attestation; raises InvalidParameterException."""
    if not isinstance(data, bytes) or len(data) > _MOST["authenticatorData"]:
        raise malformed("attestationObject")
    return data


def origin(client_data: bytes, kind: str, expected: Expected) -> str:
    """The origin that the browser was at: ours, for this kind of ceremony ("webauthn.get") and this very challenge.

    Raises InvalidParameterException and Refused. Attack: a page of somebody else's shows ours inside of it, or is shown
    inside of ours, and lets the user click.
    """
    found = _json(client_data)
    if not isinstance(found, dict):
        raise malformed("clientDataJSON")
    challenge = str(found.get("challenge")).encode(errors="replace")
    if found.get("type") != kind or not hmac.compare_digest(challenge, expected.challenge.encode()):
        raise Refused("passkey challenge", errors.WebAuthnChallengeNotFoundException)
    is_framed = bool(found.get("crossOrigin")) or "topOrigin" in found
    if is_framed or not relying_parties.is_own(found.get("origin"), expected.relying_party):
        raise Refused("passkey origin", errors.WebAuthnOriginNotAllowedException)
    return str(found["origin"])


def key(data: bytes, expected: Expected) -> bytes:
    """The key in an authenticator's data as CBOR, or b"": data about our relying party and a user who was there.

    Raises InvalidParameterException and Refused.
    """
    found = _key(data)
    if not hmac.compare_digest(data[:_FLAGS], hashlib.sha256(expected.relying_party.encode()).digest()):
        raise Refused("passkey relying party", errors.WebAuthnRelyingPartyMismatchException)
    needed = _PRESENT | (_VERIFIED if expected.requires_verification else 0)
    if data[_FLAGS] & needed != needed:
        raise unsupported("passkey user not verified")
    return found


def require_supported(key: object) -> None:
    """Raise Refused unless a decoded COSE key is one of P-256 for ES256, or one of usual size for RS256.

    Attack: a key of a form or size that makes each later sign-in slow, or that no signature was meant for.
    """
    given = key if isinstance(key, dict) else {}
    es256, rs256 = ALGORITHMS
    is_right = given.get(_ALGORITHM) == rs256 and _is_rs256(given)
    if not is_right and not (given.get(_ALGORITHM) == es256 and _is_es256(given)):
        raise unsupported("passkey not supported")


def _is_es256(key: Mapping[object, object]) -> bool:
    sizes = [len(one) for one in (key.get(-2), key.get(-3)) if isinstance(one, bytes)]
    return (key.get(_TYPE), key.get(-1)) == (_EC2, _P256) and sizes == [_COORDINATE] * 2


def _is_rs256(key: Mapping[object, object]) -> bool:
    numbers = [int.from_bytes(one) for one in (key.get(-1), key.get(-2)) if isinstance(one, bytes)]
    if key.get(_TYPE) != _RSA or len(numbers) != len(("modulus", "exponent")):
        return False
    return numbers[0].bit_length() in _MODULUS_BITS and numbers[1] == _EXPONENT


def _key(data: bytes) -> bytes:
    """Extensions are stepped over; nothing may follow that the flags do not announce."""
    try:
        start = behind = _FIXED
        if data[_FLAGS] & _ATTESTED:
            start = _ID + int.from_bytes(data[_ID_LENGTH:_ID])
            behind = cbor.end(data, start)
        last = cbor.end(data, behind) if data[_FLAGS] & _EXTENDED else behind
    except (IndexError, ValueError):
        raise malformed("authenticatorData") from None
    if last != len(data):
        raise malformed("authenticatorData")
    return data[start:behind]


def _json(text: str | bytes) -> Any:
    """Attack: a number or a nesting that takes the parser down; both come out as None, like any other nonsense."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
