"""What runs by a clock and not for a request: keys, sweep, unconfirmed, usage, imports, changes.

`runner` knows them by name and runs one under its lease; `turn` is what a run is given and what it leaves. Jobs are
bounded in time and go on where the last run stopped; each may be cut off at any point, and run twice at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

JOBS: Final[Mapping[str, str]] = {
    "keys": "lets one signing key follow another, with overlap; LATCHKEY_KEY_DAYS (90, 0 for never)",
    "sweep": "removes what is over where the engine does not, and what deleted pools left behind",
    "unconfirmed": "removes accounts never confirmed for LATCHKEY_UNCONFIRMED_DAYS (0: never)",
    "usage": "counts users, active users, sign-ins and failures of each pool, once a day",
    "imports": "goes on with user imports that were started",
    "changes": "goes on with changes of pools that were asked for",
}
"""What there is to run, in words."""

SECONDS: Final = 20.0
"""How long a run works before it stops at the next good place."""
