"""Signing in: the first call of each flow and the answers to challenges, for clients and for administrators."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chalicelib import errors
from chalicelib.call import Call
from chalicelib.flows import client_secrets, first_factors, openings, sign_in, tokens
from chalicelib.operations.registry import operation
from chalicelib.rules import auth_flows
from chalicelib.table.items import User

_LONGEST_NAME = 2048

Step = Callable[[Call, Mapping[str, str]], dict[str, Any]]


def _refresh(call: Call, parameters: Mapping[str, str]) -> dict[str, Any]:
    text = openings.required(parameters, "REFRESH_TOKEN")
    given = parameters.get("SECRET_HASH")
    if given is None:
        client_secrets.require_hash(call.client, None)

    def prove(user: User) -> None:
        """There is no USERNAME here, so what was hashed is the name of the token's owner."""
        client_secrets.require_hash(call.client, given, user.username, user.sub)

    renewed = tokens.renewed(call, text, prove, openings.device_key(parameters))
    return {"ChallengeParameters": {}, "AuthenticationResult": renewed}


_NOT_ENABLED = "{} is not enabled for the client."

_BOTH: dict[str, tuple[str, Step, str]] = {
    "CUSTOM_AUTH": (auth_flows.CUSTOM, sign_in.by_custom, _NOT_ENABLED.format("CUSTOM_AUTH")),
    "USER_AUTH": (auth_flows.CHOICE, first_factors.by_choice, _NOT_ENABLED.format("USER_AUTH")),
    "USER_SRP_AUTH": (auth_flows.SRP, sign_in.by_srp, _NOT_ENABLED.format("USER_SRP_AUTH")),
    "REFRESH_TOKEN": (auth_flows.REFRESH, _refresh, "Auth flow not enabled for this client"),
    "REFRESH_TOKEN_AUTH": (auth_flows.REFRESH, _refresh, "Auth flow not enabled for this client"),
}
_PASSWORD = ("ALLOW_USER_PASSWORD_AUTH", sign_in.by_password, "USER_PASSWORD_AUTH flow not enabled for this client")
_ADMIN = ("ALLOW_ADMIN_USER_PASSWORD_AUTH", sign_in.by_password, "Auth flow not enabled for this client")

CLIENT_FLOWS = _BOTH | {"USER_PASSWORD_AUTH": _PASSWORD}
ADMIN_FLOWS = _BOTH | {"ADMIN_USER_PASSWORD_AUTH": _ADMIN, "ADMIN_NO_SRP_AUTH": _ADMIN}
"""AuthFlow -> what the client must allow, the first step, and the service's sentence where it does not."""

ANSWERS: dict[str, Step] = {
    "PASSWORD_VERIFIER": sign_in.answer_verifier,
    "NEW_PASSWORD_REQUIRED": sign_in.answer_new_password,
    "SMS_MFA": sign_in.answer_second_factor,
    "SOFTWARE_TOKEN_MFA": sign_in.answer_second_factor,
    "EMAIL_OTP": sign_in.answer_email_code,
    "SELECT_MFA_TYPE": sign_in.answer_method,
    "MFA_SETUP": sign_in.answer_set_up,
    "CUSTOM_CHALLENGE": sign_in.answer_custom,
    "DEVICE_SRP_AUTH": sign_in.answer_device,
    "DEVICE_PASSWORD_VERIFIER": sign_in.answer_device_verifier,
    "SELECT_CHALLENGE": first_factors.answer_choice,
    "PASSWORD": first_factors.answer_choice,
    "PASSWORD_SRP": first_factors.answer_choice,
    "SMS_OTP": first_factors.answer_code,
    "WEB_AUTHN": first_factors.answer_passkey,
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
    if name not in flows:
        raise errors.InvalidParameterException("Initiate Auth method not supported")
    needed, step, refusal = flows[name]
    if needed not in allowed:
        raise errors.InvalidParameterException(refusal)
    return step(call, _bounded(call.get("AuthParameters", {})))


def _answered(call: Call) -> dict[str, Any]:
    step = ANSWERS.get(call["ChallengeName"])
    if step is None:
        raise errors.InvalidParameterException(f"{call['ChallengeName']} is no challenge that can be answered.")
    return step(call, _bounded(call.get("ChallengeResponses", {})))


def _bounded(parameters: Mapping[str, str]) -> Mapping[str, str]:
    """The model bounds Username everywhere but here. Attack: folding, hashing and echoing a name of megabytes."""
    if len(parameters.get("USERNAME", "")) > _LONGEST_NAME:
        raise errors.InvalidParameterException(f"USERNAME must have length less than or equal to {_LONGEST_NAME}")
    return parameters
