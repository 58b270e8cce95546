"""The passwords that everybody tries first: nearly 28,000 of them, from six characters up, in lower case.

Owns the list that lies beside this file (`frequent_passwords.bin`: sorted, one a line, deflated by zlib; see NOTICE for
where it comes from) and the comparison. It is read when the first new password comes. Leaves the policy to `passwords`,
and passwords that are known to have leaked to `flows.breaches`. Standard: NIST SP 800-63B-4, 3.1.1.2.
"""

from __future__ import annotations

import pkgutil
import zlib
from functools import cache
from typing import Final

_FILE: Final = "frequent_passwords.bin"


def is_common(password: str) -> bool:
    """Whether the whole password is on the list, in whatever case.

    The attack: a password or two that thousands use is tried on every user of a pool, once a day. No lock of a single
    user notices that.
    """
    return password.casefold() in _listed()


@cache
def _listed() -> frozenset[str]:
    content = pkgutil.get_data(__name__, _FILE) or b""
    return frozenset(zlib.decompress(content).decode("ascii").split("\n"))
