"""Which sign-in flows an app client allows, from its ExplicitAuthFlows of either style.

Owns the meaning of the older names, of a missing list, and which names exclude each other. Follows the Cognito guide.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from chalicelib.errors import InvalidParameterException

REFRESH: Final = "ALLOW_REFRESH_TOKEN_AUTH"
SRP: Final = "ALLOW_USER_SRP_AUTH"
CUSTOM: Final = "ALLOW_CUSTOM_AUTH"
CHOICE: Final = "ALLOW_USER_AUTH"
MACHINE: Final = "ALLOW_CLIENT_TOKEN_AUTH"
IMPERSONATION: Final = "ALLOW_TOKEN_EXCHANGE_IMPERSONATION"
DELEGATION: Final = "ALLOW_TOKEN_EXCHANGE_DELEGATION"

_DEFAULT = frozenset({REFRESH, SRP, CUSTOM})
_OLDER = {
    "ADMIN_NO_SRP_AUTH": _DEFAULT | {"ALLOW_ADMIN_USER_PASSWORD_AUTH"},
    "USER_PASSWORD_AUTH": _DEFAULT | {"ALLOW_USER_PASSWORD_AUTH"},
}
_CUSTOM_ONLY = "CUSTOM_AUTH_FLOW_ONLY"
_BEGIN_WITH_SRP = frozenset({SRP, CUSTOM, CHOICE})


def allowed(client: Mapping[str, Any]) -> frozenset[str]:
    """What a client allows, in the newer spelling (`ALLOW_…`); rotation of refresh tokens excludes plain refresh."""
    flows = _effective(client.get("ExplicitAuthFlows") or [])
    return flows - {REFRESH} if rotates(client) else flows


def rotates(client: Mapping[str, Any]) -> bool:
    """Whether a refresh token of the client is spent by its use."""
    return bool(client.get("RefreshTokenRotation", {}).get("Feature") == "ENABLED")


def needs_verifiers(client: Mapping[str, Any]) -> bool:
    """Whether some flow of the client may prove a password by SRP, so that users need a verifier.

    USER_AUTH offers PASSWORD_SRP, and CUSTOM_AUTH may begin with SRP_A.
    """
    return not _BEGIN_WITH_SRP.isdisjoint(allowed(client))


def refuse_mixture(client: Mapping[str, Any]) -> None:
    """Raise InvalidParameterException when flows exclude each other, or refresh and rotation do."""
    given = set(client.get("ExplicitAuthFlows", []))
    older = {name for name in given if not name.startswith("ALLOW_")}
    if older and older != given:
        raise InvalidParameterException(f"{', '.join(sorted(older))} cannot be combined with flows named ALLOW_.")
    if MACHINE in given and len(given) > 1:
        raise InvalidParameterException(f"{MACHINE} must be the only flow of a client.")
    if REFRESH in given and rotates(client):
        raise InvalidParameterException(f"{REFRESH} cannot be combined with refresh token rotation.")


def _effective(given: list[str]) -> frozenset[str]:
    if not given:
        return _DEFAULT
    if _CUSTOM_ONLY in given:
        return frozenset({CUSTOM, REFRESH})
    return frozenset[str]().union(*(_OLDER.get(name, {name}) for name in given))
