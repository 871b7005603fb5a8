"""One measurement, as the worker takes it and the driver reads it."""

from __future__ import annotations

import os
import resource
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Sample:
    """Seconds of wall and CPU time (user and system, all threads), resident bytes at the end."""

    wall: float
    cpu: float
    resident: int


class Stopwatch:
    """Measures this process from its creation on."""

    def __init__(self) -> None:
        """Start measuring."""
        self._cpu = _cpu_seconds()
        self._wall = time.perf_counter()

    def read(self) -> Sample:
        """Return what has been used up to now."""
        wall = time.perf_counter() - self._wall
        return Sample(wall, _cpu_seconds() - self._cpu, resident_bytes())


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def resident_bytes() -> int:
    """Return how much memory of this process is in RAM now."""
    pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
    return int(pages) * os.sysconf("SC_PAGESIZE")
