"""Leases: of many who could do a job, one does it, and a later one goes on where it stopped.

A lease is taken by one conditional write and ends by itself, so a run that dies blocks nobody for long. It saves work
and is no lock: who holds it too long is overtaken, so what is done under it must bear being done twice at once.
"""

from __future__ import annotations

import uuid
from typing import Any

from chalicelib.table import store
from chalicelib.table.upkeep import Lease

_SKEW = 300.0
"""Seconds that the clocks of two of our processes may differ."""


def take(job: str, now: float, seconds: float) -> Lease | None:
    """The lease of a job, for so many seconds; None while somebody else holds it.

    One that ends later than any could comes of a clock that was set back, and would stop the job until then.
    """
    is_over = (Lease.held_until <= now) | (Lease.held_until > now + seconds + _SKEW)
    is_free = Lease.held_until.does_not_exist() | is_over
    taken = {"owner": str(uuid.uuid4()), "held_until": now + seconds}
    try:
        return store.change(Lease.at(job=job), Lease, set=taken, condition=is_free, upsert=True)
    except store.Conflict:
        return None


def give_back(lease: Lease, state: dict[str, Any], now: float) -> bool:
    """End the lease and keep where the next run goes on; False, and nothing is kept, when another has overtaken us."""
    left = {"held_until": 0, "ran_at": now, "state": state}
    is_ours = Lease.owner == lease.owner
    try:
        store.change(Lease.at(job=lease.job), Lease, set=left, condition=is_ours)
    except store.Conflict:
        return False
    return True
