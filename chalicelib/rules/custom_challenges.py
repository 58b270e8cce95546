"""Custom authentication decided: what DefineAuthChallenge and CreateAuthChallenge may say, and the rounds so far.

A round is what both are shown of a step that was taken: `challengeName`, `challengeResult`, `challengeMetadata`.
Leaves the asking and the sealing to `flows.custom_challenges`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chalicelib.errors import InvalidLambdaResponseException, NotAuthorizedException
from chalicelib.rules import function_events

Round = dict[str, Any]

CUSTOM = "CUSTOM_CHALLENGE"
PASSWORD = "PASSWORD_VERIFIER"  # noqa: S105 the name of a challenge
SRP = "SRP_A"
TOKENS = ""
"""The next step that is none: tokens."""

MOST_ROUNDS = 20
"""Steps of one sign-in. Attack: a function that never gives up, and a caller who guesses in one sign-in for ever."""

LONGEST_METADATA = 512
LARGEST_ROUNDS = 2000
"""Bytes of all rounds as JSON, so that they and what the pending challenge needs fit into a Session."""

LARGEST_PUBLIC = 1_000_000
"""Characters of public parameters: the answer must pass a gateway."""

_OURS = frozenset({"NEW_PASSWORD_REQUIRED", "SMS_MFA", "EMAIL_OTP", "SOFTWARE_TOKEN_MFA"})
"""Steps of the pool's own that a function may ask for."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """What CreateAuthChallenge made: what the caller sees, what the answer is judged by, and what the round keeps."""

    public: Mapping[str, str]
    private: Mapping[str, str] = field(repr=False)
    metadata: str | None


def next_step(response: Mapping[str, Any], rounds: Sequence[Round], *, is_nobody: bool) -> str:
    """The challenge that DefineAuthChallenge names; `TOKENS` when it lets the user in.

    For nobody that is a failure, and so is every step that only a user can take. Raises NotAuthorizedException and
    InvalidLambdaResponseException.
    """
    is_in = function_events.flag(response, "issueTokens")
    has_failed = function_events.flag(response, "failAuthentication")
    name = function_events.text(response, "challengeName")
    if has_failed or (is_in and is_nobody):
        raise failed()
    if is_in:
        return TOKENS
    return _allowed(name, rounds, is_nobody=is_nobody)


def _allowed(name: str | None, rounds: Sequence[Round], *, is_nobody: bool) -> str:
    if name == CUSTOM or (name == PASSWORD and rounds and rounds[-1]["challengeName"] == SRP):
        return name
    if name in _OURS:
        if is_nobody:
            raise failed()
        return str(name)
    raise InvalidLambdaResponseException


def challenge(response: Mapping[str, Any]) -> Challenge:
    """What CreateAuthChallenge answered. Raises InvalidLambdaResponseException."""
    public = function_events.texts(response, "publicChallengeParameters")
    private = function_events.texts(response, "privateChallengeParameters")
    metadata = function_events.text(response, "challengeMetadata")
    if metadata is not None and len(metadata) > LONGEST_METADATA:
        raise InvalidLambdaResponseException(f"challengeMetadata is longer than {LONGEST_METADATA} characters.")
    if sum(len(name) + len(value) for name, value in public.items()) > LARGEST_PUBLIC:
        raise InvalidLambdaResponseException(f"publicChallengeParameters are longer than {LARGEST_PUBLIC} characters.")
    return Challenge(public, private, metadata)


def appended(rounds: Sequence[Round], name: str, metadata: str | None, *, is_right: bool) -> list[Round]:
    """The rounds after one more. Raises InvalidLambdaResponseException when their metadata is too much to carry on."""
    told = metadata if name == CUSTOM else None
    longer = [*rounds, {"challengeName": name, "challengeResult": is_right, "challengeMetadata": told}]
    if len(json.dumps(longer, ensure_ascii=False).encode()) > LARGEST_ROUNDS:
        raise InvalidLambdaResponseException("challengeMetadata of all rounds is too long to be carried in a Session.")
    return longer


def require_another(rounds: Sequence[Round]) -> None:
    """Raises NotAuthorizedException when a sign-in has had all of its rounds."""
    if len(rounds) >= MOST_ROUNDS:
        raise failed()


def failed() -> NotAuthorizedException:
    """The refusal of a custom authentication that failed."""
    return NotAuthorizedException("Incorrect username or password.")
