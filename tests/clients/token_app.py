"""An authenticator app (RFC 6238) beside the clients of Python, sharing no code with the product."""

from __future__ import annotations

import base64
import hmac
import time

STEP = 30
WINDOW = 1


class TokenApp:
    """Shows no code twice and none that would be refused for its age."""

    def __init__(self, secret: str) -> None:
        self._seed = base64.b32decode(secret + "=" * (-len(secret) % 8))
        self._last = 0

    def code(self) -> str:
        """A code that was not shown yet: as old as is accepted, so that the next ones need not be waited for."""
        now = time.time()
        is_ending = STEP - now % STEP < 5
        self._last = max(self._last + 1, int(now // STEP) - (0 if is_ending else WINDOW))
        time.sleep(max(0.0, (self._last - WINDOW) * STEP - now))
        return self._digits(self._last)

    def again(self) -> str:
        """The code that was shown last."""
        return self._digits(self._last)

    def wrong(self) -> str:
        """A code that is not right in these minutes."""
        step = int(time.time() // STEP)
        near = {self._digits(step + offset) for offset in range(-3, 4)}
        return next(code for code in map("{:06}".format, range(8)) if code not in near)

    def _digits(self, step: int) -> str:
        digest = hmac.digest(self._seed, step.to_bytes(8), "sha1")
        start = digest[-1] & 0xF
        value = int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF
        return f"{value % 10**6:06}"
