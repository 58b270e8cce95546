"""What a process remembers of the table for a short while: configuration, never users.

Owns lifetime and size of that memory. The cost is stated: another process sees a changed pool, client or operator key
after at most `LATCHKEY_CACHE_SECONDS`; the process that changed it, at once. Two clocks watch over that: the monotonic
one stands still while a machine sleeps, and who wakes up must not sign with yesterday's keys; the other may be set
back.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from threading import Lock
from typing import Generic, TypeVar

from chalicelib.settings import current

T = TypeVar("T")


class Memory(Generic[T]):
    """Values by name, each kept for the configured time; the oldest give way when it is full."""

    def __init__(self, most: int = 5000) -> None:
        self._most = most
        self._kept: dict[str, tuple[float, float, T]] = {}
        self._changes = 0
        self._lock = Lock()

    def recall(self, name: str, load: Callable[[], T | None]) -> T | None:
        """The value of a name, loaded when it is not remembered.

        A missing value is not remembered: strangers who guess ids could otherwise fill the memory, and what is created
        a moment later would stay unknown. Nor is one that was loaded while something changed: it may be of before.
        """
        kept = self._remembered(name)
        if kept is not None:
            return kept
        changes = self._changes
        value = load()
        if value is not None:
            self._keep(name, value, changes)
        return value

    def recall_many(self, names: Collection[str], load: Callable[[list[str]], Mapping[str, T]]) -> dict[str, T]:
        """The values of names, without those that are missing; all that are not remembered are loaded at once.

        What is not remembered is as with `recall`.
        """
        kept = {name: self._remembered(name) for name in names}
        found = {name: value for name, value in kept.items() if value is not None}
        unknown = [name for name in kept if name not in found]
        if unknown:
            changes = self._changes
            for name, value in load(unknown).items():
                self._keep(name, value, changes)
                found[name] = value
        return found

    def forget(self, name: str) -> None:
        """Drop one value, because it was changed."""
        with self._lock:
            self._changes += 1
            self._kept.pop(name, None)

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._changes += 1
            self._kept.clear()

    def _remembered(self, name: str) -> T | None:
        kept = self._kept.get(name)
        is_fresh = kept is not None and kept[0] > time.monotonic() and kept[1] > time.time()
        return kept[2] if kept is not None and is_fresh else None

    def _keep(self, name: str, value: T, changes: int) -> None:
        with self._lock:
            if changes != self._changes:
                return
            while len(self._kept) >= self._most:
                self._kept.pop(next(iter(self._kept)))
            seconds = current().cache_seconds
            self._kept[name] = (time.monotonic() + seconds, time.time() + seconds, value)
