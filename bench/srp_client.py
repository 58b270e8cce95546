"""The other side of SRP: what a client computes, so that the product has a real proof to check."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
from typing import Any

from chalicelib.rules import srp
from chalicelib.rules.modexp import power


class SrpClient:
    """One sign-in of one user, from A to the proof."""

    def __init__(self, pool_id: str, password: str) -> None:
        self._pool_name = pool_id.partition("_")[2]
        self._password = password
        self._private = 1 + secrets.randbelow(1 << 256)
        self._public = power(srp.G, self._private, srp.N)

    @property
    def public_value(self) -> str:
        """SRP_A."""
        return srp.hexadecimal(self._public)

    def responses(self, given: dict[str, Any]) -> dict[str, str]:
        """ChallengeResponses for the ChallengeParameters of PASSWORD_VERIFIER."""
        name, block = given["USER_ID_FOR_SRP"], given["SECRET_BLOCK"]
        moment = time.gmtime()
        timestamp = time.strftime(f"%a %b {moment.tm_mday} %H:%M:%S UTC %Y", moment)
        claim = srp.Claim(self._pool_name, name, base64.b64decode(block), timestamp)
        key = self._key(int(given["SALT"], 16), int(given["SRP_B"], 16), name)
        return {
            "USERNAME": name,
            "PASSWORD_CLAIM_SECRET_BLOCK": block,
            "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(srp.proof(key, claim)).decode(),
            "TIMESTAMP": timestamp,
        }

    def _key(self, salt: int, b_public: int, name: str) -> bytes:
        u = _number(srp.pad(self._public), srp.pad(b_public))
        inner = hashlib.sha256(f"{self._pool_name}{name}:{self._password}".encode()).digest()
        x = _number(srp.pad(salt), inner)
        shared = power((b_public - srp.K * power(srp.G, x, srp.N)) % srp.N, self._private + u * x, srp.N)
        extracted = hmac.digest(srp.pad(u), srp.pad(shared), "sha256")
        return hmac.digest(extracted, b"Caldera Derived Key\x01", "sha256")[:16]


def _number(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha256(b"".join(parts)).digest(), "big")
