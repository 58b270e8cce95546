"""What a pool publishes for verifiers of its tokens: OpenID Connect Discovery 1.0 and its JSON Web Key Set (RFC 7517).

The configuration names no endpoint that does not answer: the OAuth endpoints join it when they are built. Verifiers and
authorizers need `issuer` and `jwks_uri`; the rest is what the standard requires of every provider.
"""

from __future__ import annotations

import json
from typing import Any

from chalicelib import errors
from chalicelib.edge.request import Request, Response
from chalicelib.flows import signing_keys
from chalicelib.table import pools


def jwks(request: Request, pool: str) -> Response:
    """The public keys of a pool."""
    keys = signing_keys.jwks(pool)
    return _public(keys) if keys["keys"] else _unknown(pool)


def configuration(request: Request, pool: str) -> Response:
    """The OpenID Provider Configuration of a pool."""
    if pools.pool(pool) is None:
        return _unknown(pool)
    issuer = f"{request.base_url}/{pool}"
    return _public({
        "issuer": issuer,
        "jwks_uri": f"{issuer}/.well-known/jwks.json",
        "subject_types_supported": ["public"],
        "response_types_supported": ["code", "token"],
        "id_token_signing_alg_values_supported": [signing_keys.ALGORITHM],
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    })  # fmt: skip


def _public(content: dict[str, Any]) -> Response:
    return Response(200, {"Cache-Control": f"public, max-age={signing_keys.MAX_AGE}"}, json.dumps(content))


def _unknown(pool: str) -> Response:
    refusal = errors.ResourceNotFoundException(f"User pool {pool} does not exist.")
    return Response(404, {}, json.dumps({"__type": refusal.code, "message": refusal.message}))
