"""Who calls: the operator whose key signed a request, or nobody where the service asks for no signature.

The model says which operations want a signature. On the others an `Authorization` header of any kind is passed over,
as the service does: their proof is in the body. API Gateway's own IAM check cannot serve here, since SDKs sign for
Cognito.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib import errors
from chalicelib.call import Caller, arn
from chalicelib.edge.request import Request
from chalicelib.flows import operator_sessions, operators
from chalicelib.settings import current
from chalicelib.wire import sigv4
from chalicelib.wire.model import Operation


def identified(operation: Operation, request: Request, now: float) -> Caller:
    """The caller of an operation; raises the service's own refusal when a needed signature is missing or wrong."""
    if operation.is_unsigned:
        return Caller()
    signed = sigv4.SignedRequest(
        request.method, request.raw_path, request.raw_query, dict(request.headers), request.body
    )
    signature = sigv4.parsed(signed)
    if signature is None:
        raise errors.MissingAuthenticationTokenException
    region = None if current().is_local else current().region
    # A client may name the stage without a slash at the end, which the gateway then reports with one.
    paths = (request.path, request.raw_path.rstrip("/"))
    expected = sigv4.Expected(operation.service, _secret(signature, now), now, region, paths)
    if problem := sigv4.problem(signature, signed, expected):
        raise problem
    return Caller(signature.access_key)


def _secret(signature: sigv4.Signature, now: float) -> str:
    """The secret of the key that a signature names.

    Attack: a stolen temporary key without its session token, and a token that was invented or belongs to another key.
    A temporary key counts with its own token alone, a key of ours with none, for the token is part of what was signed.
    """
    if signature.security_token:
        return operator_sessions.secret_of(signature.access_key, signature.security_token, now)
    secret = operators.secret_of(signature.access_key)
    if secret is None:
        raise errors.UnrecognizedClientException
    return secret


def authorize(caller: Caller, operation: Operation, given: Mapping[str, Any]) -> None:
    """Raises AccessDeniedException unless the operator's policy allows the operation on the pool that it names."""
    if not caller.operator:
        return
    action = f"{operation.service}:{operation.name}"
    resource = arn(given["UserPoolId"]) if "UserPoolId" in given else str(given.get("ResourceArn", "*"))
    owner = operator_sessions if operator_sessions.is_temporary(caller.operator) else operators
    if not owner.is_allowed(caller.operator, action, resource):
        message = f"User: {caller.operator} is not authorized to perform: {action} on resource: {resource}"
        raise errors.AccessDeniedException(message)
