"""Draws the charts."""

from __future__ import annotations

from . import bars, lines
from .results import ASSETS, RESULTS


def charts(results: str) -> dict[str, str]:
    """Return every chart of the results, by the name of its file."""
    return {bars.FILE: bars.draw(bars.cpu_times(results)), **lines.charts(results)}


def main() -> None:
    """Write the files."""
    for name, chart in charts(RESULTS.read_text()).items():
        (ASSETS / name).write_text(chart)


if __name__ == "__main__":
    main()
