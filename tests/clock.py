"""Another moment for the calls that a test makes; only unsigned ones, because a signature has its own clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace

from chalicelib.wire import dispatch

HOUR = 3600
DAY = 24 * HOUR


@contextmanager
def later(seconds: float) -> Iterator[None]:
    """Requests come this many seconds later than they do."""
    real = dispatch.time
    dispatch.time = SimpleNamespace(time=lambda: time.time() + seconds)  # type: ignore[assignment]
    try:
        yield
    finally:
        dispatch.time = real


@contextmanager
def standing() -> Iterator[None]:
    """All requests come in the same moment, however busy the machine is."""
    real, moment = dispatch.time, time.time()
    dispatch.time = SimpleNamespace(time=lambda: moment)  # type: ignore[assignment]
    try:
        yield
    finally:
        dispatch.time = real
