"""The job that sweeps: items whose time is over, and what deleted pools left behind.

DynamoDB removes expired items itself, so there this reads nothing of the table but the marks of deleted pools; the
engines of a laptop do not, so there it looks through the whole table, part by part.
"""

from __future__ import annotations

import time
from typing import Final

from chalicelib.flows import pool_removal
from chalicelib.jobs.turn import Turn
from chalicelib.settings import current
from chalicelib.table import keys, store, surveys
from chalicelib.table.upkeep import DeletedPool

GRACE: Final = 300.0
"""Seconds that an item is left alone after its time: clocks of machines differ."""

_SETTLED = 3600.0  # seconds after which no process remembers a deleted pool and the list index shows all of it
_PAGE = 10  # deleted pools


def work(turn: Turn) -> None:
    """Finish deleted pools; then remove expired items where nobody else does."""
    _finish_deleted_pools(turn)
    if current().is_local and not turn.is_cut:
        _remove_expired(turn)


def _finish_deleted_pools(turn: Turn) -> None:
    """Oldest first, so those that are too young yet are the end."""
    cursor = None
    while True:
        page = store.listed(keys.listing("DeletedPool"), limit=_PAGE, cursor=cursor)
        for mark in page.items:
            if not isinstance(mark, DeletedPool) or turn.now < mark.deleted_at + _SETTLED:
                return
            _finish(turn, mark)
            if turn.is_over():
                return
        cursor = page.cursor
        if cursor is None:
            return


def _finish(turn: Turn, mark: DeletedPool) -> None:
    with turn.apart(mark.pool_id):
        if pool_removal.clear(mark.pool_id, max(0.0, turn.ends - time.monotonic())):
            store.together(store.Remove(mark))
            turn.figures["deleted pools finished"] += 1


def _remove_expired(turn: Turn) -> None:
    while True:
        found = surveys.expired(turn.now - GRACE, turn.state.get("scan"))
        turn.figures["items looked at"] += found.seen
        turn.figures["expired items removed"] += sum(surveys.remove_expired(place) for place in found.keys)
        turn.state = {"scan": found.cursor} if found.cursor else {}
        if found.cursor is None or turn.is_over():
            return
