"""Bearer tokens before a backend: where they stand in a request, and whether what they say is enough.

Owns the reading of a credential (RFC 6750, 2.1; the bare token too, as Cognito's own authorizers take it), what an API
may require, and the judgement of verified claims. Leaves signatures to `jwt` and the answers of gateways to
`gateway_answers`. Raises Unauthorized (401: no good token) or Forbidden (403: a good one that may not do this).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from chalicelib.rules import jwt

LONGEST: Final = 16 * 1024
"""Characters of a credential that is looked at; API Gateway passes headers of 10,240 bytes in all."""

LEEWAY: Final = 10
LARGEST_LEEWAY: Final = 60
"""Seconds that the clock of a token's maker may be ahead of ours, by default and at most."""

USES: Final = ("access", "id", "any")

# One token and nothing else: of two, joined by blanks or commas, what checks the credential could choose one and what
# uses it the other.
_CREDENTIAL = re.compile(r"(?:bearer[ \t]+)?([A-Za-z0-9_.-]+)", re.IGNORECASE)


class Unauthorized(Exception):
    """No good token. The message is for the log; it never repeats what the caller sent."""


class Forbidden(Exception):
    """A good token that lacks what is required. The message is for the log."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """What a token must show. Of `scopes` and of `groups` any one is enough; empty: none is asked for.

    `issuers` are full issuer URLs and may not be empty. `audiences` are client ids, `resources` our own URLs for tokens
    that are bound to one (RFC 8707). `leeway` is in seconds. Raises ValueError for what cannot be meant.
    """

    issuers: Collection[str]
    token_use: str = "access"  # noqa: S105 - a kind of token
    audiences: Collection[str] = ()
    resources: Collection[str] = ()
    scopes: Collection[str] = ()
    groups: Collection[str] = ()
    leeway: float = LEEWAY

    def __post_init__(self) -> None:
        for name in ("issuers", "audiences", "resources", "scopes", "groups"):
            object.__setattr__(self, name, _names(name, getattr(self, name)))
        if not self.issuers:
            raise ValueError("issuers must name at least one issuer: a token of anybody's would pass")
        if self.token_use not in USES:
            raise ValueError(f"token_use must be one of {', '.join(USES)}")
        if not 0 <= self.leeway <= LARGEST_LEEWAY:
            raise ValueError(f"leeway must be from 0 to {LARGEST_LEEWAY} seconds")


def credential(event: Mapping[str, Any], source: str = "") -> str:
    """The one credential of an authorizer's event, as the caller sent it; Unauthorized when there is none or several.

    `source` is "header.NAME" or "query.NAME". Empty: the token of a TOKEN event, the first identity source of payload
    2.0, else the Authorization header. Where the gateway names its identity source, that is read and nothing beside it:
    answers are cached under it, and the answer to another header would be served to whoever repeats the source.
    """
    found = _candidates(event, source)
    if not found:
        raise Unauthorized("no token")
    if len(found) > 1 or not isinstance(found[0], str):
        raise Unauthorized("not one token")
    return found[0]


def token_of(text: str) -> str:
    """The token of a credential, bare or after `Bearer` in any case; Unauthorized for anything else.

    Length comes first: a text of megabytes is refused before a pattern, a decoder or a parser sees it.
    """
    if len(text) > LONGEST:
        raise Unauthorized("too long")
    found = _CREDENTIAL.fullmatch(text.strip(" \t"))
    if found is None:
        raise Unauthorized("not one token")
    return found[1]


def origin(token: str) -> tuple[str, str]:
    """Issuer and key id that a token claims for itself, only to find its keys; Unauthorized when it is malformed."""
    try:
        head, said = jwt.header(token), jwt.unverified_claims(token)
    except jwt.BadToken as cause:
        raise Unauthorized(str(cause)) from None
    issuer = said.get("iss")
    return (issuer if isinstance(issuer, str) else ""), head["kid"]


def verified(token: str, keys: jwt.KeySet) -> dict[str, Any]:
    """What a token says that one of the keys has signed; Unauthorized otherwise."""
    try:
        return jwt.verified(token, keys)
    except jwt.BadToken as cause:
        raise Unauthorized(str(cause)) from None


def check(claims: Mapping[str, Any], required: Requirement, now: float) -> None:
    """Refuse verified claims that do not meet a requirement at a moment; raises Unauthorized or Forbidden.

    Who the token is from and for is asked before what it permits, so that a stranger's token never learns the latter.
    """
    for problem in (
        _identity_problem(claims, required),
        _time_problem(claims, required, now),
        _audience(claims, required),
    ):
        if problem:
            raise Unauthorized(problem)
    if required.scopes and not any(scope in required.scopes for scope in scopes(claims)):
        raise Forbidden("lacks a required scope")
    if required.groups and not any(group in required.groups for group in groups(claims)):
        raise Forbidden("lacks a required group")


def scopes(claims: Mapping[str, Any]) -> list[str]:
    """The scopes of a token, whole words: `read` is not in `read-all`."""
    text = claims.get("scope")
    return text.split(" ") if isinstance(text, str) else []


def groups(claims: Mapping[str, Any]) -> list[str]:
    """The groups of a token; what is no list of names counts as none, so that a text cannot match by its letters."""
    listed = claims.get("cognito:groups")
    return _texts(listed) if isinstance(listed, list) else []


def _candidates(event: Mapping[str, Any], source: str) -> list[Any]:
    if event.get("type") == "TOKEN":
        return [event["authorizationToken"]] if event.get("authorizationToken") else []
    if not source and event.get("version") == "2.0" and event.get("identitySource"):
        return list(event["identitySource"][:1])
    place, _, name = (source or "header.Authorization").partition(".")
    if place == "header":
        wanted = name.lower()
        return [value for field, value in _fields(event, "Headers") if field.lower() == wanted]
    return [value for field, value in _fields(event, "QueryStringParameters") if field == name]


def _fields(event: Mapping[str, Any], kind: str) -> list[tuple[str, Any]]:
    # Repeated fields show only in the multi-value form; the plain one keeps the last.
    several = event.get(f"multiValue{kind}")
    if several:
        return [(name, value) for name, values in several.items() for value in values or ()]
    plain = event.get(kind[0].lower() + kind[1:]) or {}
    return list(plain.items())


def _identity_problem(claims: Mapping[str, Any], required: Requirement) -> str | None:
    if str(claims.get("iss")) not in required.issuers:
        return "of another issuer"
    use = claims.get("token_use")
    if use not in ("access", "id") or required.token_use not in ("any", use):
        return "for another use"
    subject = claims.get("sub")
    return None if isinstance(subject, str) and subject else "without a subject"


def _time_problem(claims: Mapping[str, Any], required: Requirement, now: float) -> str | None:
    times = [claims.get("exp"), claims.get("iat"), claims.get("nbf", now)]
    if not all(isinstance(time, int | float) and not isinstance(time, bool) for time in times):
        return "without its times"
    expires, *begins = times
    if expires <= now:
        return "expired"
    return "from the future" if max(begins) > now + required.leeway else None


def _audience(claims: Mapping[str, Any], required: Requirement) -> str | None:
    """An access token names its client apart and has an audience only when it is bound to a resource.

    A bound token is good at its resource alone: else an API that receives it could use it at its neighbours.
    """
    said = claims.get("aud")
    audience = set(_texts(said if isinstance(said, list) else [said]))
    if claims.get("token_use") == "access":
        if said is not None and audience.isdisjoint(required.resources):
            return "bound to another resource"
        audience = set(_texts([claims.get("client_id")]))
    return "of another client" if required.audiences and audience.isdisjoint(required.audiences) else None


def _texts(values: Iterable[object]) -> list[str]:
    return [value for value in values if isinstance(value, str)]


def _names(field: str, given: Collection[str]) -> frozenset[str]:
    # A lone text is a collection of its letters: scopes="read" would be met by a token with the scope "r".
    if isinstance(given, str) or not all(isinstance(name, str) and name for name in given):
        raise ValueError(f"{field} must be a collection of names")
    return frozenset(given)
