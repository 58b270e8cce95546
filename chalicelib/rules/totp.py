"""Codes of authenticator apps: RFC 6238 with HMAC-SHA1, six digits and steps of 30 seconds, as every app has it.

Owns seeds, their text, and which step a code belongs to. Leaves to `flows.software_tokens` which steps are spent and
how often may be guessed.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from typing import Final

DIGITS: Final = 6
STEP: Final = 30
"""Seconds that a code is shown."""

WINDOW: Final = 1
"""Steps before and after the present one whose codes do too: for slow fingers and for clocks that go wrong."""

SEED_BYTES: Final = 32


def new_seed() -> bytes:
    """A random seed of 256 bits, more than the 160 that RFC 4226 recommends."""
    return secrets.token_bytes(SEED_BYTES)


def text_of(seed: bytes) -> str:
    """A seed as people type it: base32 without padding, 52 letters and digits."""
    return base64.b32encode(seed).decode().rstrip("=")


def seed_of(text: str) -> bytes:
    """The seed of a text that `text_of` made; raises ValueError for another one."""
    return base64.b32decode(text + "=" * (-len(text) % 8))


def step_at(now: float) -> int:
    """The number of the time step at a moment, in seconds since the epoch."""
    return int(now // STEP)


def code(seed: bytes, step: int) -> str:
    """The code of one step."""
    import pyotp  # here, for few processes ever see a code: it takes milliseconds of a cold start

    return pyotp.HOTP(text_of(seed), digits=DIGITS).at(step)


def matched(seed: bytes, text: str, now: float) -> int | None:
    """The step whose code this is, the latest if it is that of several; None if it is none of the window's.

    All codes of the window are compared, each in constant time, so the clock tells nothing of the right ones.
    """
    given, found = text.encode(errors="replace"), None
    for step in range(max(step_at(now) - WINDOW, 0), step_at(now) + WINDOW + 1):
        if hmac.compare_digest(code(seed, step).encode(), given):
            found = step
    return found
