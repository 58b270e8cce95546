"""The schedules of the application on a laptop, where no EventBridge rings: a thread that runs them when they are due.

Reads what `app.py` declares, so both ways run the same functions at the same times; a rate begins soon after the start,
because a laptop may not be on for a whole period. Several processes on one table do no harm: jobs take leases.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from chalicelib.rules import schedules
from chalicelib.rules.schedules import Schedule

VARIABLE: Final = "LATCHKEY_SCHEDULES"
"""`0` in this variable leaves the schedules off; they can be run by hand with scripts/job."""

_FIRST_SECONDS = 15.0  # after the start; the application answers by then
_LONGEST_SLEEP = 60.0  # seconds; a laptop that was asleep looks at the clock soon after

_log = logging.getLogger("latchkey.schedules")


class Loop:
    """The schedules of a Chalice application, each with the time at which it is due next."""

    def __init__(self, app: Any, now: float) -> None:
        self._app = app
        self._schedules = {
            source.name: schedules.parsed(_expression(source))
            for source in app.event_sources
            if hasattr(source, "schedule_expression")
        }
        self.due = {name: _first(schedule, now) for name, schedule in self._schedules.items()}

    def run_due(self, now: float) -> list[str]:
        """Run what is due, one after the other; the names. Trouble of one is logged and keeps none of the others."""
        names = [name for name, due in self.due.items() if due is not None and due <= now]
        for name in names:
            self.due[name] = self._schedules[name].after(now)
            try:
                self._app.handler_map[name](_event(name, now), None)
            except Exception:  # noqa: BLE001 - the next time it may be well
                _log.exception("schedule %s failed", name)
        return names

    def pause(self, now: float) -> float:
        """Seconds until the clock is worth another look."""
        waits = [due - now for due in self.due.values() if due is not None]
        return max(0.0, min([_LONGEST_SLEEP, *waits]))


def start(app: Any, environment: Mapping[str, str]) -> threading.Thread | None:
    """Run the schedules of an application while this process lasts; None where they are switched off."""
    if environment.get(VARIABLE) == "0":
        return None
    thread = threading.Thread(target=_run, args=(Loop(app, time.time()),), name="schedules", daemon=True)
    thread.start()
    return thread


def _run(loop: Loop) -> None:
    while True:
        time.sleep(loop.pause(time.time()))
        loop.run_due(time.time())


def _first(schedule: Schedule, now: float) -> float | None:
    return now + min(schedule.period, _FIRST_SECONDS) if schedule.period else schedule.after(now)


def _expression(source: Any) -> str:
    told = source.schedule_expression
    return told if isinstance(told, str) else str(told.to_string())


def _event(name: str, now: float) -> dict[str, Any]:
    """What EventBridge sends to a schedule, as far as Chalice reads it."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))
    return {
        "version": "0",
        "account": "000000000000",
        "region": "local",
        "detail": {},
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "time": stamp,
        "id": f"{name}-{stamp}",
        "resources": [],
    }
