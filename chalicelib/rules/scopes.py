"""OAuth scopes: the standard ones, those of resource servers, and which of a client's scopes are active.

A custom scope is written `<identifier>/<name>`. A client keeps a scope whose resource server no longer has it: it is
inactive, left out of tokens, and active again when the server has it again. Follows RFC 6749 section 3.3.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

from chalicelib.errors import InvalidParameterException, ScopeDoesNotExistException
from chalicelib.rules import claims, limits

Settings = Mapping[str, Any]
Document = dict[str, Any]

STANDARD: Final = frozenset({"openid", "email", "phone", "profile", claims.API_SCOPE})
_SYSTEM: Final = "aws.cognito"


def server(given: Settings) -> Document:
    """The document of a resource server from the input that creates or replaces it; scopes left out are none.

    Raises InvalidParameterException.
    """
    identifier, scopes = given["Identifier"], given.get("Scopes", [])
    names = [scope["ScopeName"] for scope in scopes]
    if len(set(names)) < len(names):
        raise InvalidParameterException(f"The scopes of {identifier} must differ in their names.")
    # Attack: a server of that name would define the scopes by which clients are let into the service itself.
    if identifier == _SYSTEM or identifier.startswith(f"{_SYSTEM}/"):
        raise InvalidParameterException(f"Identifiers that begin with {_SYSTEM} belong to the service itself.")
    document = {member: given[member] for member in ("UserPoolId", "Identifier", "Name")} | {"Scopes": scopes}
    limits.refuse_too_large(document)
    return document


def identifiers(scopes: Iterable[str]) -> list[str]:
    """The resource servers that custom scopes name, each once; a name of a scope holds no slash, an identifier may."""
    named = (scope.rpartition("/")[0] for scope in scopes if scope not in STANDARD)
    return [identifier for identifier in dict.fromkeys(named) if identifier]


def defined(servers: Iterable[Settings]) -> frozenset[str]:
    """All scopes that these resource servers have, in full."""
    return frozenset(
        f"{server['Identifier']}/{scope['ScopeName']}" for server in servers for scope in server.get("Scopes", [])
    )


def active(scopes: Iterable[str], servers: Iterable[Settings]) -> list[str]:
    """Those of a client's scopes that tokens may carry now, in their order: standard ones, and what a server has."""
    known = STANDARD | defined(servers)
    return [scope for scope in scopes if scope in known]


def refuse_unknown(scopes: Iterable[str], known: Collection[str], pool_id: str) -> None:
    """Raise ScopeDoesNotExistException for the first scope that is neither standard nor among the known."""
    for scope in scopes:
        if scope not in STANDARD and scope not in known:
            raise ScopeDoesNotExistException(f"The scope {scope} does not exist in user pool {pool_id}.")
