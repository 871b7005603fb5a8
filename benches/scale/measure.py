"""Measures a series: every round takes a sample of each client at each number.

So a disturbance of the machine, or a slow drift of its speed, meets all points of a chart alike.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping

from benches.process import WorkerError
from benches.runner import Measured, Workers, laboratory, receive
from benches.sample import Sample
from benches.scale.series import Column, Series
from benches.works import Work

Points = Mapping[int, Mapping[str, Measured]]


def measure(series: Series, rounds: int, *, quick: bool) -> Points:
    """Take the samples of a series; those of a first round, the warm-up, are forgotten."""
    works = series.works(quick=quick)
    points = {n: {column.title: Measured() for column in series.columns} for n in works}
    with laboratory() as bench:
        for count in works:
            bench.helper.run(series.needs(count))
        for index in range(rounds + 1):
            for count, work in works.items():
                first = index % len(series.columns)
                for column in (*series.columns[first:], *series.columns[:first]):
                    measured = points[count][column.title]
                    if measured.failure is None:
                        _take(column, work[column.title], bench, measured, keep=index > 0)
    return points


def _take(column: Column, work: Work, bench: Workers, measured: Measured, *, keep: bool) -> None:
    try:
        sample = _sample(column, work, bench)
    except WorkerError as error:
        print(f"{column.title}: {error}", file=sys.stderr)
        measured.failure = str(error).splitlines()[-1]
        return
    if keep:
        measured.samples.append(sample)


def _sample(column: Column, work: Work, bench: Workers) -> Sample:
    worker = bench.of(column.peer)
    return receive(work, worker, bench.helper) if column.receives else worker.run(work)
