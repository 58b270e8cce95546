"""What usage is counted from: when a user was last active, and how often sign-ins fail.

Sign-ins are counted from their sessions. Counting is never worth a refusal: what cannot be written at the moment is
left out. Leaves days and months to `rules.usage`, and the counting itself to the job.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Sequence
from typing import Final

from chalicelib import errors
from chalicelib.rules import usage
from chalicelib.table import keys, store
from chalicelib.table.items import User
from chalicelib.table.upkeep import Counter
from chalicelib.table.writes import Save, Write

_SHARDS: Final = 16  # counters of a day: many failures at once shall not wait for one item
_KEPT: Final = 40 * 86400  # seconds


def noted(writes: Sequence[Write]) -> Sequence[Write]:
    """The same writes, in which every user that is changed is marked as active at that time; it costs nothing."""
    for write in writes:
        if isinstance(write, Save) and isinstance(write.item, User):
            user = write.item
            for name, month in usage.marks(user.active_month, user.modified_at).items():
                setattr(user, name, month)
    return writes


def mark(user: User, now: float) -> None:
    """Mark a user as active in this month: one write, once in a month.

    It stands alone, because in one transaction with the session many sign-ins of one user at the turn of a month would
    get in each other's way.
    """
    marks = usage.marks(user.active_month, now)
    if marks:
        with contextlib.suppress(store.Conflict, errors.AwsError):
            store.change(User.at(pool=user.pool_id, sub=user.sub), User, set=marks)


def failed(pool_id: str, now: float) -> None:
    """Count a wrong password or proof, apart from the count that locks.

    The attack: so many wrong ones in a pool that these counters are contended for; if both counts were one transaction,
    guesses at a user would then go uncounted by the lock.
    """
    shard = random.randrange(_SHARDS)  # noqa: S311 - nobody gains by guessing it
    kept = {"expires": int(now) + _KEPT}
    with contextlib.suppress(store.Conflict, errors.AwsError):
        store.change(_counter(pool_id, usage.day(now), shard), Counter, set=kept, add={"total": 1}, upsert=True)


def failures(pool_id: str, day: str) -> int:
    """How many wrong passwords and proofs there were on a day (2026-11-21)."""
    places = (_counter(pool_id, day, shard) for shard in range(_SHARDS))
    return sum(int(item.total) for item in store.get_many(*places) if isinstance(item, Counter))


def _counter(pool_id: str, day: str, shard: int) -> keys.Key:
    return Counter.at(pool=pool_id, name=f"failures#{day}#{shard}")
