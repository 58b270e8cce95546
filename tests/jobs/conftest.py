"""Jobs as the runner runs them, on tables of their own: a job goes through every pool that there is.

No job goes on where another test's stopped.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.jobs import JOBS, runner
from chalicelib.jobs.runner import Outcome
from chalicelib.table import pools, store
from chalicelib.table.upkeep import Lease
from tests import engines
from tests.engines import Engine

Run = Callable[..., Outcome]


@pytest.fixture(scope="module")
def table_engine() -> Iterator[Engine]:
    """An engine for the tests of one job."""
    with engines.running(os.environ.get("LATCHKEY_TEST_ENGINE", "dynoxide")) as engine:
        yield engine


@pytest.fixture
def run(application: Any) -> Iterator[Run]:
    """Runs a job by name, `later` seconds from now, until nothing is left of it."""
    _forget_leases()

    def finish(name: str, later: float = 0.0) -> Outcome:
        lines: list[str] = []
        for _ in range(1000):
            outcome = runner.run(name, time.time() + later)
            lines += outcome.lines
            pools.forget_all()
            if outcome.is_done:
                return Outcome(lines, is_done=True)
        raise AssertionError(f"{name} comes to no end")

    yield finish
    _forget_leases()


@pytest.fixture
def given_settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Sets environment variables and lets the settings be read again."""

    def given(**variables: str) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        settings.current.cache_clear()

    yield given
    monkeypatch.undo()
    settings.current.cache_clear()


def _forget_leases() -> None:
    store.remove_all([Lease.at(job=name) for name in JOBS])
