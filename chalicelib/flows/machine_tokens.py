"""Tokens of clients that act for themselves: client credentials, by operation and at the token endpoint alike.

Owns who may have one and with which scopes. Leaves scopes to `rules.scopes` and the claims to `rules.claims`. Follows
RFC 6749, 4.4.
"""

from __future__ import annotations

from typing import Any, Final

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import client_secrets, minting, resource_servers, triggers
from chalicelib.rules import claims, scopes
from chalicelib.table.pools import ClientRecord

_REFUSAL: Final = "Invalid client or secret"


def require_secret(client: ClientRecord, given: str) -> None:
    """Check one of a client's secrets; one without any is nobody who could prove itself. Raises NotAuthorizedException.

    The attack: a public client, whose id everybody can read, is given the power of its scopes.
    """
    if not client.secrets:
        journal.note(reason="client secret")
        raise errors.NotAuthorizedException(_REFUSAL)
    try:
        client_secrets.require_secret(client, given)
    except errors.NotAuthorizedException:
        raise errors.NotAuthorizedException(_REFUSAL) from None


def issued(call: Call, wanted: list[str]) -> dict[str, Any]:
    """ClientAuthenticationResult of the call's client, which has proved itself; no scopes wanted: all that it has.

    One trip, and none for a client without custom scopes. Raises InvalidParameterException and NotImplementedException.
    """
    _require_no_trigger(call)
    client = call.client
    told = claims.SignIn(
        issuer=call.issuer(client.pool_id),
        client_id=client.id,
        sub=client.id,
        username="",
        session_id="",
        scope=" ".join(_granted(client, wanted)),
        auth_time=int(call.now),
        issued_at=int(call.now),
    )
    return {
        "AccessToken": minting.signed(client.pool_id, "access", claims.machine_claims(told, client.document)),
        "ExpiresIn": claims.lifetime(client.document, "AccessToken"),
        "TokenType": "Bearer",
    }


def _granted(client: ClientRecord, wanted: list[str]) -> list[str]:
    """The scopes of a token, all of which the client has and some resource server too.

    Standard scopes are about users and never in it. One that cannot be granted refuses all: a machine that gets less
    than it asked for would only find out where it is turned away.
    """
    own = [scope for scope in client.document.get("AllowedOAuthScopes", []) if scope not in scopes.STANDARD]
    active = scopes.active(own, resource_servers.named_in(client.pool_id, own))
    for scope in wanted:
        if scope not in active:
            raise errors.InvalidParameterException(f"The scope {scope} cannot be granted to this client.")
    if not active:
        raise errors.InvalidParameterException("The client has no scope of a resource server.")
    return list(dict.fromkeys(wanted)) or active


def _require_no_trigger(call: Call) -> None:
    """Only the newest version of the token trigger is asked about machines."""
    config = call.pool.document["LambdaConfig"].get("PreTokenGenerationConfig") or {}
    if config.get("LambdaVersion") not in (None, "V1_0", "V2_0"):
        triggers.require_unset(call.pool, "PreTokenGeneration")
