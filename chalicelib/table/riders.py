"""A write that rides on another: an audit line is written with what it tells of, all or none.

Owns who rides and whether it has. `store.together` takes the rider on; a lone `save` or `change` does not, because
flows use those to count what was refused, and a line beside them would tell of something done that was not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from chalicelib.table.writes import Write


@dataclass(slots=True)
class Rider:
    """Makes the write when the ride begins, so that it can tell what was found out until then."""

    write: Callable[[], Write]
    has_ridden: bool = False


_riding: ContextVar[Rider | None] = ContextVar("rider", default=None)


@contextmanager
def riding(write: Callable[[], Write]) -> Iterator[Rider]:
    """Let a write ride on the first writes that are made together while the block lasts."""
    rider = Rider(write)
    token = _riding.set(rider)
    try:
        yield rider
    finally:
        _riding.reset(token)


@contextmanager
def left_behind() -> Iterator[None]:
    """Let nobody ride while the block lasts: it writes a first part, and the line would tell of the whole."""
    token = _riding.set(None)
    try:
        yield
    finally:
        _riding.reset(token)


def waiting() -> Rider | None:
    """Who still waits for a ride."""
    rider = _riding.get()
    return rider if rider is not None and not rider.has_ridden else None
