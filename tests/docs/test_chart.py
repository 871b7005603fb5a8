"""The chart of the README shows the figures of the benchmarks."""

from scripts import generate_chart


def test_the_chart_is_that_of_the_results() -> None:
    """Otherwise: `make generate`."""
    times = generate_chart.cpu_times(generate_chart.RESULTS.read_text())
    assert times.keys() == generate_chart.PANELS.keys()
    assert generate_chart.CHART.read_text() == generate_chart.draw(times)
