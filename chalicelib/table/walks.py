"""Reading the table as it lies: every row, or the rows of a partition, in DynamoDB's own form.

For what looks at everything of a pool or of the table: exports and checks. All reads are strongly consistent, none is
kept in memory longer than a page, and expired rows come like all others. Nobody waits behind a gateway here, so what is
busy is asked for a minute. Leaves to `rows` what a row means.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import Any

from chalicelib import errors
from chalicelib.settings import current
from chalicelib.table.connection import is_table_missing, send
from chalicelib.table.items import Item
from chalicelib.table.keys import Key

Row = dict[str, Any]

_TABLE: str = Item.Meta.table_name
_PAGE = 500  # rows; a page ends at one megabyte in any case
_MOST_TOGETHER = 100
_SEGMENTS = 4
_PATIENCE = 60.0  # seconds
_PAUSE = 1.0  # seconds


def scanned(segments: int | None = None) -> Iterator[list[Row]]:
    """All rows of the table in parts, read by so many readers at once; at most that many parts wait to be taken.

    One reader on a laptop: its engine goes through all of a large table for each part of a segment.
    """
    segments = segments or (1 if current().is_local else _SEGMENTS)
    with ThreadPoolExecutor(segments) as readers:
        due = {readers.submit(_segment, number, segments, None) for number in range(segments)}
        while due:
            done, due = wait(due, return_when=FIRST_COMPLETED)
            for part in done:
                number, reply = part.result()
                if "LastEvaluatedKey" in reply:
                    due.add(readers.submit(_segment, number, segments, reply["LastEvaluatedKey"]))
                yield reply["Items"]


def partition(pk: str, prefix: str = "") -> Iterator[list[Row]]:
    """The rows of one partition whose sort key begins so, in its order, in parts; nothing for an empty one."""
    request: Row = {
        "TableName": _TABLE,
        "ConsistentRead": True,
        "Limit": _PAGE,
        "KeyConditionExpression": "pk = :p AND begins_with(sk, :s)" if prefix else "pk = :p",
        "ExpressionAttributeValues": {":p": {"S": pk}, **({":s": {"S": prefix}} if prefix else {})},
    }
    yield from _followed(request)


def listed_keys(listing: str) -> Iterator[list[Key]]:
    """The keys of what stands under a name of the list index, oldest first, in parts; eventually consistent."""
    request: Row = {
        "TableName": _TABLE,
        "IndexName": "gsi1",
        "Limit": _PAGE,
        "KeyConditionExpression": "gsi1pk = :p",
        "ExpressionAttributeValues": {":p": {"S": listing}},
        "ProjectionExpression": "pk, sk",
    }
    for rows in _followed(request):
        yield [place(row) for row in rows]


def at_once(places: Sequence[Key]) -> dict[Key, Row]:
    """Up to 100 rows as they were at one and the same moment, by key; those that exist.

    A transaction: what two of these rows say of each other is not torn by a writer in between.
    """
    if len(places) > _MOST_TOGETHER:
        raise ValueError(f"At most {_MOST_TOGETHER} rows can be read at one moment.")
    wanted = [{"Get": {"TableName": _TABLE, "Key": raw(key)}} for key in places]
    answers = asked("TransactGetItems", {"TransactItems": wanted})["Responses"]
    return {key: answer["Item"] for key, answer in zip(places, answers, strict=True) if answer.get("Item")}


def asked(operation: str, request: Row) -> Row:
    """The reply to a request that may be repeated; `connection.send` with more patience."""
    ends = time.monotonic() + _PATIENCE
    while True:
        try:
            return send(operation, request)
        except (errors.TooManyRequestsException, errors.ServiceUnavailableException) as error:
            if is_table_missing(error) or time.monotonic() > ends:
                raise
            time.sleep(_PAUSE)


def place(row: Row) -> Key:
    """Where a row lies."""
    return Key(row["pk"]["S"], row["sk"]["S"])


def raw(key: Key) -> Row:
    """A key in DynamoDB's form."""
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}


def _segment(number: int, segments: int, start: Row | None) -> tuple[int, Row]:
    request: Row = {"TableName": _TABLE, "ConsistentRead": True, "Limit": _PAGE}
    if segments > 1:
        request |= {"Segment": number, "TotalSegments": segments}
    if start is not None:
        request["ExclusiveStartKey"] = start
    return number, asked("Scan", request)


def _followed(request: Row) -> Iterator[list[Row]]:
    while True:
        reply = asked("Query", request)
        if reply["Items"]:
            yield reply["Items"]
        if "LastEvaluatedKey" not in reply:
            return
        request = request | {"ExclusiveStartKey": reply["LastEvaluatedKey"]}
