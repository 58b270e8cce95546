"""Contests for tests: calls that begin in the same moment on either engine, and a pool that is whole after them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from chalicelib.table import invariants
from tests import engines
from tests.application import Fault, sign_in_operator
from tests.entrance import at_once, faults

Call = Callable[[], Any]

RUNNERS = 8
ROUNDS = 3
BUSY = "TooManyRequestsException"


@contextmanager
def on(engine: str) -> Iterator[tuple[str, str]]:
    """The product on a fresh engine of this name; the root operator's key. Skips what the machine cannot run."""
    if reason := engines.missing(engine):
        pytest.skip(reason)
    with engines.running(engine) as running, engines.in_use(running):
        yield sign_in_operator()


def contest(pool_id: str, *calls: Call) -> list[Any]:
    """What the calls come to, made all at once; the pool must be whole as soon as the last has answered."""
    assert len(calls) == RUNNERS
    outcomes = at_once(*calls)
    found = invariants.broken(pool_id)
    assert not found, "\n".join(found)
    return outcomes


def codes(outcomes: list[Any]) -> set[str]:
    """The errors among outcomes, but for that the table was busy: who hears that tries again."""
    return {fault.code for fault in faults(outcomes)} - {BUSY}


def winners(outcomes: list[Any]) -> list[int]:
    """The places of the calls that went through."""
    return [place for place, outcome in enumerate(outcomes) if not isinstance(outcome, Fault)]


def insisted(attempt: Call) -> Any:
    """The answer to a call that is repeated while the table is busy."""
    for _ in range(50):
        try:
            return attempt()
        except Fault as fault:
            if fault.code != BUSY:
                raise
    raise AssertionError("It never went through.")
