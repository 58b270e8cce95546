"""An authenticator and the browser in front of it, in software: real keys, real attestations, real assertions.

It follows sections 6 and 7 of WebAuthn level 2 from the other side and knows nothing of the product. Whatever a test
wants it to lie about it can be told: origin, relying party, challenge, flags, counter, keys, bytes of the parts.
"""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

Json = dict[str, Any]

ES256, RS256 = -7, -257
USER_PRESENT, USER_VERIFIED, BACKUP_ELIGIBLE, BACKED_UP, ATTESTED, EXTENDED = 0x01, 0x04, 0x08, 0x10, 0x40, 0x80


def encoded(content: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def decoded(text: str) -> bytes:
    """The bytes of base64url without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """One credential in one authenticator, at a page of `origin`.

    `counts` is whether it has a sign counter. `relying_party`, `challenge`, `kind` and `more` (members of the client
    data) replace what the options and the page would give, where they are set.
    """

    origin: str
    algorithm: int = ES256
    attestation: str = "none"  # "none", "packed" (self), "packed-x5c", or any other word as it is
    flags: int = USER_PRESENT | USER_VERIFIED
    counts: bool = True
    attachment: str | None = "cross-platform"
    transports: tuple[str, ...] = ("usb", "nfc")
    aaguid: bytes = bytes(16)
    relying_party: str = ""
    challenge: str = ""
    kind: str = ""
    more: Json = field(default_factory=dict)
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    count: int = 0
    handle: bytes | None = None
    key: Any = None

    def __post_init__(self) -> None:
        self.key = self.key or new_key(self.algorithm)

    def copied(self) -> Authenticator:
        """Another authenticator with the same key and the same count: a clone."""
        return copy.copy(self)

    def created(self, options: Json) -> Json:
        """RegistrationResponseJSON for PublicKeyCredentialCreationOptionsJSON."""
        self.handle = decoded(options["user"]["id"])
        client_data = self.client_data("webauthn.create", options["challenge"])
        data = self.data(options["rp"]["id"], self._attested())
        response = {
            "clientDataJSON": encoded(client_data),
            "attestationObject": encoded(self.attestation_object(data, client_data)),
            "transports": list(self.transports),
            "publicKeyAlgorithm": self.algorithm,
            "authenticatorData": encoded(data),
        }
        return self._credential(response)

    def got(self, options: Json) -> Json:
        """AuthenticationResponseJSON for PublicKeyCredentialRequestOptionsJSON."""
        client_data = self.client_data("webauthn.get", options["challenge"])
        data = self.data(options["rpId"], b"")
        response = {
            "clientDataJSON": encoded(client_data),
            "authenticatorData": encoded(data),
            "signature": encoded(signed(self.key, data + hashlib.sha256(client_data).digest())),
        }
        return self._credential(response | ({"userHandle": encoded(self.handle)} if self.handle is not None else {}))

    def client_data(self, kind: str, challenge: str) -> bytes:
        """clientDataJSON, as browsers write it."""
        said = {"type": self.kind or kind, "challenge": self.challenge or challenge, "origin": self.origin}
        return json.dumps(said | {"crossOrigin": False} | self.more, separators=(",", ":")).encode()

    def data(self, relying_party: str, attested: bytes) -> bytes:
        """authenticatorData; each counts one more."""
        self.count += self.counts
        flags = self.flags | (ATTESTED if attested else 0)
        digest = hashlib.sha256((self.relying_party or relying_party).encode()).digest()
        return digest + bytes([flags]) + (self.count if self.counts else 0).to_bytes(4) + attested

    def attestation_object(self, data: bytes, client_data: bytes) -> bytes:
        """attestationObject with the statement of the chosen format."""
        base = data + hashlib.sha256(client_data).digest()
        statement: Json = {}
        if self.attestation == "packed":
            statement = {"alg": self.algorithm, "sig": signed(self.key, base)}
        elif self.attestation == "packed-x5c":
            maker = new_key(ES256)
            statement = {"alg": ES256, "sig": signed(maker, base), "x5c": [certificate(maker)]}
        return cbor2.dumps({"fmt": self.attestation.partition("-")[0], "attStmt": statement, "authData": data})

    def _attested(self) -> bytes:
        return self.aaguid + len(self.id).to_bytes(2) + self.id + cbor2.dumps(cose(self.key))

    def _credential(self, response: Json) -> Json:
        found = {
            "id": encoded(self.id),
            "rawId": encoded(self.id),
            "type": "public-key",
            "clientExtensionResults": {},
            "response": response,
        }
        return found | ({"authenticatorAttachment": self.attachment} if self.attachment else {})


def new_key(algorithm: int) -> Any:
    """A fresh private key."""
    if algorithm == RS256:
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1())


def cose(key: Any) -> dict[int, Any]:
    """The public key in COSE."""
    numbers = key.public_key().public_numbers()
    if isinstance(key, rsa.RSAPrivateKey):
        return {1: 3, 3: RS256, -1: number(numbers.n), -2: number(numbers.e)}
    return {1: 2, 3: ES256, -1: 1, -2: numbers.x.to_bytes(32), -3: numbers.y.to_bytes(32)}


def number(value: int) -> bytes:
    """An integer in the fewest bytes."""
    return value.to_bytes((value.bit_length() + 7) // 8)


def signed(key: Any, content: bytes) -> bytes:
    """A signature of the key's own kind."""
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(content, padding.PKCS1v15(), hashes.SHA256())
    signature: bytes = key.sign(content, ec.ECDSA(hashes.SHA256()))
    return signature


def certificate(key: Any) -> bytes:
    """An attestation certificate (section 8.2.1) that its own key has signed, in DER."""
    parts = {
        NameOID.COUNTRY_NAME: "NO",
        NameOID.ORGANIZATION_NAME: "Tests",
        NameOID.ORGANIZATIONAL_UNIT_NAME: "Authenticator Attestation",
        NameOID.COMMON_NAME: "Tests",
    }
    name = x509.Name([x509.NameAttribute(kind, text) for kind, text in parts.items()])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    return made.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
