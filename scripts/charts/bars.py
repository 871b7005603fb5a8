"""The chart of four clients' CPU time: a panel for each kind of work, a bar for each client."""

from __future__ import annotations

from . import svg
from .results import medians, section, table

FILE = "speed.svg"

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

PANEL_WIDTH, LABEL_WIDTH = 370, 138
TOP, TITLE_HEIGHT, BAR_HEIGHT, BAR_STEP, PANEL_HEIGHT = 58, 24, 15, 21, 124


def cpu_times(text: str) -> dict[str, dict[str, float]]:
    """Return the CPU time per operation in microseconds, by row and client."""
    rows = table(section(text, "results").partition("| budget |")[0])
    columns = {
        name: next(index for index, column in enumerate(rows[0]) if column.startswith(name))
        for name in CLIENTS
    }
    return {
        row[0]: {name: medians(row[column])[1] for name, column in columns.items()}
        for row in rows
        if row[0] in PANELS
    }


def draw(times: dict[str, dict[str, float]]) -> str:
    """Return the chart: a panel for each kind of work, a bar for each client."""
    height = TOP + PANEL_HEIGHT * ((len(PANELS) + 1) // 2)
    title = "CPU time of the client per operation, in microseconds: shorter is better"
    lines: list[str] = []
    for index, (row, name) in enumerate(PANELS.items()):
        x, y = 10 + (index % 2) * (PANEL_WIDTH + 10), TOP + (index // 2) * PANEL_HEIGHT
        lines += _panel(x, y, name, times[row])
    return svg.chart(height, title, lines)


def _panel(x: int, y: int, name: str, times: dict[str, float]) -> list[str]:
    lines = [svg.text(x, y, name, 'font-weight="600"')]
    longest = max(times.values())
    for index, (client, label) in enumerate(CLIENTS.items()):
        top = y + TITLE_HEIGHT - 12 + index * BAR_STEP
        # Room for the figure behind the bar.
        length = max(2.0, times[client] / longest * (PANEL_WIDTH - LABEL_WIDTH - 52))
        colour, weight = (svg.OURS, "600") if client == "ours" else (svg.THEIRS, "400")
        bar, baseline, style = x + LABEL_WIDTH, top + BAR_HEIGHT - 3, f'font-weight="{weight}"'
        size = f'width="{length:.1f}" height="{BAR_HEIGHT}"'
        lines += [
            svg.text(bar - 8, baseline, label, f'text-anchor="end" {style}'),
            f'<rect x="{bar}" y="{top}" {size} rx="2" fill="{colour}"/>',
            svg.text(bar + length + 6, baseline, svg.figure(times[client]), style),
        ]
    return lines
