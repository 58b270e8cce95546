"""What is kept of a call: facts for the one log line of its request, what it counts for, and the audit line.

An audit line rides on the operation's own transaction where it makes one, so it costs no trip of its own there, and the
change and its line are written both or neither. Operators' calls leave a line in any case, refused ones too; what else
users and strangers try is only logged, for they could fill the table, and a trip more would tell them who exists.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import audit
from chalicelib.operations.registry import Operation as Function
from chalicelib.rules import outcomes
from chalicelib.table import riders, store
from chalicelib.table.writes import Save
from chalicelib.wire import caller
from chalicelib.wire.model import Operation

NAME = "audit line"


def recorded(operation: Operation, call: Call, function: Function) -> dict[str, Any]:
    """The result of an operation that its caller may perform, with what it amounts to noted and audited.

    Raises what the operation raises, and AccessDeniedException.
    """

    def performed() -> dict[str, Any]:
        caller.authorize(call.caller, operation, call.given)
        return function(call) or {}

    try:
        result = _audited(operation, call, performed) if _is_audited(operation, call) else performed()
    except Exception as failure:  # whatever it is counts as a refusal, our own faults too, and goes on to the door
        journal.note(**outcomes.counts(operation.name, call.given, None, code_of(operation, failure)))
        raise
    journal.note(**outcomes.counts(operation.name, call.given, result))
    return result


def code_of(operation: Operation, failure: Exception) -> str:
    """The code that a caller will be told. A conflict that nobody expected is contention."""
    if isinstance(failure, errors.AwsError):
        return failure.code
    return "TooManyRequestsException" if isinstance(failure, store.Conflict) else operation.internal_error


def _is_audited(operation: Operation, call: Call) -> bool:
    return outcomes.is_changing(operation.name, call.given)


def _audited(operation: Operation, call: Call, performed: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    with riders.riding(lambda: Save(audit.line(call, operation.name), NAME)) as rider:
        try:
            result = performed()
        except Exception as failure:  # what an operator tried is told however it ended; it goes on to the door
            if call.caller.operator and not rider.has_ridden:
                with suppress(errors.AwsError):  # the refusal is what the caller must learn, not that the table is busy
                    store.save(audit.line(call, operation.name, code_of(operation, failure)), NAME)
            raise
        if call.caller.operator and not rider.has_ridden:
            store.save(audit.line(call, operation.name), NAME)
        return result
