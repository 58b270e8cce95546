"""Rounds: read, decide and write again when somebody else was faster.

Owns how often and how long. Leaves to the attempt what is read and decided, which it does afresh each time. For
settings, which few people change at once; users have `user_changes`, which reads only after a first failure.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Final, TypeVar

from chalicelib.errors import TooManyRequestsException
from chalicelib.table import store

T = TypeVar("T")

_ROUNDS: Final = 8
_FIRST_PAUSE: Final = 0.01  # seconds


def retried(attempt: Callable[[], T], *names: str) -> T:
    """What the attempt answers, begun again while a write of one of these names conflicts; any write without names.

    Raises store.Conflict for other writes and TooManyRequestsException after eight rounds.
    """
    for number in range(_ROUNDS):
        try:
            return attempt()
        except store.Conflict as conflict:
            if names and not set(names) & set(conflict.names):
                raise
        # Jitter: who failed together would otherwise come back together.
        time.sleep(random.uniform(0, _FIRST_PAUSE * 2**number))  # noqa: S311 - nobody gains by guessing it
    raise TooManyRequestsException
