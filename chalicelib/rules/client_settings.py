"""The settings of an app client: how a new one begins, what an update makes of it, and which settings exclude others.

Owns the client's document in the wire's form, without ids and secrets. Leaves values left out to `defaults`, flows to
`auth_flows`, addresses to `redirects`, scopes to `scopes`, the life of tokens to `claims`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from chalicelib.errors import (
    InvalidOAuthFlowException,
    InvalidParameterException,
    NotAuthorizedException,
)
from chalicelib.rules import attributes, auth_flows, claims, defaults, limits, redirects, scopes

Settings = Mapping[str, Any]
Document = dict[str, Any]

_NOT_SETTINGS = frozenset({"UserPoolId", "ClientId", "GenerateSecret", "ClientSecret"})
_OUR_PROVIDER = "COGNITO"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_RANGES: Final = {  # seconds
    "AccessToken": (5 * _MINUTE, _DAY),
    "IdToken": (5 * _MINUTE, _DAY),
    "RefreshToken": (60 * _MINUTE, 3650 * _DAY),
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a client's settings depend on.

    Of its pool: attributes, further identity providers, scopes of resource servers; of itself: whether it has a secret.
    """

    pool_id: str
    attributes: list[Document]
    has_secret: bool = False
    providers: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()


def created(given: Settings, around: Surroundings, now: float) -> Document:
    """The document of a new client from CreateUserPoolClient's input; `now` is in seconds.

    Raises InvalidParameterException, InvalidOAuthFlowException and ScopeDoesNotExistException.
    """
    if given.get("GenerateSecret") and "ClientSecret" in given:
        raise InvalidParameterException("A ClientSecret cannot be given together with GenerateSecret.")
    document = _settings(given) | {"CreationDate": round(now, 3), "LastModifiedDate": round(now, 3)}
    _refuse_conflicts(document, around)
    return document


def updated(document: Settings, given: Settings, around: Surroundings, now: float) -> Document:
    """The document after UpdateUserPoolClient, which replaces everything but a name that is left out.

    A scope that the client has may stay though no resource server has it any more. Raises what `created` raises.
    """
    kept = {"ClientName": document["ClientName"], "CreationDate": document["CreationDate"]}
    changed = kept | _settings(given) | {"LastModifiedDate": round(now, 3)}
    _refuse_conflicts(changed, replace(around, scopes=around.scopes | set(document.get("AllowedOAuthScopes", []))))
    return changed


def _settings(given: Settings) -> Document:
    settings = defaults.client({name: value for name, value in given.items() if name not in _NOT_SETTINGS})
    if not settings.get("ExplicitAuthFlows", True):
        del settings["ExplicitAuthFlows"]  # an empty list says as little as none
    return settings


def _refuse_conflicts(document: Document, around: Surroundings) -> None:
    auth_flows.refuse_mixture(document)
    _refuse_lifetimes(document)
    _refuse_reading(document, around)
    _refuse_writing(document, around)
    _refuse_oauth(document, around)
    scopes.refuse_unknown(document.get("AllowedOAuthScopes", []), around.scopes, around.pool_id)
    _refuse_providers(document.get("SupportedIdentityProviders", []), around)
    _refuse_redirects(document)
    if document["EnablePropagateAdditionalUserContextData"] and not around.has_secret:
        raise InvalidParameterException("EnablePropagateAdditionalUserContextData needs a client with a secret.")
    limits.refuse_too_large(document)


def _refuse_lifetimes(document: Settings) -> None:
    lives = {token: claims.lifetime(document, token) for token in _RANGES}
    in_range = all(low <= lives[token] <= high for token, (low, high) in _RANGES.items())
    if not in_range or lives["RefreshToken"] <= max(lives["AccessToken"], lives["IdToken"]):
        raise InvalidParameterException("Invalid range for token validity.")


def _refuse_reading(document: Settings, around: Surroundings) -> None:
    known = {attribute["Name"] for attribute in around.attributes} | {"oidc:profile"}
    if not known.issuperset(document.get("ReadAttributes", [])):
        raise InvalidParameterException("Invalid read attributes specified while creating a client")


def _refuse_writing(document: Settings, around: Surroundings) -> None:
    """Refuse a list with what clients never write, or without what every sign-up has to write.

    A client that may write `email_verified` could claim anybody's address.
    """
    if "WriteAttributes" not in document:
        return
    listed = set(document["WriteAttributes"])
    writable = {
        attribute["Name"]
        for attribute in around.attributes
        if attribute["Name"] not in attributes.NEVER_BY_CLIENTS and not attribute["DeveloperOnlyAttribute"]
    }
    required = {attribute["Name"] for attribute in around.attributes if attribute["Required"]} & writable
    if not listed <= writable | {"oidc:profile"} or not _may_write(required, listed):
        raise InvalidParameterException("Invalid write attributes specified while creating a client")


def _may_write(wanted: set[str], listed: set[str]) -> bool:
    try:
        attributes.require_writable(wanted, listed)
    except NotAuthorizedException:
        return False
    return True


def _refuse_oauth(document: Settings, around: Surroundings) -> None:
    flows, scopes = document.get("AllowedOAuthFlows", []), document.get("AllowedOAuthScopes", [])
    if document["AllowedOAuthFlowsUserPoolClient"] and not (flows and scopes):
        raise InvalidOAuthFlowException("AllowedOAuthFlows and AllowedOAuthScopes are required to use OAuth.")
    if "client_credentials" in flows and set(flows) != {"client_credentials"}:
        raise InvalidOAuthFlowException("client_credentials cannot be combined with another OAuth flow.")
    if "client_credentials" in flows and not around.has_secret:
        raise InvalidOAuthFlowException("client_credentials needs a client with a secret.")


def _refuse_providers(providers: Iterable[str], around: Surroundings) -> None:
    for name in providers:
        if name not in around.providers | {_OUR_PROVIDER}:
            raise InvalidParameterException(f"The provider {name} does not exist for User Pool {around.pool_id}.")


def _refuse_redirects(document: Settings) -> None:
    callbacks = document.get("CallbackURLs", [])
    redirects.refuse_bad([*callbacks, *document.get("LogoutURLs", [])])
    if "DefaultRedirectURI" in document and document["DefaultRedirectURI"] not in callbacks:
        raise InvalidParameterException("DefaultRedirectURI must be one of the CallbackURLs.")
