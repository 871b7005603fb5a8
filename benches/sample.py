"""One measurement, as the worker takes it and the driver reads it."""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """Wall time and CPU time (user and system, all threads) in seconds, resident bytes at the end."""

    wall: float
    cpu: float
    resident: int


class Stopwatch:
    """Measures this process from its creation on."""

    def __init__(self) -> None:
        self._cpu = _cpu_seconds()
        self._wall = time.perf_counter()

    def read(self) -> Sample:
        """What has been used up to now."""
        wall = time.perf_counter() - self._wall
        return Sample(wall, _cpu_seconds() - self._cpu, resident_bytes())


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def resident_bytes() -> int:
    """The memory of this process that is in RAM now."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")
