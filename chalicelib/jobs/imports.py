"""The job that imports users from files, one file after the other, as far as the time allows."""

from __future__ import annotations

from chalicelib.flows import import_runs, imports, uploads
from chalicelib.flows.import_runs import Moment
from chalicelib.jobs.turn import Turn


def work(turn: Turn) -> None:
    """Go on with every import that was started, the oldest first, until the time is up."""
    uploads.sweep(turn.now)
    for active in imports.active():
        with turn.apart(active.pool_id):
            for outcome, number in import_runs.advance(active, Moment(turn.now, turn.is_over)).items():
                turn.figures[f"lines {outcome.lower()}"] += number
        if turn.is_cut:
            return
