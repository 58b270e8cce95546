"""One run of a job: its moment, how long it may take, where it goes on, and what it has to tell."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from chalicelib.table import store

_log = logging.getLogger("latchkey.jobs")


@dataclass
class Turn:
    """A run. `state` is what the last run left, and becomes what this one leaves; it must be JSON."""

    job: str
    now: float
    ends: float
    """When the run shall stop at a place from which it can go on, by the monotonic clock."""

    state: dict[str, Any] = field(default_factory=dict)
    figures: Counter[str] = field(default_factory=Counter)
    lines: list[str] = field(default_factory=list)
    troubles: int = 0
    is_cut: bool = False

    def is_over(self) -> bool:
        """Whether the time is up; the run then stops where the next one can go on."""
        if time.monotonic() < self.ends:
            return False
        self.is_cut = True
        return True

    @contextmanager
    def apart(self, subject: str) -> Iterator[None]:
        """Let the trouble of one subject not keep the others waiting; it is logged, and the run fails in the end.

        Somebody who changes the same thing at the same moment is no trouble: what is left comes with a later run.
        """
        try:
            yield
        except store.Conflict:
            self.figures["left for later"] += 1
        except Exception:  # noqa: BLE001 - whatever it is, other pools are not to suffer from it
            _log.exception("%s: trouble with %s", self.job, subject)
            self.troubles += 1


Work = Callable[[Turn], None]
