"""The addresses to which a browser may be sent back after signing in or out.

Owns which addresses an app client may register: absolute, without fragment (RFC 6749 section 3.1.2), over https, on the
own machine, or of an app's own scheme (RFC 8252).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import urlsplit

from chalicelib.errors import InvalidParameterException

_OWN_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:(?=.)", re.ASCII)
_PLACE = re.compile(r"(?:.*@)?(?:\[[^\[\]@]*\]|[^\[\]@:]*)(?::[0-9]{0,5})?")
_ACTIVE: Final = frozenset({"about", "blob", "data", "file", "filesystem", "javascript", "vbscript", "view-source"})


def refuse_bad(addresses: Iterable[str]) -> None:
    """Raise InvalidParameterException for the first address that may not be registered."""
    for address in addresses:
        if problem := _problem(address):
            raise InvalidParameterException(f"{address} {problem}")


def _problem(address: str) -> str | None:
    if not _SCHEME.match(address):
        return "is not an absolute URL."
    if "#" in address:
        return "must not contain a fragment."
    scheme = address.partition(":")[0].lower()
    if scheme in _ACTIVE:  # a browser sent there would run it as a page: script in the name of whoever sent it
        return f"cannot use the scheme {scheme}."
    if scheme in ("http", "https"):
        return _web_problem(address, scheme)
    return None


def _web_problem(address: str, scheme: str) -> str | None:
    host = _host(address)
    if not host:
        return "is not an absolute URL."
    if scheme == "http" and host not in _OWN_MACHINE:
        return "cannot use the HTTP protocol."
    return None


def _host(address: str) -> str | None:
    """The host as browsers see it; none when parsers disagree.

    A backslash ends the host for a browser and not for us, so `https://a.example\\@b.example` would go elsewhere. What
    stands behind the bracket of `http://[::1].a.example` would be passed over here.
    """
    if "\\" in address or not address[address.index(":") :].startswith("://"):
        return None
    try:
        parts = urlsplit(address)
        return parts.hostname if _PLACE.fullmatch(parts.netloc) else None
    except ValueError:
        return None
