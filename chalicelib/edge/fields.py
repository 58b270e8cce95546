"""Header fields as they go out: one spelling of a name, no controls in a value. Standard: RFC 9110, section 5."""

from __future__ import annotations

import re
from functools import lru_cache

TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
"""What may be the name of a header."""

UNPRINTABLE = re.compile(r"[^\x20-\x7e]")

SPELLINGS = {
    name.lower(): name
    for name in ("X-Amzn-RequestId", "X-Amzn-ErrorType", "X-Amzn-ErrorMessage", "WWW-Authenticate", "ETag")
}


@lru_cache(maxsize=512)
def canonical(name: str) -> str:
    """A header's name in the one spelling that is used: two spellings of one name would be sent as two headers."""
    if not TOKEN.fullmatch(name):
        raise ValueError(f"not a header name: {name!r}")
    return SPELLINGS.get(name.lower()) or "-".join(part.capitalize() for part in name.split("-"))


def printable(value: str) -> str:
    """A header's value without CR, LF and other controls (response splitting), and within ASCII."""
    return UNPRINTABLE.sub(lambda found: "?" if found.group() > "\x7f" else " ", value)
