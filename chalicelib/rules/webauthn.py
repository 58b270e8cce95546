"""WebAuthn level 2: registrations and assertions of passkeys, verified (sections 7.1 and 7.2).

Owns the order of the checks and what comes out of them; the library `webauthn` verifies whatever `credential_parts` has
let through. Attestations "none" and "packed", algorithms ES256 and RS256. Who made an authenticator is not asked, so a
chain of certificates has to end nowhere. The library takes 0.1 s to import, so that is done inside of functions.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib import errors
from chalicelib.rules import cbor
from chalicelib.rules import credential_parts as parts
from chalicelib.rules.credential_parts import ALGORITHMS, Expected, Refused

_TRANSPORTS: Final = ("ble", "cable", "hybrid", "internal", "nfc", "smart-card", "usb")
_ATTACHMENTS: Final = ("platform", "cross-platform")
_FORMATS: Final = ("none", "packed")

DECOY: Final = bytes.fromhex(
    "a5010203262001215820"
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296225820"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
"""A public key (the generator of P-256) to check what nobody's credential signed: it takes the same time."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a credential since it was registered or last used."""

    public_key: bytes
    sign_count: int
    is_backup_eligible: bool
    user_handle: bytes


@dataclass(frozen=True, slots=True)
class Proof:
    """What an authenticator says of itself and of the user, verified."""

    sign_count: int
    is_user_verified: bool
    is_backup_eligible: bool
    is_backed_up: bool


@dataclass(frozen=True, slots=True)
class Credential:
    """A new credential: `id` as base64url, the key in COSE. The browser alone vouches for the last two."""

    id: str
    public_key: bytes
    aaguid: str
    proof: Proof
    attachment: str | None
    transports: list[str]


def registered(credential: object, expected: Expected) -> Credential:
    """The credential of a RegistrationResponseJSON. Raises InvalidParameterException and Refused."""
    found, response = parts.credential_id(credential), parts.response(credential)
    client_data, attestation = parts.binary(response, "clientDataJSON"), parts.binary(response, "attestationObject")
    origin = parts.origin(client_data, "webauthn.create", expected)
    _require_supported(attestation, expected)
    verified = _verified_registration((found, client_data, attestation), expected, origin)
    if parts.encoded(verified.credential_id) != found:
        raise parts.unsupported("passkey not verified")
    attachment = credential.get("authenticatorAttachment") if isinstance(credential, Mapping) else None
    return Credential(
        id=found,
        public_key=verified.credential_public_key,
        aaguid=verified.aaguid,
        proof=_proof(verified, verified.sign_count),
        attachment=attachment if attachment in _ATTACHMENTS else None,
        transports=_transports(response.get("transports")),
    )


def asserted(credential: object, expected: Expected, known: Known) -> Proof:
    """What an AuthenticationResponseJSON of a known credential proves. Raises InvalidParameterException and Refused."""
    found, response = parts.credential_id(credential), parts.response(credential)
    signed = [parts.binary(response, name) for name in ("clientDataJSON", "authenticatorData", "signature")]
    is_named = response.get("userHandle") is not None
    handle = parts.binary(response, "userHandle") if is_named else known.user_handle
    origin = parts.origin(signed[0], "webauthn.get", expected)
    parts.key(signed[1], expected)
    verified = _verified_assertion((found, *signed), expected, origin, known)  # type: ignore[arg-type]
    proof = _proof(verified, verified.new_sign_count)
    if not hmac.compare_digest(handle, known.user_handle):
        raise Refused("passkey unknown", errors.NotAuthorizedException)
    if proof.is_backup_eligible != known.is_backup_eligible:
        raise Refused("passkey not verified", errors.NotAuthorizedException)
    if (proof.sign_count or known.sign_count) and proof.sign_count <= known.sign_count:
        # Attack: the key was copied out of the authenticator. The copy and the original count each for itself.
        raise Refused("passkey cloned", errors.NotAuthorizedException)
    return proof


def _require_supported(attestation: bytes, expected: Expected) -> None:
    """Raise InvalidParameterException or Refused for what the library shall not see."""
    from webauthn.helpers import parse_cbor
    from webauthn.helpers.exceptions import InvalidCBORData

    try:
        found = parse_cbor(attestation) if cbor.end(attestation) == len(attestation) else None
        if not isinstance(found, dict) or not isinstance(found.get("attStmt"), dict):
            raise parts.malformed("attestationObject")
        key = parts.key(parts.require_small(found.get("authData")), expected)
        decoded = parse_cbor(key) if key else None
    except (ValueError, InvalidCBORData):
        raise parts.malformed("attestationObject") from None
    if found.get("fmt") not in _FORMATS or (found["fmt"] == "none" and found["attStmt"]):
        raise parts.unsupported("passkey not supported")
    parts.require_supported(decoded)


def _verified_registration(given: tuple[str, bytes, bytes], expected: Expected, origin: str) -> Any:
    from webauthn import verify_registration_response
    from webauthn.helpers import decode_credential_public_key, decoded_public_key_to_cryptography
    from webauthn.helpers.cose import COSEAlgorithmIdentifier
    from webauthn.helpers.structs import AuthenticatorAttestationResponse, RegistrationCredential

    found, client_data, attestation = given
    response = AuthenticatorAttestationResponse(client_data, attestation)
    try:
        verified = verify_registration_response(
            credential=RegistrationCredential(found, parts.decoded(found), response),
            expected_challenge=parts.decoded(expected.challenge),
            expected_rp_id=expected.relying_party,
            expected_origin=origin,
            require_user_verification=expected.requires_verification,
            supported_pub_key_algs=[COSEAlgorithmIdentifier(number) for number in ALGORITHMS],
        )
        decoded_public_key_to_cryptography(decode_credential_public_key(verified.credential_public_key))
    except Exception as problem:  # its parsers raise whatever they run into
        raise parts.unsupported("passkey not verified") from problem
    return verified


def _verified_assertion(given: tuple[str, bytes, bytes, bytes], expected: Expected, origin: str, known: Known) -> Any:
    from webauthn import verify_authentication_response
    from webauthn.helpers.structs import AuthenticationCredential, AuthenticatorAssertionResponse

    found, *signed = given
    try:
        return verify_authentication_response(
            credential=AuthenticationCredential(found, parts.decoded(found), AuthenticatorAssertionResponse(*signed)),
            expected_challenge=parts.decoded(expected.challenge),
            expected_rp_id=expected.relying_party,
            expected_origin=origin,
            credential_public_key=known.public_key,
            credential_current_sign_count=0,  # `asserted` looks at it, behind the signature
            require_user_verification=expected.requires_verification,
        )
    except Exception as problem:  # its parsers raise whatever they run into
        raise parts.unsupported("passkey not verified") from problem


def _proof(verified: Any, sign_count: int) -> Proof:
    return Proof(
        sign_count=sign_count,
        is_user_verified=verified.user_verified,
        is_backup_eligible=verified.credential_device_type.value == "multi_device",
        is_backed_up=verified.credential_backed_up,
    )


def _transports(given: object) -> list[str]:
    return [name for name in _TRANSPORTS if name in given] if isinstance(given, list) else []
