"""The job that sweeps: items whose time is over, and what deleted pools and groups left behind.

DynamoDB removes expired items itself, so there this reads nothing of the table but the marks of deleted pools and
groups; the engines of a laptop do not, so there it looks through the whole table, part by part.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

from chalicelib.flows import memberships, pool_removal
from chalicelib.jobs.turn import Turn
from chalicelib.settings import current
from chalicelib.table import keys, store, surveys
from chalicelib.table.directory import DeletedGroup
from chalicelib.table.items import Item
from chalicelib.table.upkeep import DeletedPool

GRACE: Final = 300.0
"""Seconds that an item is left alone after its time: clocks of machines differ."""

_SETTLED = 3600.0  # seconds after which no process remembers a deleted pool and the list index shows all of it
_PAGE = 10  # marks


def work(turn: Turn) -> None:
    """Finish deleted pools and groups; then remove expired items where nobody else does."""
    _finish_deleted_pools(turn)
    if not turn.is_cut:
        _finish_deleted_groups(turn)
    if current().is_local and not turn.is_cut:
        _remove_expired(turn)


def _finish_deleted_pools(turn: Turn) -> None:
    """Oldest first, so those that are too young yet are the end."""
    for mark in _marks("DeletedPool"):
        if not isinstance(mark, DeletedPool) or turn.now < mark.deleted_at + _SETTLED:
            return
        with turn.apart(mark.pool_id):
            if _stands(mark) and pool_removal.clear(mark.pool_id, _left(turn)):
                store.together(store.Remove(mark))
                turn.figures["deleted pools finished"] += 1
        if turn.is_over():
            return


def _stands(mark: DeletedPool) -> bool:
    """Whether a mark is as the list showed it: lists lag, and a restore takes the mark as its own when it begins."""
    found = store.get(DeletedPool, pool=mark.pool_id)
    return found is not None and found.version == mark.version


def _finish_deleted_groups(turn: Turn) -> None:
    """Nobody joins a group that is gone, so a mark need not settle: it goes with the last member."""
    for mark in _marks("DeletedGroup"):
        with turn.apart(mark.pk):
            if isinstance(mark, DeletedGroup) and memberships.clear(mark, _left(turn)):
                turn.figures["deleted groups finished"] += 1
        if turn.is_over():
            return


def _marks(entity: str) -> Iterator[Item]:
    cursor = None
    while True:
        page = store.listed(keys.listing(entity), limit=_PAGE, cursor=cursor)
        yield from page.items
        cursor = page.cursor
        if cursor is None:
            return


def _left(turn: Turn) -> float:
    """Seconds until the run shall stop."""
    return max(0.0, turn.ends - time.monotonic())


def _remove_expired(turn: Turn) -> None:
    while True:
        found = surveys.expired(turn.now - GRACE, turn.state.get("scan"))
        turn.figures["items looked at"] += found.seen
        turn.figures["expired items removed"] += sum(surveys.remove_expired(place) for place in found.keys)
        turn.state = {"scan": found.cursor} if found.cursor else {}
        if found.cursor is None or turn.is_over():
            return
