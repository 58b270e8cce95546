"""Whether a new password is known to have leaked, where the installation names a source (LATCHKEY_BREACH_RANGE_URL).

Owns what a pool does about it, and that a source which cannot be asked stops nobody. Leaves the asking to
`outside.breach_ranges`; no password and no whole hash leaves this process.
"""

from __future__ import annotations

import hashlib
from functools import cache

from chalicelib import journal
from chalicelib.outside import breach_ranges
from chalicelib.outside.breach_ranges import Ranges, RangeUnavailable
from chalicelib.rules import security_settings
from chalicelib.settings import current
from chalicelib.table.items import Pool


def is_refused(pool: Pool, text: str) -> bool:
    """Whether the pool refuses this new password because it has leaked. In mode AUDIT that is only noted.

    The attack: lists of leaked passwords are tried before any others, and people choose the same one everywhere.
    """
    source, mode = current().breach_range_url, security_settings.of(pool.ours).breach_check
    if not source or mode == security_settings.OFF or not _has_leaked(source, text):
        return False
    journal.note(breached_password=True)
    return mode == security_settings.ENFORCED


def _has_leaked(source: str, text: str) -> bool:
    """Fails open: while somebody else's server is down, a stolen password must still be replaceable by a better one.

    The policy and the list of common passwords hold all the same.
    """
    digest = hashlib.sha1(text.encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest().upper()
    try:
        return _ranges(source).has(digest)
    except RangeUnavailable:
        return False


@cache
def _ranges(source: str) -> Ranges:
    return Ranges(lambda prefix: breach_ranges.fetched(source, prefix))
