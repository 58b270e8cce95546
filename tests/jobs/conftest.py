"""Jobs as the runner runs them, on the engine of the other tests; no job goes on where another test's stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib import settings
from chalicelib.jobs import JOBS, runner
from chalicelib.jobs.runner import Outcome
from chalicelib.table import pools, store
from chalicelib.table.upkeep import Lease

Run = Callable[..., Outcome]


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
