"""What is kept of a call: facts for the one log line of its request, the success metric, and the audit line.

An audit line rides on the operation's own transaction where it makes one, so it costs no trip of its own there, and the
change and its line are written both or neither. Operators' calls leave a line in any case, refused ones too; what else
users and strangers do is only logged, for they could fill the table, and a trip more would tell them who exists.
"""

from __future__ import annotations

from typing import Any

from chalicelib import errors, journal
from chalicelib.call import Call
from chalicelib.flows import audit
from chalicelib.operations.registry import Operation as Function
from chalicelib.rules import outcomes
from chalicelib.table import riders, store
from chalicelib.table.writes import Save
from chalicelib.wire.model import Operation


def recorded(operation: Operation, call: Call, function: Function) -> dict[str, Any]:
    """The result of an operation, with what it amounts to noted and audited."""
    journal.note(pool=call.get("UserPoolId"), client=call.get("ClientId"))
    try:
        result = _audited(operation.name, call, function)
    except errors.AwsError:
        journal.note(**outcomes.successes(operation.name, call.given, None))
        raise
    journal.note(**outcomes.successes(operation.name, call.given, result))
    return result


def _audited(name: str, call: Call, function: Function) -> dict[str, Any]:
    if not outcomes.is_changing(name):
        return function(call) or {}
    with riders.riding(lambda: Save(audit.line(call, name), "audit line")) as rider:
        try:
            result = function(call) or {}
        except errors.AwsError as refusal:
            if call.caller.operator and not rider.has_ridden:
                store.save(audit.line(call, name, refusal.code), "audit line")
            raise
    if call.caller.operator and not rider.has_ridden:
        store.save(audit.line(call, name), "audit line")
    return result
