"""What an authorizer tells API Gateway, and how the backend reads it again.

Owns the policy documents, the context in which claims travel and the way back (`claims_of`), which reads what Cognito's
and JWT authorizers hand on just as well. A context holds flat texts, as Cognito's claims reach a backend: lists joined
by commas, times and flags as text. Leaves the decision to `bearer`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

LARGEST: Final = 8 * 1024
"""Bytes of an answer as JSON that the gateway takes."""

_RESERVED = {"claims", "jwt", "lambda", "iam", "principalId", "integrationLatency", "usageIdentifierKey"}
_ARN = re.compile(
    r"(arn:aws[a-z-]*:execute-api:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9]+/(?:[A-Za-z0-9_-]+|\$default))/.*", re.DOTALL
)

Answer = dict[str, Any]


def policy(arn: str, effect: str, principal: str, context: Mapping[str, str]) -> Answer:
    """An IAM policy for all of the API's stage; `effect` is "Allow" or "Deny", `arn` that of the method or the route.

    The gateway keeps the policy for the token and holds it against other routes too: one for this route alone would
    turn away the next call. ValueError for an ARN that is none.
    """
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": _routes(arn)}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    return _bounded({"principalId": principal, "policyDocument": document, "context": dict(context)})


def simple(context: Mapping[str, str] | None) -> Answer:
    """The simple response of payload 2.0: allowed with a context, or not at all."""
    return {"isAuthorized": False} if context is None else _bounded({"isAuthorized": True, "context": dict(context)})


def context(claims: Mapping[str, Any]) -> dict[str, str]:
    """Claims as flat texts under their own names.

    Names that the gateway itself uses beside them are left out: a claim called `claims` or `jwt` would otherwise be
    taken, on the way back, for the gateway's own word.
    """
    return {name: _text(value) for name, value in claims.items() if name not in _RESERVED and value is not None}


def claims_of(event: Mapping[str, Any]) -> dict[str, str]:
    """The claims that reached a backend, as texts by name; empty without an authorizer.

    `event` is the proxy event of a REST or HTTP API behind this authorizer, Cognito's or the gateway's own for JWTs.
    """
    return _handed_on(event)[1]


def groups_of(event: Mapping[str, Any]) -> list[str]:
    """The groups that reached a backend; behind this authorizer exactly as the token had them.

    Each authorizer writes lists its own way and is read that way alone: a group may be called `["admins"]`, and where
    that is a plain name it must not be read as a list.
    """
    writer, claims = _handed_on(event)
    text = claims.get("cognito:groups", "")
    if writer == "jwt":
        return text.removeprefix("[").removesuffix("]").split()
    if writer == "ours" and text.startswith("["):
        return [str(name) for name in json.loads(text)]
    return text.split(",") if text else []


def scopes_of(event: Mapping[str, Any]) -> list[str]:
    """The scopes that reached a backend."""
    return claims_of(event).get("scope", "").split()


def _handed_on(event: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """Who wrote the context of an event ("cognito", "jwt" or "ours"), and its claims."""
    found = (event.get("requestContext") or {}).get("authorizer") or {}
    if isinstance(found.get("claims"), Mapping):
        writer, claims = "cognito", found["claims"]
    elif isinstance(found.get("jwt"), Mapping):
        writer, claims = "jwt", found["jwt"].get("claims") or {}
    else:
        writer, claims = "ours", found.get("lambda") or found
    return writer, {name: text for name, text in claims.items() if name not in _RESERVED and isinstance(text, str)}


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return _joined(value)
    return json.dumps(value, separators=(",", ":"))


def _joined(names: list[str]) -> str:
    """Names joined by commas, as Cognito does it; as JSON where that would make other names of them.

    The attack: a group called `guests,admins` would read as two. Its comma is written as an escape, so that even a
    backend that splits the text at its commas finds no group of that name.
    """
    if all(name and "," not in name and not name.startswith("[") for name in names):
        return ",".join(names)
    return "[" + ",".join(json.dumps(name).replace(",", "\\u002c") for name in names) + "]"


def _routes(arn: str) -> list[str]:
    found = _ARN.fullmatch(arn)
    if found is None:
        raise ValueError("the event has no ARN of an API's method or route")
    stage, route = found[1], arn[len(found[1]) + 1 :]
    return [f"{stage}/*/*" if "/" in route else f"{stage}/*"]  # a WebSocket's route has no method before it


def _bounded(answer: Answer) -> Answer:
    if len(json.dumps(answer, ensure_ascii=False).encode("utf-8", "surrogatepass")) > LARGEST:
        raise ValueError("the claims of this token are larger than a gateway takes from an authorizer")
    return answer
