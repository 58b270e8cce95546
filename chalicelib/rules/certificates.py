"""Certificates with which a pool signs its SAML requests: self-signed X.509 (RFC 5280) over RSA of 2048 bits.

Owns what stands in one. Leaves keys to `jwt`, storing and renewing to `flows.signing_certificates`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from chalicelib.rules.jwt import PrivateKey

if TYPE_CHECKING:
    from cryptography.x509 import KeyUsage

YEAR: Final = 365.25 * 24 * 3600
"""Seconds."""
LIFETIME: Final = 10 * YEAR
RENEWED_BEFORE: Final = 1 * YEAR
"""How long before its end a certificate is followed by another; it goes on being good."""


def self_signed(key: PrivateKey, name: str, now: float) -> bytes:
    """A certificate over the RSA key for the common name, good for ten years from now (seconds), as DER."""
    from cryptography import x509  # few processes ever make or read one

    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    begins = datetime.fromtimestamp(int(now), UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins - timedelta(minutes=5))  # a provider's clock may be behind ours
        .not_valid_after(begins + timedelta(seconds=LIFETIME))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_signing_only(), critical=True)
        .sign(key, SHA256())
    )
    return made.public_bytes(Encoding.DER)


def is_due(created_at: float, now: float) -> bool:
    """Whether it is time that a certificate, made at a moment in seconds, is followed by another."""
    return now >= created_at + LIFETIME - RENEWED_BEFORE


def _signing_only() -> KeyUsage:
    from cryptography import x509

    names = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign",
             "crl_sign", "encipher_only", "decipher_only")  # fmt: skip
    return x509.KeyUsage(digital_signature=True, **dict.fromkeys(names, False))
