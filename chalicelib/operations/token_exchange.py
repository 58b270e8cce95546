"""Exchanging tokens: GetDerivedToken. Tokens of this very pool; those of SAML and OIDC providers are not built yet."""

from __future__ import annotations

from typing import Any

from chalicelib import errors
from chalicelib.call import Call
from chalicelib.flows import token_exchange
from chalicelib.flows.token_exchange import Demand
from chalicelib.operations.registry import operation


@operation
def get_derived_token(call: Call) -> dict[str, Any]:
    """A token for a further service, from one that the caller holds; with an actor's token it tells who acts.

    Raises what `flows.token_exchange` raises.
    """
    is_delegation = "ActorToken" in call
    token_exchange.begun(call, call.get("ClientSecret"), is_delegation=is_delegation)
    _refuse_mixture(call)
    for role in ("Subject", "Actor"):
        _refuse_foreign(call, role)
    who = token_exchange.subject(call, call["SubjectToken"], call["SubjectTokenType"])
    acting = token_exchange.actor(call, call["ActorToken"], call["ActorTokenType"]) if is_delegation else None
    return token_exchange.issued(call, who, acting, _demand(call))


def _demand(call: Call) -> Demand:
    """What is asked for. Raises ResourceNotFoundException for a resource server that is not there."""
    resources = call.get("Resources") or []
    for identifier in resources:
        token_exchange.require_resource(call, identifier)
    [audience] = [*(call.get("Audiences") or []), *resources] or [""]
    kind = call.get("RequestedTokenType", token_exchange.ACCESS)
    return Demand(kind, call.get("Scopes") or [], audience)


def _refuse_mixture(call: Call) -> None:
    if call.get("Audiences") and call.get("Resources"):
        raise errors.InvalidParameterException("Audiences and Resources cannot be requested together.")
    if ("ActorToken" in call) != ("ActorTokenType" in call):
        raise errors.InvalidParameterException("ActorToken and ActorTokenType must be given together.")


def _refuse_foreign(call: Call, role: str) -> None:
    if call.get(f"{role}TokenType") == "SAML2" or f"{role}TokenProviderName" in call:
        raise errors.NotImplementedException("Tokens of identity providers cannot be exchanged yet.")
