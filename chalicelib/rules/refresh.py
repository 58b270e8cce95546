"""Refresh tokens: opaque texts that address their session directly; of their secret only a digest is stored.

Each rotation makes the next secret out of the present one under the server's key. So a token of an earlier generation
can be told from an invention by following the chain, while the table holds the newest digest alone; and inside the
grace period an old token leads to the very token that replaced it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import struct
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace

SECRET_BYTES = 32
LONGEST_CHAIN = 10_000
"""Generations that are followed to prove an old token genuine: all of them take about 25 ms, whatever one claims."""

_FORM = struct.Struct(f">16s16sI{SECRET_BYTES}s")


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """Whose token it is, of which session, and its place in the chain of rotations."""

    sub: str
    session_id: str
    generation: int
    secret: bytes

    @property
    def text(self) -> str:
        """What the client keeps: URL-safe characters only."""
        packed = _FORM.pack(uuid.UUID(self.sub).bytes, uuid.UUID(self.session_id).bytes, self.generation, self.secret)
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    @property
    def digest(self) -> bytes:
        """What the table keeps: the secret has 256 bits, so a plain hash gives nothing away."""
        return hashlib.sha256(self.secret).digest()

    def following(self, mac: Callable[[bytes], bytes]) -> RefreshToken:
        """The token that takes this one's place; `mac` is HMAC-SHA256 under a key of the server."""
        return replace(self, generation=self.generation + 1, secret=mac(self.secret))


def new(sub: str, session_id: str) -> RefreshToken:
    """The first token of a session."""
    return RefreshToken(sub, session_id, 0, secrets.token_bytes(SECRET_BYTES))


def parsed(text: str) -> RefreshToken | None:
    """The token of a text; None for anything that is none of ours."""
    try:
        packed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        sub, session_id, generation, secret = _FORM.unpack(packed)
    except (ValueError, struct.error):
        return None
    return RefreshToken(str(uuid.UUID(bytes=sub)), str(uuid.UUID(bytes=session_id)), generation, secret)


def is_ancestor(token: RefreshToken, generation: int, digest: bytes, mac: Callable[[bytes], bytes]) -> bool:
    """Whether a token once belonged to the session whose present generation has this digest."""
    distance = generation - token.generation
    if not 0 < distance <= LONGEST_CHAIN:
        return False
    secret = token.secret
    for _ in range(distance):
        secret = mac(secret)
    return hmac.compare_digest(hashlib.sha256(secret).digest(), digest)
