"""The section of benches/README.md about growth: a chart and a table for each series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benches.figures import Figure
from benches.peers import GO
from benches.report import conditions, markdown, summary
from benches.runner import Measured
from benches.scale.measure import Points
from benches.scale.series import Series
from benches.works import Work
from scripts.charts import lines as charts

_NONE = "-"
_MICROSECOND = 1e-6

Both = tuple[Figure, Figure]


def report(
    measured: Mapping[str, tuple[Series, Points]], *, rounds: int, etcd: str, quick: bool
) -> str:
    """Return the whole section."""
    parts = [conditions(rounds, etcd)]
    for series, points in measured.values():
        parts += _series(series, points, series.works(quick=quick))
    return "\n\n".join(parts)


def _series(
    series: Series, points: Points, works: Mapping[int, Mapping[str, Work]]
) -> Iterator[str]:
    yield f"### {series.title}"
    described = f"{series.title}: time per operation, by the number of {series.axis}"
    yield f"![{described}]({charts.link(series)})"
    titles = [column.title for column in series.columns]
    beside_go = len(titles) > 1 and titles[1] == GO.name
    rows = []
    for count, row in points.items():
        found = [_both(row[title], works[count][title]) for title in titles]
        cells = [_cell(both) for both in found]
        rows.append([f"{count:,}", *cells, *([_ratio(found[0], found[1])] if beside_go else [])])
    yield markdown([series.axis, *titles, *(["ours / Go"] if beside_go else [])], rows)
    failures = {
        f"- {title}: {done.failure}"
        for row in points.values()
        for title, done in row.items()
        if done.failure is not None
    }
    if failures:
        yield "Failed:\n\n" + "\n".join(sorted(failures))


def _both(measured: Measured, work: Work) -> Both | None:
    """Return the wall and the CPU time of an operation, in microseconds."""
    if measured.failure is not None:
        return None
    unit = work.operations * _MICROSECOND
    wall = Figure.of([sample.wall / unit for sample in measured.samples])
    return wall, Figure.of([sample.cpu / unit for sample in measured.samples])


def _cell(both: Both | None) -> str:
    if both is None:
        return _NONE
    return " / ".join(summary(figure) for figure in both)


def _ratio(ours: Both | None, theirs: Both | None) -> str:
    if ours is None or theirs is None:
        return _NONE
    ratios = (mine.median / other.median for mine, other in zip(ours, theirs, strict=True))
    return " / ".join(f"{ratio:.2f}" for ratio in ratios)
