"""How long wrong passwords in a row lock a user's sign-in: Cognito's doubling back-off.

The fifth wrong password locks for a second, each further one twice as long, up to 15 minutes; a success or 15 minutes
without an attempt ends the row. A pool may have other numbers (`rules.security_settings`), but no longer lock than 15
minutes: no stranger can lock a user out for good.
"""

from __future__ import annotations

from typing import Final

FREE_FAILURES: Final = 5
LONGEST_LOCK: Final = 900  # seconds; also the most that a pool can ask for
FORGOTTEN_AFTER: Final = 900.0  # seconds without an attempt


def lock(failures: float, free: int = FREE_FAILURES, longest: int = LONGEST_LOCK) -> float:
    """For how many seconds so many wrong passwords in a row lock; the `free`-th is the first that does."""
    if failures < free:
        return 0.0
    doublings = min(int(failures) - free, 10)  # 2 ** 10 s is over the longest lock
    return float(min(2**doublings, longest))


def is_locked(seconds: float, failed_at: float, now: float) -> bool:
    """Whether an attempt at `now` must be refused unheard, after a lock of so many seconds that began at `failed_at`.

    `now` may lie before `failed_at`, since attempts come at once and clocks differ.
    """
    return seconds > 0 and now < failed_at + seconds


def is_forgotten(failed_at: float, now: float) -> bool:
    """Whether the row is over, because nobody tried for a while."""
    return now - failed_at >= FORGOTTEN_AFTER
