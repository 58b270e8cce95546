"""Functions that pools of tests name as their triggers, by `python:tests.functions:define` and the like.

Unless a pool has a script of its own, one question is asked, its answer is BLUE, and three wrong ones are the end.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]
Response = dict[str, Any]

ANSWER = "BLUE"
PUBLIC = {"question": "What is the colour of the sky?"}
METADATA = "SKY"
CUSTOM_LAMBDAS = {
    "DefineAuthChallenge": "python:tests.functions:define",
    "CreateAuthChallenge": "python:tests.functions:create",
    "VerifyAuthChallengeResponse": "python:tests.functions:verify",
}


def usual_define(event: Event) -> Response:
    """One custom challenge; behind SRP the password first, and a new one where it is a temporary one."""
    rounds = event["request"]["session"]
    if not rounds or not rounds[-1]["challengeResult"]:
        wrong = [one for one in rounds if not one["challengeResult"]]
        return {"failAuthentication": True} if len(wrong) > 2 else {"challengeName": "CUSTOM_CHALLENGE"}
    if rounds[-1]["challengeName"] == "SRP_A":
        return {"challengeName": "PASSWORD_VERIFIER"}
    status = event["request"]["userAttributes"].get("cognito:user_status")
    if rounds[-1]["challengeName"] == "PASSWORD_VERIFIER" and status == "FORCE_CHANGE_PASSWORD":
        return {"challengeName": "NEW_PASSWORD_REQUIRED"}
    if rounds[-1]["challengeName"] == "CUSTOM_CHALLENGE":
        return {"issueTokens": True}
    return {"challengeName": "CUSTOM_CHALLENGE"}


def usual_create(_event: Event) -> Response:
    """The question."""
    private = {"answer": ANSWER}
    return {"publicChallengeParameters": PUBLIC, "privateChallengeParameters": private, "challengeMetadata": METADATA}


def usual_verify(event: Event) -> Response:
    """Whether the answer is the one that was kept."""
    request = event["request"]
    return {"answerCorrect": request["challengeAnswer"] == request["privateChallengeParameters"]["answer"]}


@dataclass
class Script:
    """What the functions of one pool say, and the events that they got."""

    define: Callable[[Event], Response] = usual_define
    create: Callable[[Event], Response] = usual_create
    verify: Callable[[Event], Response] = usual_verify
    events: list[Event] = field(default_factory=list)

    def asked(self, trigger: str) -> list[Event]:
        """The events of one trigger, oldest first."""
        return [event for event in self.events if event["triggerSource"] == f"{trigger}_Authentication"]

    def last(self, trigger: str) -> Event:
        """What a trigger was asked last."""
        return self.asked(trigger)[-1]["request"]


_scripts: dict[str, Script] = {}


def script(pool_id: str) -> Script:
    """The script of a pool; to be changed by a test."""
    return _scripts.setdefault(pool_id, Script())


def define(event: Event, _context: Any) -> Event:
    """DefineAuthChallenge."""
    return _played(event, script(event["userPoolId"]).define)


def create(event: Event, _context: Any) -> Event:
    """CreateAuthChallenge."""
    return _played(event, script(event["userPoolId"]).create)


def verify(event: Event, _context: Any) -> Event:
    """VerifyAuthChallengeResponse."""
    return _played(event, script(event["userPoolId"]).verify)


def _played(event: Event, part: Callable[[Event], Response]) -> Event:
    script(event["userPoolId"]).events.append(copy.deepcopy(event))
    event["response"] |= part(event)
    return event
