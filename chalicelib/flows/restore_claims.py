"""Who may restore a pool now: the mark that stands in a pool's place while it is being restored.

It is the mark of a deleted pool, so that what an interrupted restore leaves is what a deleted pool leaves: a repeated
restore removes that before it begins, and the job `sweep` does if there is none. Whoever restores says so again and
again; who has not been heard of for five minutes is taken for interrupted.
"""

from __future__ import annotations

import math
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from chalicelib.flows import pool_removal
from chalicelib.settings import current
from chalicelib.table import keys, store
from chalicelib.table.items import Pool
from chalicelib.table.upkeep import DeletedPool, Lease
from chalicelib.table.writes import Check, Remove, Save

BEAT: Final = 10.0
"""Seconds after which a restore says again that it is at work."""

SILENCE: Final = 300.0
"""Seconds after which one that said nothing is taken for interrupted: longer than the writes of a busy table wait."""

_FORGOTTEN = 120.0  # seconds after which no process serves a deleted pool from its memory any more
_LATEST = 600.0  # seconds: who was silent for so long must not go on, for the sweep may be about to begin
_CLEARING = 5.0  # seconds of removing between two beats


class Refused(Exception):
    """The pool cannot be restored into this table, or not now; nothing was written."""


class Interrupted(Exception):
    """The restore cannot go on. Nothing of the pool is served; a repeated restore removes what was written."""


class Claim:
    """The right to restore one pool.

    Raises Refused while somebody else has it, when the pool is there or when it has just been deleted.
    """

    def __init__(self, pool_id: str) -> None:
        self.pool_id = pool_id
        self._owner = str(uuid.uuid4())
        self._mark = self._taken(store.get(DeletedPool, pool=pool_id))

    def clear(self, told: Callable[[str], None]) -> None:
        """Remove what a deleted pool or an interrupted restore has left."""
        while not pool_removal.clear(self.pool_id, _CLEARING):
            told("removing what is left of the pool")
            self.beat()

    def beat(self) -> None:
        """Say that the restore is at work, if it is time to. Raises Interrupted when that comes too late."""
        now = time.time()
        silent = now - self._mark.deleted_at
        if silent > _LATEST:
            raise Interrupted("the restore stood still for too long")
        if silent >= BEAT:
            self._write(now)

    def given_back(self) -> Remove:
        """The write that ends the restore, together with which the pool has to be written."""
        return Remove(self._mark, "mark")

    def abandon(self) -> None:
        """Let another restore begin at once. Nothing else is undone."""
        self._owner = ""
        with suppress(store.Conflict):
            self._write(time.time())

    def _taken(self, mark: DeletedPool | None) -> DeletedPool:
        now = time.time()
        if mark is not None:
            self._refuse_early(mark, now)
        self._mark = mark or DeletedPool.new({"pool": self.pool_id, "created": ""}, pool_id=self.pool_id)
        try:
            self._write(now)
        except store.Conflict as problem:
            is_there = "pool" in problem.names
            raise Refused("the table has the pool already" if is_there else "another restore has just begun") from None
        if mark is not None:
            self._refuse_sweeping()
        return self._mark

    def _refuse_early(self, mark: DeletedPool, now: float) -> None:
        """The attack on a table in use: a process that remembers the deleted pool writes into the restored one."""
        if mark.restore is None:
            patience, what = max(_FORGOTTEN, 2 * current().cache_seconds), "has just been deleted"
        else:
            patience, what = SILENCE if mark.restore else 0.0, "is being restored by somebody else, or was until now"
        wait = mark.deleted_at + patience - now
        if wait > 0:
            raise Refused(f"the pool {what}; try again in {math.ceil(wait)} seconds")

    def _refuse_sweeping(self) -> None:
        """A sweep that began before may still be removing what it finds; to a later one the mark is too young."""
        lease = store.get(Lease, job="sweep")
        if lease is not None and lease.held_until > time.time():
            self.abandon()
            raise Refused("the job sweep is at work; try again in two minutes")

    def _write(self, now: float) -> None:
        """Sets the mark anew, as the youngest: the sweep goes through marks by their age.

        Never beside a pool: somebody else's restore may just have ended, and what a mark stands for is removed.
        """
        self._mark.gsi1pk, self._mark.gsi1sk = keys.place("DeletedPool", pool=self.pool_id, created=keys.sortable(now))
        self._mark.deleted_at, self._mark.restore = now, self._owner
        store.together(Save(self._mark, "mark"), Check(Pool.at(pool=self.pool_id), "pool", absent=True))
