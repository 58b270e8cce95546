"""Counting wrong passwords, for users and for names that nobody has.

The count is one item in the user's partition, read with the rest. An attempt is optimistic: a wrong password is counted
by a write that demands the count as it was read, and what a right one allows is written together with the same demand;
whoever loses reads the count again and may find the user locked. So while there is a count, a thousand guesses sent in
the same moment learn no more than the same guesses one after the other, neither from a right one that slips through nor
from being told apart by their refusals. A user without a wrong password in the last day pays for none of this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from chalicelib import errors, journal
from chalicelib.flows import account_limits, activity
from chalicelib.rules import lockout
from chalicelib.table import riders, store
from chalicelib.table.items import Attempts
from chalicelib.table.users import Account
from chalicelib.table.writes import Check, Remove, Save, Write

T = TypeVar("T")

NAME = "attempts"
_KEPT = 86400  # seconds that a count is kept, so that transactions guard a user who was guessed at today


def require_open(account: Account, now: float) -> None:
    """Raises NotAuthorizedException while sign-in is locked; the attempt is not counted, right password or wrong."""
    attempts = account.attempts
    if attempts is None:
        return
    limits = account_limits.of(account)
    seconds = lockout.lock(attempts.failures, limits.free_failures, limits.longest_lock)
    if lockout.is_locked(seconds, attempts.failed_at, now):
        journal.note(reason="locked")
        raise errors.NotAuthorizedException("Password attempts exceeded")


def count(account: Account, now: float) -> None:
    """Count one wrong password. Raises NotAuthorizedException when others have locked the user in the meantime."""
    for _ in range(_rounds(account)):
        try:
            store.save(_one_more(account, now), NAME)
        except store.Conflict:
            _look_again(account, now)
        else:
            activity.failed(account.user.pool_id, now)
            return
    raise errors.TooManyRequestsException


def heard(account: Account, now: float, carry_out: Callable[[list[Write]], T]) -> T:
    """What `carry_out` makes of a right password; it is given the writes to be made together with its own.

    Raises NotAuthorizedException when others have locked the user in the meantime, and the Conflict of other writes.
    """
    for _ in range(_rounds(account)):
        try:
            return carry_out(_clearing(account.attempts))
        except store.Conflict as conflict:
            if set(conflict.names) != {NAME}:
                raise
        _look_again(account, now)
    raise errors.TooManyRequestsException


def cleared(account: Account, now: float) -> None:
    """Clear the count after a right password, before anything is said that tells it was right. Raises as `heard`.

    No line of the audit goes with it: what was asked for has not been done by that.
    """
    with riders.left_behind():
        heard(account, now, lambda clearing: store.together(*clearing))


def forgotten(account: Account) -> list[Write]:
    """The write that ends a lock, if there is a count: for whoever gets another password by other means than this."""
    user = account.user
    return [Remove(Attempts.at(pool=user.pool_id, sub=user.sub))] if account.attempts else []


def _rounds(account: Account) -> int:
    """Each lost round is another's counted attempt, and the last free one of them locks."""
    return account_limits.of(account).free_failures + 3


def _look_again(account: Account, now: float) -> None:
    account.attempts = store.get(Attempts, pool=account.user.pool_id, sub=account.user.sub)
    require_open(account, now)


def _one_more(account: Account, now: float) -> Attempts:
    user, item = account.user, account.attempts
    if item is None:
        item = Attempts.new({"pool": user.pool_id, "sub": user.sub}, failures=0, failed_at=now)
    item.failures = 1 if lockout.is_forgotten(item.failed_at, now) else item.failures + 1
    item.failed_at = now
    item.expires = int(now) + _KEPT
    return item


def _clearing(attempts: Attempts | None) -> list[Write]:
    if attempts is None:
        return []
    if attempts.failures == 0:
        return [Check(attempts, NAME)]
    attempts.failures = 0
    return [Save(attempts, NAME)]
