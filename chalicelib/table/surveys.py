"""Looking through much of the table at little cost, for the schedules alone; no request waits for these.

Counting and filtering are DynamoDB's, so what is looked through is neither sent nor built. Each call is one trip, over
one megabyte at most, and its cursor leads on. What comes out may be a moment old: who acts on it looks again.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from pynamodb.expressions.condition import Condition

from chalicelib.table import keys
from chalicelib.table.connection import ConditionFailed, send
from chalicelib.table.items import Item, User
from chalicelib.table.keys import Key
from chalicelib.table.writes import expired_removal

_TABLE: str = Item.Meta.table_name
_MOST_USERS = 200  # of a trip: dynoxide counts one too many where a megabyte ends it, and not where a limit does

Row = dict[str, Any]


class Tally(NamedTuple):
    """How many items there were, how many of them were meant, and where to go on."""

    seen: int
    found: int
    cursor: str | None


class Found(NamedTuple):
    """Keys of items, how many were looked through for them, and where to go on."""

    keys: list[Key]
    seen: int
    cursor: str | None


def active_users(pool_id: str, month: str, cursor: str | None) -> Tally:
    """Some of the users of a pool, counted: all of them, and those who were active in a month (2026-11)."""
    is_active = (User.active_month == month) | (User.active_before == month)
    return _tally(_listed(keys.listing("User", pool=pool_id), is_active, cursor) | {"Limit": _MOST_USERS})


def sessions(pool_id: str, day: str, cursor: str | None) -> Tally:
    """Some of the sign-ins of a pool on a day (2026-11-21), counted."""
    return _tally(_listed(keys.listing("Session", pool=pool_id, day=day), None, cursor))


def unconfirmed(pool_id: str, before: float, cursor: str | None) -> Found:
    """Some of the users who had signed up before a time and who were not confirmed."""
    request = _listed(keys.listing("User", pool=pool_id), User.status == "UNCONFIRMED", cursor)
    request["KeyConditionExpression"] += " AND gsi1sk < :until"
    request["ExpressionAttributeValues"][":until"] = {"S": keys.sortable(before)}
    return _found(send("Query", request))


def expired(before: float, cursor: str | None) -> Found:
    """Some of the items whose time was over before a moment. A scan: for tables of a laptop's size."""
    is_over = Item.expires <= before
    return _found(send("Scan", _filtered({"TableName": _TABLE}, is_over, cursor)))


def remove_expired(place: Key) -> bool:
    """Remove one item if its time is over now too; whether it was.

    The attack: the mark of something spent is removed just after it was written anew over an expired one.
    """
    try:
        send("DeleteItem", expired_removal(place))
    except ConditionFailed:
        return False
    return True


def _tally(request: Row) -> Tally:
    reply = send("Query", request | {"Select": "COUNT"})
    return Tally(int(reply["ScannedCount"]), int(reply["Count"]), _cursor(reply))


def _found(reply: Row) -> Found:
    places = [Key(row["pk"]["S"], row["sk"]["S"]) for row in reply["Items"]]
    return Found(places, int(reply["ScannedCount"]), _cursor(reply))


def _listed(listing: str, condition: Condition | None, cursor: str | None) -> Row:
    request: Row = {
        "TableName": _TABLE,
        "IndexName": "gsi1",
        "KeyConditionExpression": "gsi1pk = :listing",
        "ExpressionAttributeValues": {":listing": {"S": listing}},
    }
    return _filtered(request, condition, cursor)


def _filtered(request: Row, condition: Condition | None, cursor: str | None) -> Row:
    if condition is not None:
        names: dict[str, str] = {}
        values: dict[str, Any] = request.setdefault("ExpressionAttributeValues", {})
        request["FilterExpression"] = condition.serialize(names, values)
        request["ExpressionAttributeNames"] = {placeholder: name for name, placeholder in names.items()}
    if cursor is not None:
        request["ExclusiveStartKey"] = json.loads(cursor)
    return request


def _cursor(reply: Row) -> str | None:
    last = reply.get("LastEvaluatedKey")
    return json.dumps(last) if last else None
