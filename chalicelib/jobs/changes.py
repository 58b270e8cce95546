"""The job that goes on with changes of pools: names to sign in with, types, what is required, what can be searched.

Each open change has a mark in the list index. They take turns, a step or a page of users at a time, so a large pool
keeps no other waiting; most of the time of a change is waiting until every process has learnt of a step.
"""

from __future__ import annotations

import time
from collections import deque
from typing import Final

from chalicelib.flows import pool_change_steps as steps
from chalicelib.jobs.turn import Turn
from chalicelib.table import keys, store
from chalicelib.table.directory import OpenChange, PoolChange

_MOST: Final = 100  # open changes of a run


def work(turn: Turn) -> None:
    """Go on with every open change as far as it can go now, or as far as the time allows; with one a bit at least."""
    begun = time.monotonic()
    marks = store.listed(keys.listing("OpenChange"), limit=_MOST).items
    left = deque(mark for mark in marks if isinstance(mark, OpenChange))
    turn.figures["open changes"] += len(left)
    told = list(left)
    left.rotate(-_behind(told, turn.state.get("last")))
    while left:
        mark = left.popleft()
        turn.state = {"last": mark.pool_id}
        if _advanced(turn, mark, turn.now + time.monotonic() - begun):
            left.append(mark)
        if left and turn.is_over():
            break
    turn.lines += [line for mark in told if (line := _line(mark))]


def _behind(marks: list[OpenChange], last: str | None) -> int:
    """The place behind that of the change that came last in the run before: the others have waited longer."""
    return next((place + 1 for place, mark in enumerate(marks) if mark.pool_id == last), 0)


def _advanced(turn: Turn, mark: OpenChange, now: float) -> bool:
    """Whether a change may have more to do at once; trouble with one keeps it until the next run."""
    with turn.apart(mark.pool_id):
        return steps.advance(mark.pool_id, mark.change_id, now)
    return False


def _line(mark: OpenChange) -> str | None:
    change = store.get(PoolChange, pool=mark.pool_id, id=mark.change_id)
    if change is None:
        return None
    said = change.document
    figures = f"{said['UsersChecked']} checked, {said['UsersRewritten']} rewritten, {said['ClashCount']} clashes"
    return f"{mark.pool_id} {mark.change_id}: {said['Status']}; {figures}"
