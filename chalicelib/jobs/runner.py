"""The jobs by name, and one run of one of them: under a lease, bounded in time, told in a few lines.

A run that met trouble raises in the end, so that Lambda counts an error and its alarm rings; what it did stays done.
Jobs are imported when they run: requests do not wait for them at a cold start.
"""

from __future__ import annotations

import importlib
import logging
import time
from dataclasses import dataclass

from chalicelib.jobs import JOBS, SECONDS
from chalicelib.jobs.turn import Turn, Work
from chalicelib.table import leases

_LEASE_SECONDS = 120.0  # far more than a run takes; of a job that is due every minute, a dead run costs two turns

_log = logging.getLogger("latchkey.jobs")


class JobFailed(Exception):
    """Some of the work could not be done; the log says what. The rest was done."""


@dataclass(frozen=True)
class Outcome:
    """What a run did, in lines for people; `is_done`: no more is left to be done now."""

    lines: list[str]
    is_done: bool


def run(name: str, now: float, seconds: float = SECONDS) -> Outcome:
    """Run a job once, unless somebody else is at it. Raises JobFailed, and KeyError for an unknown name.

    `now` is the moment that the job works by. A lease goes by the real clock.
    """
    if name not in JOBS:
        raise KeyError(name)
    lease = leases.take(name, time.time(), _LEASE_SECONDS)
    if lease is None:
        return _told(name, ["another run is at it"], is_done=False)
    turn = Turn(name, now, time.monotonic() + seconds, dict(lease.state or {}))
    _work(name)(turn)
    if not leases.give_back(lease, turn.state, time.time()):
        turn.lines.append("it took so long that another run has begun; that one goes on")
    outcome = _told(name, _lines(turn), is_done=not turn.is_cut)
    if turn.troubles:
        raise JobFailed(f"{name}: trouble with {turn.troubles} of them; the log says more")
    return outcome


def _work(name: str) -> Work:
    found: Work = importlib.import_module(f"chalicelib.jobs.{name}").work
    return found


def _lines(turn: Turn) -> list[str]:
    figures = ", ".join(f"{number} {what}" for what, number in turn.figures.items())
    rest = ["more is left; the next run goes on from here"] if turn.is_cut else []
    return [*turn.lines, figures or "nothing to do", *rest]


def _told(name: str, lines: list[str], *, is_done: bool) -> Outcome:
    """Lines for people, and for the log."""
    told = [f"{name}: {line}" for line in lines]
    for line in told:
        _log.info("%s", line)
    return Outcome(told, is_done)
