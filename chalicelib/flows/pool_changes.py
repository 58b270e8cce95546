"""Changes of a pool that Cognito does not know: begun, shown, listed, given up.

A pool has one open change at the most: its mark is an item that can be written once. Leaves what may be wanted to
`rules.pool_changes`, and what happens then to `pool_change_steps`, which a job takes one after the other.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, Final

from chalicelib import errors
from chalicelib.call import fresh_pool_of
from chalicelib.flows import imports, rounds
from chalicelib.flows import pool_change_steps as steps
from chalicelib.flows.pool_change_steps import Case
from chalicelib.rules import pool_changes
from chalicelib.table import keys, pools, store
from chalicelib.table.directory import OpenChange, PoolChange
from chalicelib.table.writes import Save

LARGEST: Final = 60

_IMPORTING: Final = "Users are being imported into this pool; wait for that, or stop it."
_LISTS: Final = ("Clashes", "Missing")

Answer = dict[str, Any]


def start(given: Mapping[str, Any], now: float) -> Answer:
    """Begin a change of the pool that `given` names; how it stands.

    Raises InvalidParameterException, ResourceNotFoundException, ConcurrentModificationException while another change is
    open, and PreconditionNotMetException while users are imported.
    """
    try:
        return rounds.retried(lambda: _begun(given, now), "pool")
    except store.Conflict as conflict:
        if imports.ACTIVE in conflict.names:
            # An import works with the names and types of the moment at which it began.
            raise errors.PreconditionNotMetException(_IMPORTING) from None
        raise errors.ConcurrentModificationException(
            "Another change of this user pool is not finished yet; ListUserPoolChanges shows it."
        ) from None


def described(pool_id: str, change_id: str) -> Answer:
    """A change as it stands. Raises ResourceNotFoundException."""
    return shown(_change(pool_id, change_id))


def stop(pool_id: str, change_id: str, now: float) -> Answer:
    """Give up a change; how it stands then.

    Raises ResourceNotFoundException, and PreconditionNotMetException when it is over or so far that it will be applied.
    """
    return rounds.retried(lambda: _stopped(pool_id, change_id, now))


def page(pool_id: str, limit: int | None, cursor: str | None) -> store.Page:
    """Changes of a pool, newest first. Raises InvalidParameterException for a cursor that is none of this list."""
    try:
        return store.listed(keys.listing("PoolChange", pool=pool_id), limit or LARGEST, cursor, newest_first=True)
    except store.BadCursor:
        raise errors.InvalidParameterException("Invalid pagination token") from None


def shown(change: PoolChange) -> Answer:
    """A change in full."""
    return {name: value for name, value in change.document.items() if value not in ("", None)}


def in_short(change: PoolChange) -> Answer:
    """A change as lists show it: without its lists of users."""
    return {name: value for name, value in shown(change).items() if name not in _LISTS}


def _begun(given: Mapping[str, Any], now: float) -> Answer:
    pool = fresh_pool_of(given["UserPoolId"])
    asked = pool_changes.wanted(pool.document, pool.ours, given)
    change_id = f"change-{uuid.uuid4()}"
    document = _document(change_id, given, asked, now)
    parts = {"pool": pool.id, "id": change_id, "created": keys.sortable(now)}
    progress = steps.beginning(pool, asked, now)
    document["Message"] = steps.WAITING if progress["step"] == "announced" else ""
    change = PoolChange.new(parts, id=change_id, pool_id=pool.id, document=document, progress=progress)
    mark = OpenChange.new(parts, pool_id=pool.id, change_id=change_id)
    store.together(Save(mark, "open"), Save(change, "change"), Save(pool, "pool"), imports.idle(pool.id))
    pools.forget_pool(pool.id)
    return shown(change)


def _document(change_id: str, given: Mapping[str, Any], asked: Answer, now: float) -> Answer:
    moment = round(now, 3)
    return {
        "ChangeId": change_id,
        "UserPoolId": given["UserPoolId"],
        **asked,
        "DryRun": given.get("DryRun", False),
        "Status": "CHECKING",
        "UsersChecked": 0,
        "UsersRewritten": 0,
        "ClashCount": 0,
        "Clashes": [],
        "MissingCount": 0,
        "Missing": [],
        "Message": "",
        "CreationDate": moment,
        "LastModifiedDate": moment,
    }


def _stopped(pool_id: str, change_id: str, now: float) -> Answer:
    change = _change(pool_id, change_id)
    if change.document["Status"] in steps.FINAL or change.progress["step"] not in steps.WITHDRAWABLE:
        raise errors.PreconditionNotMetException(f"The change is {change.document['Status']} and cannot be stopped.")
    steps.withdraw(Case(fresh_pool_of(pool_id), change, now), "STOPPED", "Nothing was changed.")
    return shown(change)


def _change(pool_id: str, change_id: str) -> PoolChange:
    fresh_pool_of(pool_id)
    found = store.get(PoolChange, pool=pool_id, id=change_id)
    if found is None:
        raise errors.ResourceNotFoundException(f"Change {change_id} does not exist.")
    return found
