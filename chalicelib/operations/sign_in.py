"""Signing in: the first call of each flow and the answers to challenges, for clients and for administrators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib import errors
from chalicelib.call import Call
from chalicelib.flows import client_secrets, sign_in, tokens
from chalicelib.operations.registry import operation
from chalicelib.rules import auth_flows
from chalicelib.table.items import User

_LONGEST_NAME = 2048

Step = Callable[[Call, Mapping[str, str]], dict[str, Any]]


def _refresh(call: Call, parameters: Mapping[str, str]) -> dict[str, Any]:
    text = sign_in.required(parameters, "REFRESH_TOKEN")
    given = parameters.get("SECRET_HASH")
    if given is None:
        client_secrets.require_hash(call.client, None)

    def prove(user: User) -> None:
        """There is no USERNAME here, so what was hashed is the name of the token's owner."""
        client_secrets.require_hash(call.client, given, user.username, user.sub)

    return {"ChallengeParameters": {}, "AuthenticationResult": tokens.renewed(call, text, prove)}


_BOTH: dict[str, tuple[str, Step, str]] = {
    "USER_SRP_AUTH": (auth_flows.SRP, sign_in.by_srp, "USER_SRP_AUTH is not enabled for the client."),
    "REFRESH_TOKEN": (auth_flows.REFRESH, _refresh, "Auth flow not enabled for this client"),
    "REFRESH_TOKEN_AUTH": (auth_flows.REFRESH, _refresh, "Auth flow not enabled for this client"),
}
_PASSWORD = ("ALLOW_USER_PASSWORD_AUTH", sign_in.by_password, "USER_PASSWORD_AUTH flow not enabled for this client")
_ADMIN = ("ALLOW_ADMIN_USER_PASSWORD_AUTH", sign_in.by_password, "Auth flow not enabled for this client")

CLIENT_FLOWS = _BOTH | {"USER_PASSWORD_AUTH": _PASSWORD}
ADMIN_FLOWS = _BOTH | {"ADMIN_USER_PASSWORD_AUTH": _ADMIN, "ADMIN_NO_SRP_AUTH": _ADMIN}
"""AuthFlow -> what the client must allow, the first step, and the service's sentence where it does not."""

NOT_BUILT = {"CUSTOM_AUTH": auth_flows.CUSTOM, "USER_AUTH": auth_flows.CHOICE}

ANSWERS: dict[str, Step] = {
    "PASSWORD_VERIFIER": sign_in.answer_verifier,
    sign_in.TEMPORARY: sign_in.answer_new_password,
}


@operation
def initiate_auth(call: Call) -> dict[str, Any]:
    """Begin to sign in, or refresh: tokens, or a challenge to answer."""
    return _started(call, CLIENT_FLOWS)


@operation
def admin_initiate_auth(call: Call) -> dict[str, Any]:
    """Begin to sign a user in from a server of one's own."""
    return _started(call, ADMIN_FLOWS)


@operation
def respond_to_auth_challenge(call: Call) -> dict[str, Any]:
    """Answer a challenge: tokens, or the next challenge."""
    return _answered(call)


@operation
def admin_respond_to_auth_challenge(call: Call) -> dict[str, Any]:
    """Answer a challenge from a server of one's own."""
    return _answered(call)


def _started(call: Call, flows: Mapping[str, tuple[str, Step, str]]) -> dict[str, Any]:
    name = call["AuthFlow"]
    allowed = auth_flows.allowed(call.client.document)
    if name in NOT_BUILT:
        if NOT_BUILT[name] not in allowed:
            raise errors.InvalidParameterException(f"{name} is not enabled for the client.")
        raise errors.NotImplementedException(f"The authentication flow {name} is not built yet.")
    if name not in flows:
        raise errors.InvalidParameterException("Initiate Auth method not supported")
    needed, step, refusal = flows[name]
    if needed not in allowed:
        raise errors.InvalidParameterException(refusal)
    return step(call, _bounded(call.get("AuthParameters", {})))


def _answered(call: Call) -> dict[str, Any]:
    step = ANSWERS.get(call["ChallengeName"])
    if step is None:
        raise errors.NotImplementedException(f"The challenge {call['ChallengeName']} is not built yet.")
    return step(call, _bounded(call.get("ChallengeResponses", {})))


def _bounded(parameters: Mapping[str, str]) -> Mapping[str, str]:
    """The model bounds Username everywhere but here. Attack: folding, hashing and echoing a name of megabytes."""
    if len(parameters.get("USERNAME", "")) > _LONGEST_NAME:
        raise errors.InvalidParameterException(f"USERNAME must have length less than or equal to {_LONGEST_NAME}")
    return parameters
