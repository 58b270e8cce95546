"""The verbs of the table: get, list, save, change, together; the rest of the house knows no other way to DynamoDB.

Owns consistency (base-table reads are strongly consistent) and expiry (what is over is not there, whatever DynamoDB
still keeps). Leaves the keys to `keys`, cursors to `pages`, the form of requests to
`writes`, doing them once to `commits`, tries and errors to `connection`.
"""

from __future__ import annotations

import builtins
import time
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, TypedDict, TypeVar, Unpack

from pynamodb.expressions.condition import Condition

from chalicelib.table import keys, pages, riders
from chalicelib.table.commits import Conflict, carried_out
from chalicelib.table.connection import Refused, pause, send
from chalicelib.table.items import Item
from chalicelib.table.keys import Key
from chalicelib.table.pages import BadCursor, Page
from chalicelib.table.rows import built, known
from chalicelib.table.trips import Trips, counted
from chalicelib.table.writes import Change, Check, Remove, Save, Write, key_of

__all__ = [
    "BadCursor", "Change", "Check", "Conflict", "Page", "Remove", "Save", "Trips", "Write",
    "change", "count", "counted", "get", "get_many", "list", "listed", "remove_all", "save", "together",
]  # fmt: skip

T = TypeVar("T", bound=Item)
Row = dict[str, Any]

_MOST_WRITES = 100
_MOST_READS = 100
_MOST_DELETES = 25
_MOST_PAGES = 20  # of expired rows that one page of a list skips before it answers with fewer items
_TABLE: str = Item.Meta.table_name


class Edits(TypedDict, total=False):
    """What `change` takes beside key and model; see `Change`."""

    set: Mapping[str, Any]
    add: Mapping[str, float | AbstractSet[str]]
    take: Mapping[str, AbstractSet[str]]
    unset: tuple[str, ...]
    condition: Condition | None
    upsert: bool
    name: str


def get(kind: type[T], /, **parts: str) -> T | None:
    """One item by the parts of its key, strongly consistent; None when it is not there or its time is over."""
    reply = send("GetItem", {"TableName": _TABLE, "Key": _raw(kind.at(**parts)), "ConsistentRead": True})
    item = built(reply["Item"]) if "Item" in reply else None
    if item is not None and not isinstance(item, kind):
        raise TypeError(f"The key of a {kind.entity} holds a {item.entity}.")
    return item if item is not None and not item.is_expired(time.time()) else None


def get_many(*wanted: Key) -> builtins.list[Item | None]:
    """Up to 100 items by key in one trip, strongly consistent, in the order asked for; None where there is none."""
    if len(set(wanted)) > _MOST_READS:
        raise ValueError(f"At most {_MOST_READS} items can be read at once.")
    rows = _batch_read([_raw(key) for key in dict.fromkeys(wanted)])
    items = {Key(row["pk"]["S"], row["sk"]["S"]): built(row) for row in rows}
    now = time.time()
    found = [items.get(key) for key in wanted]
    return [item if item is not None and not item.is_expired(now) else None for item in found]


def list(partition: str, prefix: str = "", limit: int | None = None, cursor: str | None = None) -> Page:
    """The items of a partition whose sort key begins with `prefix`, in its order, strongly consistent.

    All of them without a limit. Raises BadCursor for a cursor that is malformed or leads elsewhere.
    """
    request: Row = _query("pk = :p", partition) | {"ConsistentRead": True}
    if prefix:
        end = keys.behind(prefix)
        request["KeyConditionExpression"] += " AND sk BETWEEN :s AND :e" if end else " AND sk >= :s"
        request["ExpressionAttributeValues"] |= {":s": {"S": prefix}} | ({":e": {"S": end}} if end else {})
    if cursor is not None:
        request["ExclusiveStartKey"] = pages.start(cursor, partition, prefix, index=False)
    return _page(request, limit)


def listed(listing: str, limit: int | None = None, cursor: str | None = None, *, newest_first: bool = False) -> Page:
    """What stands under a name of the list index (`keys.listing`), oldest first; eventually consistent.

    Raises BadCursor for a cursor that is malformed or leads elsewhere.
    """
    request: Row = _query("gsi1pk = :p", listing) | {"IndexName": "gsi1", "ScanIndexForward": not newest_first}
    if cursor is not None:
        request["ExclusiveStartKey"] = pages.start(cursor, listing, index=True)
    return _page(request, limit)


