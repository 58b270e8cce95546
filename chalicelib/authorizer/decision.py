"""From a credential to claims that meet a requirement: the order in which a token is looked at.

Cheap and local first: length, form, issuer. Only then are keys asked for, only then is a signature checked, and only
what is signed is judged. Keeps no state beside the key sets.
"""

from __future__ import annotations

from typing import Any

from chalicelib.outside.key_sets import KeySets
from chalicelib.rules import bearer


def claims(credential: str, required: bearer.Requirement, key_sets: KeySets, now: float) -> dict[str, Any]:
    """The claims of a credential that meets the requirement at `now` (seconds since 1970).

    Raises `bearer.Unauthorized`, `bearer.Forbidden`, and `KeysUnavailable` when nobody can tell.
    """
    token = bearer.token_of(credential)
    issuer, kid = bearer.origin(token)
    if issuer not in required.issuers:
        raise bearer.Unauthorized("of another issuer")
    found = bearer.verified(token, key_sets.of(issuer, kid))
    bearer.check(found, required, now)
    return found
