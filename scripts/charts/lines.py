"""The charts of how costs grow: a diagram beside another, a line for each client."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from benches.scale.series import Panel, Series, every_series

from . import svg
from .results import medians, section, table

HEIGHT, TOP, BOTTOM, LEFT, GAP = 296, 88, 250, 46, 30
_MOST_TICKS = 5
_THOUSAND = 1_000

# The times of each column, wall and CPU, by the number.
Times = dict[str, dict[int, tuple[float, float]]]


def file_of(series: Series) -> str:
    """Return the name of a series' chart."""
    return f"scale-{series.name}.svg"


def times(series: Series, results: str) -> Times:
    """Return what the results have of a series, without clients that have no figures."""
    part = section(results, "scale").partition(f"]({link(series)})")[2].partition("###")[0]
    titles, *rows = table(part)
    found = {
        title: {
            int(row[0].replace(",", "")): medians(row[index]) for row in rows if row[index] != "-"
        }
        for index, title in enumerate(titles)
        if title in {column.title for column in series.columns}
    }
    return {title: figures for title, figures in found.items() if figures}


def link(series: Series) -> str:
    """Return the address of the chart in benches/README.md."""
    return f"../docs/assets/{file_of(series)}"


def charts(results: str) -> dict[str, str]:
    """Return the chart of each series that the results have, by the name of its file."""
    return {
        file_of(series): draw(series, times(series, results))
        for series in every_series()
        if f"]({link(series)})" in results
    }


def draw(series: Series, found: Times) -> str:
    """Return a chart."""
    step = (svg.WIDTH - 20) / len(series.panels)
    lines: list[str] = []
    for index, panel in enumerate(series.panels):
        columns = {title: found[title] for title in panel.columns if title in found}
        if not columns:
            continue
        points = {
            title: [(count, both[panel.meter]) for count, both in column.items()]
            for title, column in columns.items()
        }
        frame = _Frame(
            10 + LEFT + index * step, step - GAP - LEFT, series.counts, _scale(panel, points)
        )
        lines += _panel(panel, series.axis, frame, points)
    return svg.chart(HEIGHT, series.title, lines)


@dataclass(frozen=True)
class _Scale:
    """The times of a diagram, from the lowest to the top: from 0, unless by their logarithm."""

    lowest: float
    top: float

    def share(self, time: float) -> float:
        """Return how far up a time is."""
        if not self.lowest:
            return time / self.top
        return math.log(time / self.lowest) / math.log(self.top / self.lowest)

    def ticks(self) -> Sequence[float]:
        """Return round numbers within the scale, a few of them."""
        if self.lowest:
            first, last = (math.floor(math.log10(time)) for time in (self.lowest, self.top))
            return [power for power in _powers(first, last) if self.lowest <= power <= self.top]
        power = 10.0 ** math.floor(math.log10(self.top / _MOST_TICKS))
        step = next(n * power for n in (1, 2, 5, 10) if self.top / (n * power) <= _MOST_TICKS)
        return [round(index * step, 6) for index in range(int(self.top / step) + 1)]


@dataclass(frozen=True)
class _Frame:
    """Where numbers, by their logarithm, and times are."""

    left: float
    width: float
    counts: tuple[int, ...]
    scale: _Scale

    def x(self, count: int) -> float:
        """Return the place of a number."""
        first, last = math.log(self.counts[0]), math.log(self.counts[-1])
        return self.left + self.width * (math.log(count) - first) / (last - first)

    def y(self, time: float) -> float:
        """Return the place of a time."""
        return BOTTOM - (BOTTOM - TOP) * self.scale.share(time)


_Points = dict[str, list[tuple[int, float]]]


def _powers(first: int, last: int) -> list[float]:
    return [10.0**exponent for exponent in range(first, last + 1)]


def _scale(panel: Panel, points: _Points) -> _Scale:
    drawn = [time for line in points.values() for _, time in line]
    lowest = 10.0 ** math.floor(math.log10(min(drawn))) if panel.logarithmic else 0
    return _Scale(lowest, max(drawn) * 1.05)


def _panel(panel: Panel, axis: str, frame: _Frame, points: _Points) -> Iterator[str]:
    yield svg.text(frame.left - LEFT + 10, 52, panel.title, 'font-weight="600"')
    yield from _axes(axis, frame)
    legend = frame.left
    for index, title in enumerate(points):
        # Ours comes first, and is drawn over the others.
        colour = svg.THEIRS if index else svg.OURS
        if len(points) > 1:
            yield _dot(legend + 4, 68, colour)
            yield svg.text(legend + 13, 72, title, 'font-size="12"')
            legend += 34 + 6.6 * len(title)
    for index, line in reversed([*enumerate(points.values())]):
        yield from _line(line, frame, svg.THEIRS if index else svg.OURS)


def _axes(axis: str, frame: _Frame) -> Iterator[str]:
    right = frame.left + frame.width
    for tick in frame.scale.ticks():
        y = frame.y(tick)
        yield (
            f'<line x1="{frame.left:.1f}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}" '
            f'stroke="{svg.TEXT}" stroke-opacity="{0.25 if y < BOTTOM else 0.8}"/>'
        )
        yield svg.text(frame.left - 7, round(y + 4, 1), f"{tick:,g}", _SMALL + ' text-anchor="end"')
    for count in frame.counts:
        yield svg.text(frame.x(count), BOTTOM + 17, _short(count), _SMALL + _CENTRED)
    yield svg.text(frame.left + frame.width / 2, BOTTOM + 36, axis, 'font-size="12"' + _CENTRED)


_SMALL, _CENTRED = 'font-size="11"', ' text-anchor="middle"'


def _short(count: int) -> str:
    return str(count) if count < _THOUSAND else f"{count // _THOUSAND}k"


def _line(points: Iterable[tuple[int, float]], frame: _Frame, colour: str) -> Iterator[str]:
    places = [(frame.x(count), frame.y(time)) for count, time in points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>'
    for x, y in places:
        yield _dot(x, y, colour)


def _dot(x: float, y: float, colour: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>'
