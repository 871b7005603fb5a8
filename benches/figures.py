"""From samples to figures: medians and spreads per operation, and how ours compares."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benches.peers import FLOOR, GO, OTHERS, OURS
from benches.plan import Kind, Row
from benches.runner import Measured, Results

_MICROSECOND = 1e-6
_MILLISECOND = 1e-3
_MEBIBYTE = 2.0**20


@dataclass(frozen=True)
class Figure:
    """The median of the samples, and half the distance between their quartiles."""

    median: float
    spread: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Figure:
        """Summarize at least one value."""
        if len(values) == 1:
            return cls(values[0], 0.0)
        lower, median, upper = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, (upper - lower) / 2)


@dataclass(frozen=True)
class Figures:
    """A client in a row, in the row's unit: wall time and CPU time per operation.

    In the row about memory it is what is resident after the import, early, and at the end.
    """

    values: tuple[Figure, ...]

    @property
    def wall(self) -> float:
        """The median wall time of an operation."""
        return self.values[0].median

    @property
    def cpu(self) -> float:
        """The median CPU time of an operation."""
        return self.values[1].median


class RowFigures:
    """All clients in a row."""

    def __init__(self, row: Row, results: Results) -> None:
        """Summarize what was measured."""
        self.row = row
        self.by_client: Mapping[str, Figures] = {
            name: _figures(row, measured) for name, measured in results.items() if measured.samples
        }
        self.failures = {name: m.failure for name, m in results.items() if m.failure is not None}

    @property
    def ours(self) -> Figures | None:
        """The client of this repository."""
        return self.by_client.get(OURS.name)

    def best_peer(self, index: int) -> float | None:
        """Return the lowest median of the other Python clients: 0 for wall, 1 for CPU time."""
        others = [self.by_client[peer.name] for peer in OTHERS if peer.name in self.by_client]
        return min((other.values[index].median for other in others), default=None)

    def go(self, index: int) -> float | None:
        """Return the median of etcd's Go client: 0 for wall time, 1 for CPU time."""
        return self._median(GO.name, index)

    def floor(self, index: int) -> float | None:
        """Return the median of the floor: 0 for wall time, 1 for CPU time."""
        return self._median(FLOOR.name, index)

    def _median(self, name: str, index: int) -> float | None:
        client = self.by_client.get(name)
        return None if client is None else client.values[index].median


def _figures(row: Row, measured: Measured) -> Figures:
    samples = measured.samples
    if row.kind is Kind.MEMORY:
        return Figures(tuple(Figure(sample.resident / _MEBIBYTE, 0.0) for sample in samples))
    if row.kind is Kind.OPEN:
        each = row.work.operations * 1024.0
        return Figures(tuple(Figure(sample.resident / each, 0.0) for sample in samples))
    unit = row.work.operations * (_MILLISECOND if row.kind is Kind.IMPORT else _MICROSECOND)
    wall = Figure.of([sample.wall / unit for sample in samples])
    cpu = Figure.of([sample.cpu / unit for sample in samples])
    return Figures((wall, cpu))
