"""An item that is wanted along with a look-up: read in the same trip where there is one of keys, else at the same time.

Owns what such an item is and the second thread that reads it. Leaves to the look-ups in `users` where it can come along
for nothing.
"""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from chalicelib.table import store, trips
from chalicelib.table.items import Item
from chalicelib.table.keys import Key

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Beside:
    """Where the item lies; `seen` is told what is there (None: nothing) and may raise, which ends the look-up."""

    key: Key
    seen: Callable[[Item | None], None]


def read(beside: Beside | None, look_up: Callable[[], T]) -> T:
    """What a look-up finds, the item being read at the same time: nobody waits for a trip more.

    Raises what the look-up raises, else what reading the item does, else what `seen` raises.
    """
    if beside is None:
        return look_up()
    reading = _Reading(beside.key)
    try:
        found = look_up()
    finally:
        reading.join()
    beside.seen(reading.result())
    return found


class _Reading(threading.Thread):
    """Reads one item; begins when it is made."""

    def __init__(self, key: Key) -> None:
        super().__init__(daemon=True)
        self._key = key
        self._context = contextvars.copy_context()
        self._found: Item | None = None
        self._problem: Exception | None = None
        self.start()

    def run(self) -> None:
        """Read, in the context of who asked: so the trip is counted where theirs are."""
        try:
            self._found = self._context.run(self._read)
        except Exception as problem:  # noqa: BLE001 - it is raised again where the item is asked for
            self._problem = problem

    def result(self) -> Item | None:
        """What was found; raises what went wrong."""
        if self._problem is not None:
            raise self._problem
        return self._found

    def _read(self) -> Item | None:
        with trips.apart():
            return store.get_many(self._key)[0]
