"""The job that counts a day of every pool: users, active users of the month, sign-ins, failures.

Runs often and does something once a day: it counts the day before, which is over. A count is made part by part, so no
pool is too large for it; what happens meanwhile is counted or not. A deleted user is counted no more.
"""

from __future__ import annotations

from chalicelib.flows import activity
from chalicelib.jobs import pool_walk
from chalicelib.jobs.turn import Turn
from chalicelib.rules import usage
from chalicelib.table import figures, surveys

_NOTHING = {"users": 0, "active": 0, "sign_ins": 0}


def work(turn: Turn) -> None:
    """Count yesterday for all pools, or for as many as the time allows."""
    day = usage.day_before(usage.day(turn.now))
    pool_walk.daily(turn, day, lambda pool_id: _part(turn, pool_id, day))


def _part(turn: Turn, pool_id: str, day: str) -> bool:
    """One trip of the count of a pool; whether it was the last."""
    count = turn.state.setdefault("count", {"phase": "users", "cursor": None, **_NOTHING})
    if count["phase"] == "users":
        tally = surveys.active_users(pool_id, day[:7], count["cursor"])
        count["users"] += tally.seen
        count["active"] += tally.found
    else:
        tally = surveys.sessions(pool_id, day, count["cursor"])
        count["sign_ins"] += tally.found
    count["cursor"] = tally.cursor
    if tally.cursor is None and count["phase"] == "users":
        count["phase"] = "sessions"
        return False
    if tally.cursor is None:
        _keep(turn, pool_id, day)
    return tally.cursor is None


def _keep(turn: Turn, pool_id: str, day: str) -> None:
    counted = {name: turn.state["count"][name] for name in _NOTHING}
    counted["failures"] = activity.failures(pool_id, day)
    figures.keep(pool_id, day, counted, turn.now)
    said = ", ".join(f"{name.replace('_', '-')} {number}" for name, number in counted.items())
    turn.lines.append(f"{pool_id} on {day}: {said}")
