"""A client of the SRP exchange for tests, from the description of the protocol, sharing no code with the product.

It works on hexadecimal texts, as the clients in the field do, where the product works on integers and bytes.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import UTC, datetime
from typing import Any

# RFC 3526, group 15.
PRIME = """
FFFFFFFFFFFFFFFF C90FDAA22168C234 C4C6628B80DC1CD1 29024E088A67CC74 020BBEA63B139B22 514A08798E3404DD EF9519B3CD3A431B
302B0A6DF25F1437 4FE1356D6D51C245 E485B576625E7EC6 F44C42E9A637ED6B 0BFF5CB6F406B7ED EE386BFB5A899FA5 AE9F24117C4B1FE6
49286651ECE45B3D C2007CB8A163BF05 98DA48361C55D39A 69163FA8FD24CF5F 83655D23DCA3AD96 1C62F356208552BB 9ED529077096966D
670C354E4ABC9804 F1746C08CA18217C 32905E462E36CE3B E39E772C180E8603 9B2783A2EC07A28F B5C55DF06F4C52C9 DE2BCBF695581718
3995497CEA956AE5 15D2261898FA0510 15728E5A8AAAC42D AD33170D04507A33 A85521ABDF1CBA64 ECFB850458DBEF0A 8AEA71575D060C7D
B3970F85A6E1E4C7 ABF5AE8CDB0933D7 1E8C94E04A25619D CEE3D2261AD2EE6B F12FFA06D98A0864 D87602733EC86A64 521F2B18177B200C
BBE117577A615D6C 770988C0BAD946E2 08E24FA074E5AB31 43DB5BFCE0FD108E 4B82D120A93AD2CA FFFFFFFFFFFFFFFF
"""
N = int("".join(PRIME.split()), 16)
DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def padded(text: str) -> str:
    """A hexadecimal number of even length whose first bit is not set."""
    text = "0" * (len(text) % 2) + text
    return "00" + text if text[0] in "89abcdefABCDEF" else text


def digest(content: bytes) -> str:
    """SHA-256 in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def timestamp(moment: datetime | None = None) -> str:
    """The present time as clients write it, the day without a leading zero."""
    now = moment or datetime.now(UTC)
    clock = now.strftime("%H:%M:%S")
    return f"{DAYS[now.weekday()]} {MONTHS[now.month - 1]} {now.day} {clock} UTC {now.year}"


class SrpClient:
    """One exchange of one client."""

    def __init__(self, pool_id: str, private: int | None = None) -> None:
        self.pool_name = pool_id.split("_", 1)[1]
        self.private = private or secrets.randbits(1024)
        self.public = format(pow(2, self.private, N), "x")

    def key(self, parameters: dict[str, str], password: str) -> bytes:
        """The session key, from ChallengeParameters."""
        inner = digest(f"{self.pool_name}{parameters['USER_ID_FOR_SRP']}:{password}".encode())
        x = int(digest(bytes.fromhex(padded(parameters["SALT"]) + inner)), 16)
        u = digest(bytes.fromhex(padded(self.public) + padded(parameters["SRP_B"])))
        k = int(digest(bytes.fromhex(padded(format(N, "x")) + "02")), 16)
        base = (int(parameters["SRP_B"], 16) - k * pow(2, x, N)) % N
        shared = format(pow(base, self.private + int(u, 16) * x, N), "x")
        minimal = format(int(u, 16), "x")
        extracted = hmac.digest(bytes.fromhex(padded(minimal)), bytes.fromhex(padded(shared)), "sha256")
        return hmac.digest(extracted, b"Caldera Derived Key\x01", "sha256")[:16]

    def answer(self, parameters: dict[str, str], password: str, at: str | None = None) -> dict[str, str]:
        """ChallengeResponses for PASSWORD_VERIFIER."""
        at = at or timestamp()
        block = base64.b64decode(parameters["SECRET_BLOCK"])
        claim = (self.pool_name + parameters["USER_ID_FOR_SRP"]).encode() + block + at.encode()
        proof = hmac.digest(self.key(parameters, password), claim, "sha256")
        return {
            "USERNAME": parameters["USER_ID_FOR_SRP"],
            "PASSWORD_CLAIM_SECRET_BLOCK": parameters["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(proof).decode(),
            "TIMESTAMP": at,
        }

    def begin(self, **more: Any) -> dict[str, str]:
        """AuthParameters of USER_SRP_AUTH."""
        return {"SRP_A": self.public, **more}
