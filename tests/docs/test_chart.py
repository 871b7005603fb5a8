"""The charts show the figures of the benchmarks."""

import re

import pytest

from benches.scale.series import every_series
from scripts.charts import bars, lines, results
from scripts.charts.__main__ import charts

RESULTS = results.RESULTS.read_text()
SERIES = {series.name: series for series in every_series()}


def test_the_charts_are_those_of_the_results() -> None:
    """Otherwise: `make generate`."""
    drawn = charts(RESULTS)
    assert drawn.keys() == {bars.FILE, *map(lines.file_of, SERIES.values())}
    for name, chart in drawn.items():
        assert (results.ASSETS / name).read_text() == chart, name


def test_all_clients_are_in_the_chart_of_the_readme() -> None:
    assert bars.cpu_times(RESULTS).keys() == bars.PANELS.keys()


@pytest.mark.parametrize("name", SERIES)
def test_a_series_has_a_point_for_each_of_its_numbers(name: str) -> None:
    series = SERIES[name]
    times = lines.times(series, RESULTS)
    assert [*times] == [column.title for column in series.columns]
    for column in times.values():
        assert tuple(column) == series.counts
    chart = lines.draw(series, times)
    assert chart.count("<polyline") == sum(len(panel.columns) for panel in series.panels)
    assert series.axis in chart


@pytest.mark.parametrize("name", SERIES)
def test_lines_rise_with_the_figures(name: str) -> None:
    """Each point stands where its number and its time are, and within its diagram."""
    series = SERIES[name]
    times = lines.times(series, RESULTS)
    drawn = re.findall(r'<polyline points="([^"]+)"', lines.draw(series, times))
    expected = [
        (panel, [both[panel.meter] for both in times[title].values()])
        for panel in series.panels
        for title in reversed(panel.columns)
    ]
    for path, (panel, figures) in zip(drawn, expected, strict=True):
        places = [tuple(map(float, place.split(","))) for place in path.split()]
        assert [x for x, _ in places] == sorted(x for x, _ in places)
        # The greater a time, the nearer to the top.
        heights = [lines.BOTTOM - y for _, y in places]
        if panel.logarithmic:
            by_figure = sorted(zip(figures, heights, strict=True))
            assert [height for _, height in by_figure] == sorted(heights)
            continue
        # The greatest one is the least rounded.
        scale = max(heights) / max(figures)
        assert heights == pytest.approx([figure * scale for figure in figures], abs=0.3)
        assert all(lines.TOP <= y <= lines.BOTTOM for _, y in places)


def test_a_missing_client_leaves_the_others_in_the_chart() -> None:
    """As on a machine without Go."""
    series = SERIES["tasks"]
    text = f"""<!-- scale: begin -->
![tasks]({lines.link(series)})

| tasks | ours | Go clientv3 3.7.3 | ours / Go |
| --- | --- | --- | --- |
| 1 | 172 ±8.37 / 72.2 ±3.95 | - | - |
| 10,000 | 30 / 12 | - | - |
<!-- scale: end -->
"""
    assert lines.times(series, text)["ours"] == {1: (172, 72.2), 10_000: (30, 12)}
    (chart,) = lines.charts(text).values()
    assert chart.count("<polyline") == 2


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(ValueError, match="no times: 'failed'"):
        results.medians("failed")
