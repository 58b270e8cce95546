"""Counting wrong passwords, for users and for names that nobody has.

The count is one item in the user's partition, read with the rest. A wrong password adds to it in one atomic step, so
parallel guesses all count. A right one, while there is a count, is only accepted in the same transaction that finds the
count unchanged: else a burst of guesses, all of which read the count before any was written, would hide the right one
among more wrong ones than the lock allows. A user without a recent wrong password pays for none of this.
"""

from __future__ import annotations

from chalicelib import errors
from chalicelib.rules import lockout
from chalicelib.table import keys, store
from chalicelib.table.items import Attempts
from chalicelib.table.writes import Check, Save, Write

NAME = "attempts"
_KEPT = 86400  # seconds that a count is kept, so that transactions guard a user who was guessed at today


def require_open(attempts: Attempts | None, now: float) -> None:
    """Raises NotAuthorizedException while sign-in is locked; the attempt is not counted, right password or wrong."""
    if attempts is not None and lockout.is_locked(attempts.failures, attempts.failed_at, now):
        raise errors.NotAuthorizedException("Password attempts exceeded")


def failed(pool_id: str, sub: str, attempts: Attempts | None, now: float) -> None:
    """Count one wrong password."""
    key = keys.key("Attempts", pool=pool_id, sub=sub)
    times = {"failed_at": now, "expires": int(now) + _KEPT}
    if attempts is not None and lockout.is_forgotten(attempts.failed_at, now):
        try:
            is_seen = Attempts.failed_at == attempts.failed_at
            store.change(key, Attempts, set={"failures": 1, **times}, condition=is_seen)
            return
        except store.Conflict:
            pass  # another wrong one has begun the new row, or the item is gone: add to what is there
    store.change(key, Attempts, set=times, add={"failures": 1}, upsert=True)


def cleared(attempts: Attempts | None) -> list[Write]:
    """The writes to make together with what a right password allows; a Conflict named `NAME` means: look again."""
    if attempts is None:
        return []
    if attempts.failures == 0:
        return [Check(attempts, NAME)]
    attempts.failures = 0
    return [Save(attempts, NAME)]
