"""What the charts are drawn with."""

from __future__ import annotations

from collections.abc import Iterable
from xml.sax.saxutils import escape

WIDTH = 760
OURS, THEIRS, TEXT = "#0f9d8a", "#9aa3ad", "#767d86"


def chart(height: int, title: str, lines: Iterable[str]) -> str:
    """Return a whole file: a title, and what stands below it."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title)}" font-family="system-ui, sans-serif" font-size="13">'
    )
    heading = text(10, 26, title, 'font-size="15" font-weight="600"')
    return "\n".join([head, heading, *lines, "</svg>", ""])


def text(x: float, y: float, words: str, style: str, colour: str = TEXT) -> str:
    """Return a line of text."""
    return f'<text x="{x:.1f}" y="{y:g}" {style} fill="{colour}">{escape(words)}</text>'


def figure(microseconds: float) -> str:
    """Return a number as people read it: 4.3, 46, 1,467."""
    return f"{microseconds:.1f}" if microseconds < 20 else f"{microseconds:,.0f}"  # noqa: PLR2004
