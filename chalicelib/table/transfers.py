"""Rows that come from outside: written as they are where nothing is, up to a hundred of them at once or none.

For restores: the rows keep their versions and times. Leaves to the caller whether they may be written at all.
"""

from __future__ import annotations

import uuid
from base64 import b64decode
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self

from chalicelib.table.connection import ConditionFailed
from chalicelib.table.items import Item
from chalicelib.table.keys import Key
from chalicelib.table.walks import Row, asked, place
from chalicelib.table.writes import Write

MOST: int = 100
"""Writes that one transaction holds."""

_MOST_BYTES = 2_500_000  # of a transaction, which may have four megabytes, with room for what text becomes as JSON
_HANDS = 4
_MOST_WAITING = 8  # transactions
_TABLE: str = Item.Meta.table_name


class Occupied(Exception):
    """Something lies already where a row was to be written, or was changed meanwhile; nothing was. `keys` are those."""

    def __init__(self, keys: list[Key]) -> None:
        self.keys = keys
        super().__init__("There is something already at " + ", ".join(f"{key.pk} {key.sk}" for key in keys[:3]))


class Writers:
    """Writes rows by several hands: bundles in any order, many to a transaction, or one after the other."""

    def __init__(self) -> None:
        self._hands = ThreadPoolExecutor(_HANDS)
        self._writing: deque[Future[None]] = deque()
        self._waiting: list[Row] = []
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self._hands.shutdown(cancel_futures=True)

    def add(self, bundle: Sequence[Row]) -> None:
        """Write rows that belong together, all at once or, when they are too many for that, in their order."""
        size = sum(map(_size, bundle))
        if len(bundle) > MOST or size > _MOST_BYTES:
            self.add_in_order(bundle)
            return
        if len(self._waiting) + len(bundle) > MOST or self._size + size > _MOST_BYTES:
            self._send()
        self._waiting += bundle
        self._size += size

    def add_in_order(self, rows: Iterable[Row]) -> None:
        """Write rows after all that came before, and before all that comes later."""
        self.drain()
        for part in _portions(rows):
            create(part)

    def drain(self) -> None:
        """Wait until everything is written. Raises Occupied."""
        self._send()
        while self._writing:
            self._writing.popleft().result()

    def _send(self) -> None:
        if self._waiting:
            self._writing.append(self._hands.submit(create, self._waiting))
        self._waiting, self._size = [], 0
        while len(self._writing) > _MOST_WAITING:
            self._writing.popleft().result()


def create(rows: Sequence[Row], *also: Write) -> None:
    """Write rows where nothing is yet, together with other writes: all or none. Raises Occupied."""
    keys = [write.key for write in also] + [place(row) for row in rows]
    if twice := [key for key, number in Counter(keys).items() if number > 1]:
        raise Occupied(twice)
    actions: list[Any] = [{write.verb: write.request()} for write in also]
    actions += [{"Put": _creation(row)} for row in rows]
    token = str(uuid.uuid4())  # the same for every try, so a repeat of what was done does nothing
    try:
        asked("TransactWriteItems", {"TransactItems": actions, "ClientRequestToken": token})
    except ConditionFailed as failure:
        raise Occupied([keys[number] for number in failure.found]) from failure


def _creation(row: Row) -> Row:
    cells = {name: _sendable(cell) for name, cell in row.items()}
    return {"TableName": _TABLE, "Item": cells, "ConditionExpression": "attribute_not_exists(pk)"}


def _sendable(cell: Row) -> Row:
    """The SDK makes base64 of what is binary once more, so it has to get the bytes."""
    return {"B": b64decode(cell["B"])} if isinstance(cell.get("B"), str) else cell


def _portions(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Rows in parts that one transaction can hold."""
    part: list[Row] = []
    size = 0
    for row in rows:
        more = _size(row)
        if part and (len(part) == MOST or size + more > _MOST_BYTES):
            yield part
            part, size = [], 0
        part.append(row)
        size += more
    if part:
        yield part


def _size(row: Row) -> int:
    return sum(len(name) + len(str(cell).encode("utf-8", "surrogatepass")) for name, cell in row.items())
