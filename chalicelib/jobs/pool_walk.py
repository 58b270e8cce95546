"""A walk through all pools, part by part, once for each day: where a run stops, the next one goes on.

The state of the turn holds `for` (the day that is being worked on), `pools` (the cursor before the present pool),
`pool` (its id), and whatever the work on one pool keeps, until that pool is done.
"""

from __future__ import annotations

from collections.abc import Callable

from chalicelib.jobs.turn import Turn
from chalicelib.table import keys, store
from chalicelib.table.items import Pool

Part = Callable[[str], bool]
"""Does a part of the work on a pool; whether it was the last."""


def daily(turn: Turn, day: str, part: Part) -> None:
    """Go on with the walk of a day, or begin it; nothing happens when that one is done."""
    if turn.state.get("done") == day:
        return
    if turn.state.get("for") != day:
        turn.state = {"for": day}
    while True:
        page = store.listed(keys.listing("Pool"), limit=1, cursor=turn.state.get("pools"))
        if any(isinstance(pool, Pool) and not _worked(turn, pool, part) for pool in page.items):
            return
        turn.figures["pools"] += len(page.items)
        turn.state = {"for": day, "pools": page.cursor} if page.cursor else {"done": day}
        if page.cursor is None or turn.is_over():
            return


def _worked(turn: Turn, pool: Pool, part: Part) -> bool:
    """Whether all of a pool was done before the time was up. What fails is left out until the next day."""
    if turn.state.get("pool") != pool.id:
        # A pool that is deleted between two runs leaves its place to the next, and that must not inherit its counts.
        turn.state = {name: turn.state[name] for name in ("for", "pools") if name in turn.state} | {"pool": pool.id}
    is_last = False
    while not is_last:
        is_last = True
        with turn.apart(pool.id):
            is_last = part(pool.id)
        if not is_last and turn.is_over():
            return False
    return True
