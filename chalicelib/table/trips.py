"""Counting the trips to DynamoDB: what a story costs, for the budgets in the tests and for the bench.

Owns the record of the calls that were really sent, tries included, and of the units that DynamoDB says they took.
Costs one look at a context variable a call while nobody counts.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

_READS = {"GetItem", "BatchGetItem", "Query"}
_WRITES = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"}


@dataclass(slots=True)
class Trips:
    """What was sent: operation names in order, and capacity units where the engine tells them.

    `beside` are those that nobody waited for, because they went at the same time as one of `calls`.
    """

    calls: list[str] = field(default_factory=list)
    beside: list[str] = field(default_factory=list)
    read_units: float = 0.0
    write_units: float = 0.0
    outer: Trips | None = field(default=None, repr=False)


_counting: ContextVar[Trips | None] = ContextVar("trips", default=None)
_is_apart: ContextVar[bool] = ContextVar("apart", default=False)
_adding = threading.Lock()  # two threads add to one record while something is read beside


@contextmanager
def counted() -> Iterator[Trips]:
    """Count the trips of this thread (and of what runs in a copy of its context) while the block lasts."""
    trips = Trips(outer=_counting.get())
    token = _counting.set(trips)
    try:
        yield trips
    finally:
        _counting.reset(token)


@contextmanager
def apart() -> Iterator[None]:
    """Count the trips of the block as `beside`: they go in a thread of their own while others are under way."""
    token = _is_apart.set(True)
    try:
        yield
    finally:
        _is_apart.reset(token)


def prepare(operation: str, request: dict[str, Any]) -> None:
    """Ask for the units of this request if somebody counts."""
    if _counting.get() is not None and (operation in _READS or operation in _WRITES):
        request["ReturnConsumedCapacity"] = "TOTAL"


def note_call(event_name: str, **_: Any) -> None:
    """Botocore's event before each HTTP request."""
    trips = _counting.get()
    while trips is not None:
        (trips.beside if _is_apart.get() else trips.calls).append(event_name.rpartition(".")[2])
        trips = trips.outer


def note_units(operation: str, reply: dict[str, Any]) -> None:
    """Add the units that a reply tells; an engine need not tell any."""
    trips = _counting.get()
    if trips is None:
        return
    told = reply.get("ConsumedCapacity") or []
    units = sum(part.get("CapacityUnits", 0.0) for part in (told if isinstance(told, list) else [told]))
    with _adding:
        while trips is not None:
            if operation in _READS:
                trips.read_units += units
            else:
                trips.write_units += units
            trips = trips.outer
