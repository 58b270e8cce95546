"""How long wrong passwords in a row lock a user's sign-in: Cognito's doubling back-off.

The fifth wrong password locks for a second, each further one twice as long, up to 15 minutes; a success or 15 minutes
without an attempt ends the row. No stranger can lock a user out for good.
"""

from __future__ import annotations

FREE_FAILURES = 5
LONGEST_LOCK = 900.0  # seconds
FORGOTTEN_AFTER = 900.0  # seconds without an attempt


def lock(failures: float) -> float:
    """For how many seconds so many wrong passwords in a row lock."""
    if failures < FREE_FAILURES:
        return 0.0
    doublings = min(int(failures) - FREE_FAILURES, 10)  # 2 ** 10 s is over the longest lock
    return min(2.0**doublings, LONGEST_LOCK)


def is_locked(failures: float, failed_at: float, now: float) -> bool:
    """Whether an attempt at `now` must be refused unheard, the last wrong password having come at `failed_at`.

    Times are seconds. `now` may lie before `failed_at`, since attempts come at once and clocks differ.
    """
    seconds = lock(failures)
    return seconds > 0 and now < failed_at + seconds


def is_forgotten(failed_at: float, now: float) -> bool:
    """Whether the row is over, because nobody tried for a while."""
    return now - failed_at >= FORGOTTEN_AFTER
