"""The claims of ID and access tokens, from a user's attributes, a client's settings and one sign-in.

Pure: says what a token contains and whether its claims are good at a moment; signing is `jwt`, revocation `flows`.
Claims and their types are those of Cognito (ID token: verified flags as booleans, everything else as text).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.rules import groups
from chalicelib.rules.attributes import readable
from chalicelib.rules.groups import Definition

Settings = Mapping[str, Any]

API_SCOPE = "aws.cognito.signin.user.admin"
"""The scope that an API sign-in gives and the user's own operations demand."""

INVALID = "invalid"
EXPIRED = "expired"

_OF_USERS = frozenset({"username", "event_id", "origin_jti", "device_key", "cognito:groups", "acr", "amr"})
_BOOLEANS = ("email_verified", "phone_number_verified")
_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}
_DEFAULT_UNITS = {"AccessToken": "hours", "IdToken": "hours", "RefreshToken": "days"}
_DEFAULT_SECONDS = {"AccessToken": 3600, "IdToken": 3600, "RefreshToken": 30 * 86400}


@dataclass(frozen=True, slots=True)
class SignIn:
    """One sign-in as tokens tell of it. `auth_time` and `issued_at` are whole seconds.

    `acr` and `amr` are told together, or not at all without a level that was asked for.
    """

    issuer: str
    client_id: str
    sub: str
    username: str
    session_id: str
    scope: str
    auth_time: int
    issued_at: int
    device_key: str | None = None
    is_revocable: bool = True
    groups: Sequence[Definition] = ()
    acr: str | None = None
    amr: Sequence[str] = ()


def lifetime(client: Settings, token: str) -> int:
    """Seconds that a token of a client lives; `token` is "AccessToken", "IdToken" or "RefreshToken"."""
    amount = client.get(f"{token}Validity")
    if not amount:
        return _DEFAULT_SECONDS[token]
    unit = (client.get("TokenValidityUnits") or {}).get(token) or _DEFAULT_UNITS[token]
    return int(amount) * _SECONDS[unit]


def id_claims(sign_in: SignIn, client: Settings, values: Mapping[str, str]) -> dict[str, Any]:
    """The ID token's claims, without `jti`: the attributes that the client may read, and who they are for."""
    shown = readable(values, client.get("ReadAttributes"))
    claims: dict[str, Any] = {
        name: value == "true" if name in _BOOLEANS else value for name, value in shown.items() if value
    }
    return claims | {
        "cognito:username": sign_in.username,
        "aud": sign_in.client_id,
        "token_use": "id",
        "exp": sign_in.issued_at + lifetime(client, "IdToken"),
        **_common(sign_in),
        **groups.id_claims(sign_in.groups),
    }


def access_claims(sign_in: SignIn, client: Settings) -> dict[str, Any]:
    """The access token's claims, without `jti`: no attributes and no audience, as with Cognito."""
    claims = {
        "client_id": sign_in.client_id,
        "username": sign_in.username,
        "token_use": "access",
        "scope": sign_in.scope,
        "exp": sign_in.issued_at + lifetime(client, "AccessToken"),
        **_common(sign_in),
        **groups.access_claims(sign_in.groups),
    }
    return claims | ({"device_key": sign_in.device_key} if sign_in.device_key else {})


def _common(sign_in: SignIn) -> dict[str, Any]:
    claims: dict[str, Any] = {
        "sub": sign_in.sub,
        "iss": sign_in.issuer,
        "event_id": sign_in.session_id,
        "auth_time": sign_in.auth_time,
        "iat": sign_in.issued_at,
    }
    claims |= {"acr": sign_in.acr, "amr": list(sign_in.amr)} if sign_in.acr else {}
    return claims | ({"origin_jti": sign_in.session_id} if sign_in.is_revocable else {})


def machine_claims(sign_in: SignIn, client: Settings) -> dict[str, Any]:
    """The access token's claims of a client that acts for itself, without `jti`: it is its own subject.

    No user, and no session that anybody could revoke: it lives as long as it says.
    """
    told = access_claims(sign_in, client)
    return {name: value for name, value in told.items() if name not in _OF_USERS}


def token_problem(claims: Mapping[str, Any], use: str, issuer: str, now: float) -> str | None:
    """What is wrong with the claims of a verified token of a kind ("access" or "id"): INVALID, EXPIRED, or nothing."""
    texts = (claims.get(name) for name in ("sub", "client_id" if use == "access" else "aud"))
    if claims.get("token_use") != use or claims.get("iss") != issuer or not all(isinstance(t, str) for t in texts):
        return INVALID
    expires = claims.get("exp")
    return None if isinstance(expires, int) and expires > now else EXPIRED


def access_problem(claims: Mapping[str, Any], issuer: str, now: float) -> str | None:
    """Why the claims of a verified token are no good as a user's access token, in the service's words, or None."""
    problem = token_problem(claims, "access", issuer, now)
    if problem == INVALID or not isinstance(claims.get("event_id"), str):
        return "Invalid Access Token"
    if problem == EXPIRED:
        return "Access Token has expired"
    if API_SCOPE not in str(claims.get("scope", "")).split(" "):
        return "Access Token does not have required scopes"
    return None
