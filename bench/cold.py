"""The first request of a fresh process, as Lambda's first one: CPU to import the application and to answer.

Each reading is an interpreter of its own on the engine and the table of this run, with the byte code of an installed
checkout. Who takes the time is told by `python -X importtime`.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import asdict

from bench.callers import Ask

_PROBE = """\
import json, sys, time
asks = json.load(sys.stdin)
begun = time.process_time()
import app
loaded = time.process_time()
from bench.callers import InProcess, Ask, accepted
door = InProcess()
readings = [loaded - begun]
for ask in asks:
    call = door.ready(Ask(**ask | {"body": ask["body"].encode()}))
    before = time.process_time()
    accepted(call())
    readings.append(time.process_time() - before)
print(json.dumps(readings))
"""


def measured(asks: list[Ask], times: int) -> list[float]:
    """CPU milliseconds of the import, then of each request in turn; medians of fresh processes."""
    given = json.dumps([asdict(ask) | {"body": ask.body.decode()} for ask in asks])
    runs = [_run(given) for _ in range(times)]
    return [statistics.median(column) * 1000 for column in zip(*runs, strict=True)]


def importers(most: int) -> list[tuple[str, float]]:
    """The packages whose own modules take longest to import, in milliseconds of wall time."""
    command = [sys.executable, "-X", "importtime", "-c", "import app"]
    told = subprocess.run(command, env=os.environ, capture_output=True, text=True, check=True).stderr
    sums: dict[str, float] = {}
    for name, microseconds in _own_times(told.splitlines()):
        package = _package(name)
        sums[package] = sums.get(package, 0.0) + microseconds / 1000
    return sorted(sums.items(), key=lambda pair: -pair[1])[:most]


def _run(given: str) -> list[float]:
    command = [sys.executable, "-c", _PROBE]
    done = subprocess.run(command, input=given, env=os.environ, capture_output=True, text=True, check=True)
    readings: list[float] = json.loads(done.stdout.splitlines()[-1])
    return readings


def _own_times(lines: Iterable[str]) -> Iterable[tuple[str, float]]:
    for line in lines:
        parts = line.removeprefix("import time:").split("|")
        if len(parts) == 3 and parts[0].strip().isdigit():
            yield parts[2].strip(), float(parts[0])


def _package(name: str) -> str:
    """The package a module belongs to; what comes with Python counts as one."""
    first = name.partition(".")[0]
    return "standard library" if first in sys.stdlib_module_names or first.startswith("_") else first
