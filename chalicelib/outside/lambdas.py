"""Calling a function that a pool names: AWS Lambda by ARN, or on a laptop a function of Python by name.

Owns time, tries and size of a call and the strict reading of the reply; what is asked and what it means is
`flows.functions`'. The name on a laptop is `python:package.module:function` (SDKs refuse less than 20 characters). It
is called in this process as Lambda calls a handler, with event and context, the event and the reply through JSON. The
module is found on Python's path: in PYTHONPATH, absolute because the application runs in its checkout, or in the
checkout; edited, it counts after a restart. In AWS such a name is never called: whoever may configure a pool would else
run any code that lies there.
"""

from __future__ import annotations

import importlib
import json
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from queue import Empty, Queue
from threading import Thread
from typing import Any

from chalicelib import settings
from chalicelib.outside import aws

LARGEST_REPLY = 6 * 1024 * 1024
"""Bytes; Lambda's own limit."""

LATEST_TRY = 11.0
"""Seconds after the first try in which another may begin."""

_TRIES = 3
_PYTHON = "python:"
_LONGEST_MESSAGE = 1000
_PAUSE = 0.1  # seconds before a call that was throttled is tried again, doubled each time
_THROTTLED = frozenset({"TooManyRequestsException", "ThrottlingException", "Throttling"})
_TIMED_OUT = "Socket timeout while invoking Lambda function"


class FunctionFailed(Exception):
    """The function ran and ended in an error; the message is its own word on it, never its stack."""


class NotInvoked(Exception):
    """The function could not be run, or did not answer in time; the message is an error of AWS by name, or a clause."""


class Unreadable(Exception):
    """The reply is no JSON, or too much of it."""


class _Passing(NotInvoked):
    """What another try may mend: too many calls at once, no answer in time."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a handler gets beside its event, as far as a laptop knows it."""

    function_name: str
    aws_request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    ends: float = field(default_factory=lambda: time.monotonic() + aws.TIMEOUT)

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until nobody waits for the function any more."""
        return max(0, int(1000 * (self.ends - time.monotonic())))


def invoke(arn: str, event: Mapping[str, Any], patience: float = LATEST_TRY) -> object:
    """What a function returns for an event. Tried again only when it was throttled or did not answer in time.

    `patience`: seconds from now in which another try may begin. Raises FunctionFailed, NotInvoked and Unreadable.
    """
    payload = json.dumps(event).encode()
    call = _call_python if arn.startswith(_PYTHON) else _call_lambda
    return _parsed(_insisted(lambda: call(arn, payload), time.monotonic() + patience))


def _insisted(call: Callable[[], bytes], latest: float) -> bytes:
    for number in range(1, _TRIES):
        try:
            return call()
        except _Passing as passing:
            pause = 0 if str(passing) == _TIMED_OUT else _PAUSE * 2 ** (number - 1)
            if time.monotonic() + pause > latest:
                raise
        time.sleep(pause)
    return call()


def _parsed(content: bytes) -> object:
    """The reply, without what no answer of ours could carry on: NaN, infinity, half a surrogate pair."""
    if len(content) > LARGEST_REPLY:
        raise Unreadable
    try:
        value: object = json.loads(content.decode())
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, RecursionError):
        raise Unreadable from None
    return value


# --- in AWS ---------------------------------------------------------------------------------------------------------


def _call_lambda(arn: str, payload: bytes) -> bytes:
    from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, ReadTimeoutError

    try:
        region = [*arn.split(":"), "", "", ""][3]
        client = aws.client("lambda", region or settings.current().region)
        answer = client.invoke(FunctionName=arn, InvocationType="RequestResponse", Payload=payload)
        content: bytes = answer["Payload"].read(LARGEST_REPLY + 1)
    except ClientError as error:
        code = error.response["Error"]["Code"]
        raise (_Passing if code in _THROTTLED else NotInvoked)(code) from None
    except (ConnectTimeoutError, ReadTimeoutError):
        raise _Passing(_TIMED_OUT) from None
    except BotoCoreError as error:
        raise NotInvoked(type(error).__name__) from None
    if "FunctionError" in answer:
        raise FunctionFailed(_message(content))
    return content


def _message(content: bytes) -> str:
    """What a function says of its error, without type and stack."""
    try:
        told = _parsed(content)
    except Unreadable:
        return ""
    return str(told.get("errorMessage") or "")[:_LONGEST_MESSAGE] if isinstance(told, dict) else ""


# --- on a laptop ----------------------------------------------------------------------------------------------------


def _call_python(name: str, payload: bytes) -> bytes:
    """A function that does not end in time runs on, as it does in Lambda, but nobody waits for it."""
    if not settings.current().is_local:
        raise NotInvoked("functions of Python are called on a laptop alone")
    outcomes: Queue[bytes | Exception] = Queue()
    Thread(target=lambda: outcomes.put(_outcome(name, payload)), daemon=True).start()
    try:
        outcome = outcomes.get(timeout=aws.TIMEOUT)
    except Empty:
        raise _Passing(_TIMED_OUT) from None
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _outcome(name: str, payload: bytes) -> bytes | Exception:
    _, module, function = name.split(":")
    try:
        handler = getattr(importlib.import_module(module), function)
    except BaseException as error:  # noqa: BLE001 a module may do anything while it is imported
        return NotInvoked(f"{type(error).__name__} importing {function} of {module}")
    try:
        return json.dumps(handler(json.loads(payload), Context(name))).encode()
    except BaseException as error:  # noqa: BLE001 whatever ends a function, Lambda tells as its error
        return FunctionFailed(str(error)[:_LONGEST_MESSAGE])