def count(listing: str, limit: int) -> int:
    """How many items stand under a name of the list index, counted no further than `limit`; eventually consistent."""
    request: Row = _query("gsi1pk = :p", listing) | {"IndexName": "gsi1", "Select": "COUNT", "Limit": limit}
    total = 0
    while True:
        reply = send("Query", request)
        total += int(reply["Count"])
        if total >= limit or "LastEvaluatedKey" not in reply:
            return min(total, limit)
        request["ExclusiveStartKey"] = reply["LastEvaluatedKey"]


def save(item: Item, name: str = "item") -> None:
    """Write an item: a fresh one is created, one that was read replaces what is still the same; else Conflict."""
    _carry_out((Save(item, name),))


def change(key: Key, kind: type[T], **edits: Unpack[Edits]) -> T:
    """Change attributes of one item in one atomic step without reading it; the item as it is then.

    See `Change` for the edits. Raises Conflict when the item is missing (without `upsert`) or the condition fails.
    """
    item = built(carried_out((Change(key, kind, **edits),)))
    if not isinstance(item, kind):
        raise TypeError(f"The key of a {kind.entity} holds something else.")
    return item


def together(*writes: Write) -> None:
    """Carry out up to 100 writes, all or none; one write alone costs no transaction. No writes: nothing happens.

    A rider (`riders`) comes along where there is room. Raises Conflict with the names of the writes whose condition
    failed.
    """
    if len(writes) > _MOST_WRITES:
        raise ValueError(f"At most {_MOST_WRITES} writes can be made together.")
    rider = riders.waiting() if 0 < len(writes) < _MOST_WRITES else None
    _carry_out((*writes, rider.write()) if rider else writes)
    if rider:
        rider.has_ridden = True


def _carry_out(writes: tuple[Write, ...]) -> None:
    if writes:
        carried_out(writes)
    for write in writes:
        if isinstance(write, Save):
            write.item.version = (write.item.version or 0) + 1


def remove_all(targets: Iterable[Item | Key]) -> None:
    """Delete items in batches, in no order and not as one: for cleaning up what nobody reaches any more."""
    left = [{"DeleteRequest": {"Key": _raw(key)}} for key in dict.fromkeys(key_of(target) for target in targets)]
    start, tried = time.monotonic(), 0
    while left:
        reply = send("BatchWriteItem", {"RequestItems": {_TABLE: left[:_MOST_DELETES]}})
        refused = reply.get("UnprocessedItems", {}).get(_TABLE, [])
        left = refused + left[_MOST_DELETES:]
        if not refused:
            start, tried = time.monotonic(), 0
            continue
        tried += 1
        pause(tried, start)


def _raw(key: Key) -> Row:
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def _query(condition: str, partition: str) -> Row:
    return {
        "TableName": _TABLE,
        "KeyConditionExpression": condition,
        "ExpressionAttributeValues": {":p": {"S": partition}},
    }


def _batch_read(left: builtins.list[Row]) -> Iterator[Row]:
    start, tried = time.monotonic(), 0
    while left:
        reply = send("BatchGetItem", {"RequestItems": {_TABLE: {"Keys": left, "ConsistentRead": True}}})
        yield from reply["Responses"].get(_TABLE, [])
        left = reply.get("UnprocessedKeys", {}).get(_TABLE, {}).get("Keys", [])
        if left:
            tried += 1
            pause(tried, start)


def _page(request: Row, limit: int | None) -> Page:
    """Read one row more than asked for, so that the last page is known to be the last."""
    rows: builtins.list[tuple[Row, Item]] = []
    more = limit is not None
    for _ in range(_MOST_PAGES if more else 1 << 30):
        if limit is not None:
            request["Limit"] = limit + 1 - len(rows)
        reply = _queried(request)
        rows += known(reply["Items"], time.time())
        last = reply.get("LastEvaluatedKey")
        if last is None or (limit is not None and len(rows) > limit):
            break
        request["ExclusiveStartKey"] = last
    return _cut(rows, limit, last, index="IndexName" in request)


def _cut(rows: builtins.list[tuple[Row, Item]], limit: int | None, last: Row | None, *, index: bool) -> Page:
    if limit is not None and len(rows) > limit:
        rows, last = rows[:limit], rows[limit - 1][0]
    return Page([item for _, item in rows], pages.cursor(last, index=index) if last else None)


def _queried(request: Row) -> Row:
    try:
        return send("Query", request)
    except Refused as refused:
        if refused.code == "ValidationException" and "ExclusiveStartKey" in request:
            raise BadCursor("The cursor does not fit the list.") from refused
        raise
