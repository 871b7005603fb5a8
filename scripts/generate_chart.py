"""Draws docs/assets/speed.svg from the results in benches/README.md: `make generate`.

The colours are readable on light and on dark pages, as code hosts and package pages show the file
on either.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benches" / "README.md"
CHART = ROOT / "docs" / "assets" / "speed.svg"

# The rows of the table that are drawn, and what they are called there.
PANELS = {
    "get, 64 tasks": "get, 64 at a time",
    "put, 64 tasks": "put, 64 at a time",
    "watch alone, another process puts, per event": "watch, each event",
    "with_lock, one after another": "lock and unlock",
}
# The columns that are drawn.
CLIENTS = {
    "ours": "etcd-client-py 0.6",
    "etcetra": "etcetra",
    "aetcd": "aetcd",
    "etcd-client-py 0.5.1": "etcd-client-py 0.5.1",
}

WIDTH, PANEL_WIDTH, LABEL_WIDTH = 760, 370, 138
TOP, TITLE_HEIGHT, BAR_HEIGHT, BAR_STEP, PANEL_HEIGHT = 58, 24, 15, 21, 124
OURS, THEIRS, TEXT = "#0f9d8a", "#9aa3ad", "#767d86"


def cpu_times(text: str) -> dict[str, dict[str, float]]:
    """Return the CPU time per operation in microseconds, by row and client."""
    table = text.partition("<!-- results: begin -->")[2].partition("| budget |")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in table.splitlines()
        if line.startswith("| ")
    ]
    columns = {
        name: next(index for index, column in enumerate(rows[0]) if column.startswith(name))
        for name in CLIENTS
    }
    return {
        row[0]: {name: _cpu(row[column]) for name, column in columns.items()}
        for row in rows
        if row[0] in PANELS
    }


def _cpu(cell: str) -> float:
    """Return the second figure of `wall ±spread / CPU ±spread`."""
    found = re.fullmatch(r"[\d.]+ ±[\d.]+ / ([\d.]+) ±[\d.]+", cell)
    if found is None:
        message = f"no times: {cell!r}"
        raise ValueError(message)
    return float(found[1])


def draw(times: dict[str, dict[str, float]]) -> str:
    """Return the chart: a panel for each kind of work, a bar for each client."""
    height = TOP + PANEL_HEIGHT * ((len(PANELS) + 1) // 2)
    title = "CPU time of the client per operation, in microseconds: shorter is better"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="13">'
    )
    lines = [head, _text(10, 26, title, 'font-size="15" font-weight="600"')]
    for index, (row, name) in enumerate(PANELS.items()):
        x, y = 10 + (index % 2) * (PANEL_WIDTH + 10), TOP + (index // 2) * PANEL_HEIGHT
        lines += _panel(x, y, name, times[row])
    return "\n".join([*lines, "</svg>", ""])


def _panel(x: int, y: int, name: str, times: dict[str, float]) -> list[str]:
    lines = [_text(x, y, name, 'font-weight="600"')]
    longest = max(times.values())
    for index, (client, label) in enumerate(CLIENTS.items()):
        top = y + TITLE_HEIGHT - 12 + index * BAR_STEP
        # Room for the figure behind the bar.
        length = max(2.0, times[client] / longest * (PANEL_WIDTH - LABEL_WIDTH - 52))
        colour, weight = (OURS, "600") if client == "ours" else (THEIRS, "400")
        bar, baseline, style = x + LABEL_WIDTH, top + BAR_HEIGHT - 3, f'font-weight="{weight}"'
        size = f'width="{length:.1f}" height="{BAR_HEIGHT}"'
        lines += [
            _text(bar - 8, baseline, label, f'text-anchor="end" {style}'),
            f'<rect x="{bar}" y="{top}" {size} rx="2" fill="{colour}"/>',
            _text(bar + length + 6, baseline, _figure(times[client]), style),
        ]
    return lines


def _text(x: float, y: float, text: str, style: str) -> str:
    return f'<text x="{x:.1f}" y="{y}" {style} fill="{TEXT}">{escape(text)}</text>'


def _figure(microseconds: float) -> str:
    """Return a number as people read it: 4.3, 46, 1,467."""
    return f"{microseconds:.1f}" if microseconds < 20 else f"{microseconds:,.0f}"  # noqa: PLR2004


if __name__ == "__main__":
    CHART.write_text(draw(cpu_times(RESULTS.read_text())))
