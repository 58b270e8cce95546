"""The walk through all pools: what is kept of one pool is never taken for another's."""

from __future__ import annotations

import time

from chalicelib.jobs import pool_walk
from chalicelib.jobs.turn import Turn


def turn(state, *, is_over):
    return Turn("walk", time.time(), time.monotonic() + (0.0 if is_over else 60.0), state)


class TestWalk:
    def test_what_was_kept_of_a_pool_that_is_deleted_between_two_runs_is_not_the_next_ones(self, run, cognito):
        gone, after = cognito.pool(), cognito.pool()
        cut = {}

        def half(pool_id):
            if pool_id == gone:
                cut["turn"].state["inner"] = "a place among the users of that pool"
            return pool_id != gone

        while "inner" not in cut.get("state", {}):
            cut["turn"] = turn(cut.get("state", {}), is_over=True)
            pool_walk.daily(cut["turn"], "2026-11-21", half)
            cut["state"] = cut["turn"].state
        cognito.call("DeleteUserPool", UserPoolId=gone)

        seen = {}
        last = turn(cut["state"], is_over=False)
        pool_walk.daily(last, "2026-11-21", lambda pool_id: seen.setdefault(pool_id, last.state.get("inner")) is None)

        assert seen[after] is None
        assert last.state == {"done": "2026-11-21"}

    def test_a_pool_goes_on_where_it_was_left(self, run, cognito):
        kept, steps = cognito.pool(), []
        state = {}

        def step(pool_id):
            if pool_id == kept:
                steps.append(now.state.get("inner"))
                now.state["inner"] = len(steps)
            return pool_id != kept or len(steps) == 3

        while "done" not in state:
            now = turn(state, is_over=True)
            pool_walk.daily(now, "2026-11-21", step)
            state = now.state

        assert steps == [None, 1, 2]
