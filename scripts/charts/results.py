"""Reads the tables of benches/README.md."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benches" / "README.md"
ASSETS = ROOT / "docs" / "assets"

_FIGURE = re.compile(r"(?P<median>[\d.]+)(?: ±[\d.]+)?")


def section(text: str, name: str) -> str:
    """Return what stands between two marks, such as `<!-- scale: begin -->`."""
    return text.partition(f"<!-- {name}: begin -->")[2].partition(f"<!-- {name}: end -->")[0]


def table(text: str) -> list[list[str]]:
    """Return the cells of the lines of tables, without the lines below the titles."""
    lines = (line.strip().strip("|").split("|") for line in text.splitlines() if line[:1] == "|")
    return [[cell.strip() for cell in line] for line in lines if set(line[0].strip()) != {"-"}]


def medians(cell: str) -> tuple[float, float]:
    """Return the wall and the CPU time of `wall ±spread / CPU ±spread`."""
    found = [_FIGURE.fullmatch(part) for part in cell.split(" / ")]
    if len(found) != 2 or found[0] is None or found[1] is None:  # noqa: PLR2004 - wall and CPU
        message = f"no times: {cell!r}"
        raise ValueError(message)
    return float(found[0]["median"]), float(found[1]["median"])
