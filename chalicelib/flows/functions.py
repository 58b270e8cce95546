"""Asking a function that a pool has configured: the event around a question, the call, and its failures as errors.

Owns the envelope and the three errors of functions. Leaves to each story which function it asks, when, and what the
answer is good for; to `outside.lambdas` how a function is reached; to `triggers` what cannot be asked yet.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import profiles, unknown_users
from chalicelib.outside import lambdas
from chalicelib.rules import function_events
from chalicelib.settings import current
from chalicelib.table.items import Pool
from chalicelib.table.users import Account

_VERSION = "1"


@dataclass(frozen=True, slots=True)
class Question:
    """What a function is asked: `trigger` as in LambdaConfig, `source` the triggerSource, `user` the userName.

    `request` is what the function reads, `response` the members that it may fill in, as they arrive.
    """

    trigger: str
    source: str
    user: str
    request: Mapping[str, Any] = field(repr=False)
    response: Mapping[str, Any]


def is_configured(pool: Pool, trigger: str) -> bool:
    """Whether the pool names a function for a trigger (named as in LambdaConfig)."""
    return bool(pool.document["LambdaConfig"].get(trigger))


def answer(call: Call, question: Question) -> Mapping[str, Any]:
    """The `response` of the pool's function; members that it left alone may be null or missing.

    Raises UserLambdaValidationException for an error that the function returned, UnexpectedLambdaException when it
    could not be run, InvalidLambdaResponseException when its reply is not one.
    """
    begun, outcome = time.monotonic(), "failed"
    try:
        found = function_events.response(_invoked(call, question))
        outcome = "answered"
        return found
    except errors.AwsError as refusal:
        outcome = refusal.code
        raise
    finally:
        _note(question, outcome, round(1000 * (time.monotonic() - begun)))


def user_attributes(call: Call, account: Account) -> dict[str, str]:
    """`userAttributes` of a user; nothing for one who is not there."""
    if unknown_users.is_nobody(account):
        return {}
    user = account.user
    return function_events.user_attributes(call.pool.document, profiles.values(user), user.status)


def _invoked(call: Call, question: Question) -> object:
    arn, name = call.pool.document["LambdaConfig"][question.trigger], question.trigger
    try:
        return lambdas.invoke(arn, _event(call, question), _patience(call))
    except lambdas.FunctionFailed as failed:
        raise errors.UserLambdaValidationException(f"{name} failed with error {failed}.") from None
    except lambdas.NotInvoked as reason:
        raise errors.UnexpectedLambdaException(f"{name} invocation failed due to error {reason}.") from None
    except lambdas.Unreadable:
        raise function_events.not_json() from None


def _event(call: Call, question: Question) -> dict[str, Any]:
    caller = {
        "awsSdkVersion": function_events.sdk_version(call.origin.agent),
        "clientId": call.client.id,
    }
    return {
        "version": _VERSION,
        "triggerSource": question.source,
        "region": current().region,
        "userPoolId": call.pool.id,
        "userName": question.user,
        "callerContext": caller,
        "request": dict(question.request),
        "response": dict(question.response),
    }


def _patience(call: Call) -> float:
    """Seconds in which a function may be tried again: together the tries of a request must fit into the gateway's 29.

    One request asks three functions at most, and the first try of each takes five seconds at most.
    """
    passed = max(0.0, time.time() - call.now)
    return max(0.0, lambdas.LATEST_TRY - passed)


def _note(question: Question, outcome: str, milliseconds: int) -> None:
    """Tell the log that the function was asked, never what: events hold attributes, answers and secrets of users."""
    line = {"trigger": question.source, "outcome": outcome, "ms": milliseconds}
    journal.note(functions=[*(journal.noted("functions") or []), line])
