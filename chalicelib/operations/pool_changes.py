"""Changing a living pool: what Cognito fixes when a pool is made. Modelled in `sdk/latchkey`, like `ours`."""

from __future__ import annotations

from typing import Any

from chalicelib.call import Call, fresh_pool_of
from chalicelib.flows import pool_changes
from chalicelib.operations.ours import SERVICE
from chalicelib.operations.registry import operation
from chalicelib.rules import filters
from chalicelib.table.directory import PoolChange

Answer = dict[str, Any]


@operation(service=SERVICE)
def start_user_pool_change(call: Call) -> Answer:
    """Begin a change; a job looks for clashes, and applies it when there are none.

    Raises ResourceNotFoundException, InvalidParameterException, ConcurrentModificationException (another change is
    open) and PreconditionNotMetException (users are being imported).
    """
    return {"Change": pool_changes.start(call.given, call.now)}


@operation(service=SERVICE)
def describe_user_pool_change(call: Call) -> Answer:
    """How a change stands. Raises ResourceNotFoundException."""
    return {"Change": pool_changes.described(call["UserPoolId"], call["ChangeId"])}


@operation(service=SERVICE)
def list_user_pool_changes(call: Call) -> Answer:
    """The changes of a pool, newest first, and what can be searched now. Raises ResourceNotFoundException."""
    pool = fresh_pool_of(call["UserPoolId"])
    page = pool_changes.page(pool.id, call.get("MaxResults"), call.get("NextToken"))
    changes = [pool_changes.in_short(item) for item in page.items if isinstance(item, PoolChange)]
    answer: Answer = {"Changes": changes, "SearchableAttributes": filters.added(pool.ours, "searchable")}
    return answer | ({"NextToken": page.cursor} if page.cursor else {})


@operation(service=SERVICE)
def stop_user_pool_change(call: Call) -> Answer:
    """Give up a change that is not applied yet. Raises ResourceNotFoundException and PreconditionNotMetException."""
    return {"Change": pool_changes.stop(call["UserPoolId"], call["ChangeId"], call.now)}
