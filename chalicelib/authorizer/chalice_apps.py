"""The authorizer of other Chalice applications: keys over HTTPS, no table, no AWS, nothing to import but cryptography.

    may_read = chalice_authorizer(Requirement(issuers=[ISSUER], scopes=["orders/read"]))

    @app.authorizer(ttl_seconds=300)
    def readers(request):
        return may_read(request)

Another application vendors this module and the few that it imports, see docs/authorizer.md.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn, Protocol

from chalicelib.authorizer import decision
from chalicelib.outside import key_sets
from chalicelib.rules import bearer, gateway_answers
from chalicelib.rules.bearer import Requirement
from chalicelib.rules.gateway_answers import Answer, claims_of, groups_of, scopes_of

__all__ = ["Requirement", "chalice_authorizer", "claims_of", "groups_of", "scopes_of"]

_shared = key_sets.KeySets(key_sets.fetched)


class AuthRequest(Protocol):
    """What Chalice hands to an authorizer."""

    token: str
    method_arn: str


class Unauthorized(Exception):
    """What the gateway answers with 401; it compares the message, letter by letter."""


def chalice_authorizer(required: Requirement, keys: key_sets.KeySets | None = None) -> Callable[[AuthRequest], Answer]:
    """The function behind `@app.authorizer()`: an Allow policy with the claims as context, a Deny policy, or 401.

    All authorizers of a process share the key sets unless they are given their own.
    """

    def authorize(request: AuthRequest) -> Answer:
        try:
            claims = decision.claims(request.token, required, keys or _shared, time.time())
        except bearer.Unauthorized:
            _refuse()
        except bearer.Forbidden:
            return gateway_answers.policy(request.method_arn, "Deny", "anonymous", {})
        return gateway_answers.policy(request.method_arn, "Allow", claims["sub"], gateway_answers.context(claims))

    return authorize


def _refuse() -> NoReturn:
    """401. `chalice local` and Chalice's test client, which AWS does not have, take an exception of their own alone."""
    local: Any = sys.modules.get("chalice.local")
    if local is not None:
        headers = {"x-amzn-ErrorType": "UnauthorizedException", "Content-Type": "application/json"}
        raise local.NotAuthorizedError(headers, b'{"message":"Unauthorized"}') from None
    raise Unauthorized("Unauthorized") from None
