"""Wrong first factors of one client address: what counts as one address, and for how long a count runs.

Windows are fixed, beginning at whole multiples of their length: so an old count needs no reset, and many may add to the
present one without reading it. Leaves the counter to `flows.source_limits`, the numbers to `rules.security_settings`.
"""

from __future__ import annotations

import ipaddress
from typing import Final

_NETWORK: Final = 64  # bits; whoever has one IPv6 address has all others of the network


def source(address: str) -> str:
    """The source behind an address in one spelling: an IPv4 address, the /64 network of an IPv6 one, else "".

    The attack: a home has 2^64 IPv6 addresses, and each guess could come from a fresh one. An IPv4 address that is
    written as an IPv6 one is still itself.
    """
    try:
        host = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(host, ipaddress.IPv4Address):
        return str(host)
    if host.ipv4_mapped is not None:
        return str(host.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(host), _NETWORK), strict=False))


def window_end(now: float, seconds: int) -> int:
    """When the window ends that runs at a time; times are seconds since the epoch."""
    return (int(now) // seconds + 1) * seconds
