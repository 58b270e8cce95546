"""Reading the clocks: CPU of this process and wall time, call by call, and what is made of many readings.

CPU is what is compared, because another process on the machine hardly moves it; wall time is shown for what it is. The
CPU of a table engine, which is a process of its own, is not in it.
"""

from __future__ import annotations

import gc
import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field


@dataclass
class Readings:
    """Seconds of CPU and of wall time of each call, and the median CPU of each round."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)
    rounds: list[float] = field(default_factory=list)

    @property
    def cpu_ms(self) -> float:
        """Median CPU of a call in milliseconds."""
        return statistics.median(self.cpu) * 1000

    @property
    def noise(self) -> float:
        """How far the medians of the rounds lie apart, as a part of the median of all."""
        return (max(self.rounds) - min(self.rounds)) / statistics.median(self.cpu)

    @property
    def per_second(self) -> float:
        """Calls in a second of wall time, one after another."""
        return len(self.wall) / sum(self.wall)

    def wall_ms(self, part: float) -> float:
        """The wall time in milliseconds that `part` of all calls stay within (nearest rank)."""
        ordered = sorted(self.wall)
        return ordered[max(0, math.ceil(part * len(ordered)) - 1)] * 1000


def read(calls: Sequence[Callable[[], object]], readings: Readings) -> list[object]:
    """Run each call once and add its readings, as one round; the answers of the calls."""
    answers = []
    gc.collect()
    for call in calls:
        wall, cpu = time.perf_counter(), time.process_time()
        answer = call()
        readings.cpu.append(time.process_time() - cpu)
        readings.wall.append(time.perf_counter() - wall)
        answers.append(answer)
    readings.rounds.append(statistics.median(readings.cpu[-len(calls) :]))
    return answers
