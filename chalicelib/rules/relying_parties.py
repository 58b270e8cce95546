"""The relying party of a pool's passkeys (WebAuthn level 2): the host that they are bound to, and whose pages may ask.

Owns which host that is and what an origin must be. A passkey is bound to its relying party for ever, so settings that
change it leave the old passkeys unused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.rules import mfa_settings

Settings = Mapping[str, Any]

_LAPTOP: Final = "localhost"
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_ORIGIN = re.compile(rf"(https?)://({_LABEL}(?:\.{_LABEL})*)(?::[1-9][0-9]{{0,4}})?", re.ASCII)
_NAME = re.compile(r"(?:[a-z0-9-]+\.)+[a-z][a-z0-9-]*", re.ASCII)  # not an address: those end in digits
_LONGEST: Final = 512  # characters of an origin


def host(document: Settings, mfa: Settings, own_host: str) -> str | None:
    """The chosen relying party, else the pool's custom domain, else the host of its prefix; None without any of them.

    `own_host` is where the service answers. A prefix has a host only below a name: not below an address, nor where the
    name is a gateway's own ("").
    """
    chosen = mfa.get(mfa_settings.PASSKEY, {}).get("RelyingPartyId") or document.get("CustomDomain")
    if chosen:
        return str(chosen)
    prefix = document.get("Domain")
    return f"{prefix}.auth.{own_host}" if prefix and _NAME.fullmatch(own_host) else None


def is_own(origin: object, relying_party: str) -> bool:
    """Whether an origin, as browsers write it, is a page of the relying party: https, its host or one below it.

    Attack: pages at `evil-example.com`, `example.com.evil.net`, `http://example.com`, or `example.com@evil.net`. Plain
    http is for `localhost` itself, which no other machine can be. Origins of apps (`android:apk-key-hash:...`) are
    none of a host's: there is no file here that would tell whose app it is.
    """
    found = _ORIGIN.fullmatch(origin) if isinstance(origin, str) and len(origin) <= _LONGEST else None
    if found is None:
        return False
    scheme, asking = found.groups()
    if scheme == "http":
        return asking == relying_party == _LAPTOP
    return bool(asking == relying_party or asking.endswith("." + relying_party))
