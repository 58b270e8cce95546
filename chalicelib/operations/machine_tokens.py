"""Tokens for machines: GetClientToken, the client credentials grant without a domain."""

from __future__ import annotations

from typing import Any

from chalicelib import errors
from chalicelib.call import Call
from chalicelib.flows import machine_tokens
from chalicelib.operations.registry import operation
from chalicelib.rules import auth_flows


@operation
def get_client_token(call: Call) -> dict[str, Any]:
    """An access token for a client itself, for some or all of its scopes of resource servers.

    What the client is set up for is told only to who has its secret. Raises ResourceNotFoundException,
    NotAuthorizedException and InvalidParameterException.
    """
    machine_tokens.require_secret(call.client, call["Secret"])
    if auth_flows.MACHINE not in auth_flows.allowed(call.client.document):
        raise errors.InvalidParameterException(f"{auth_flows.MACHINE} is not enabled for the client.")
    return {"ClientAuthenticationResult": machine_tokens.issued(call, call.get("Scopes") or [])}
