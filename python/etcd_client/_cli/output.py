"""What the commands print: JSON, tables and colours for a terminal, or plain text."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

Progress = Callable[[int, int], None]
"""Called with the number of bytes received and the number of remaining bytes."""

_ANY_WIDTH = 10_000
_STYLES = {"ok": "green", "warning": "yellow", "problem": "bold red"}


class Output:
    """Prints results to stdout, and what only people read to stderr.

    The package `rich` draws the tables and progress bars of terminals where it is installed.

    Args:
        as_json: Whether results are JSON.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._console = None if as_json else _console(stderr=False)

    def document(self, document: dict[str, Any]) -> None:
        """Print a result as JSON."""
        print(json.dumps(document, indent=2))

    def record(self, record: dict[str, Any]) -> None:
        """Print one of many results as JSON, on a line of its own, at once."""
        print(json.dumps(record), flush=True)

    def line(self, text: str) -> None:
        """Print a line of text, at once."""
        print(text, flush=True)

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table."""
        if self._console is not None:
            from rich.table import Table
            from rich.text import Text

            table = Table(*headings, header_style="bold")
            for row in rows:
                table.add_row(*map(Text, row))
            # One that is too wide would lose parts of what people copy from it.
            options = self._console.options.update(max_width=_ANY_WIDTH)
            if self._console.measure(table, options=options).maximum <= self._console.width:
                self._console.print(table)
                return
        _plain_table(headings, rows)

    def finding(self, state: str, name: str, detail: str, advice: str) -> None:
        """Print what was found to be ok, a warning or a problem, and what to do."""
        if self._console is None:
            print(f"  {state:8} {name:9} {detail}")
        else:
            from rich.text import Text

            style = _STYLES[state]
            self._console.print(Text.assemble("  ", (f"{state:8}", style), f" {name:9} {detail}"))
        if advice:
            print(f"  {'':8} {'':9} -> {advice}")

    def note(self, text: str) -> None:
        """Tell a person something that is no result."""
        print(text, file=sys.stderr, flush=True)

    def error(self, text: str) -> None:
        """Tell why the command has failed."""
        self.note(f"error: {text}")

    @contextmanager
    def progress(self, name: str) -> Iterator[Progress | None]:
        """Show how far a transfer is, on terminals only."""
        if not sys.stderr.isatty():
            yield None
        elif (console := _console(stderr=True)) is None:
            yield lambda received, remaining: _plain_progress(name, received, received + remaining)
            print(file=sys.stderr)
        else:
            from rich import progress

            columns = (
                progress.TextColumn("{task.description}", markup=False),
                progress.BarColumn(),
                progress.DownloadColumn(binary_units=True),
                progress.TransferSpeedColumn(),
            )
            with progress.Progress(*columns, console=console) as bar:
                task = bar.add_task(name, total=None)
                yield lambda received, remaining: bar.update(
                    task, completed=received, total=received + remaining
                )


def size(count: int) -> str:
    """Return a number of bytes as people read it."""
    amount, unit = float(count), "B"
    for larger in ("KiB", "MiB", "GiB", "TiB"):
        if amount < 1024:  # noqa: PLR2004 - the units
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"


def identifier(number: int) -> str:
    """Return an id as etcd's own tools print it."""
    return f"{number:x}"


def printable(data: bytes) -> str:
    """Return bytes as text of one line, without anything that a terminal would obey."""
    text = data.decode(errors="backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def json_bytes(name: str, data: bytes) -> dict[str, str]:
    """Return bytes as a field of JSON: text if they are UTF-8, base64 under another name if not."""
    try:
        return {name: data.decode()}
    except UnicodeDecodeError:
        import base64

        return {f"{name}_base64": base64.b64encode(data).decode()}


def _plain_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    lines = [headings, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  ".join(cells).rstrip())


def _plain_progress(name: str, received: int, total: int) -> None:
    print(f"\r{name}: {size(received)} of {size(total)}", end="", file=sys.stderr, flush=True)


def _console(*, stderr: bool) -> Console | None:
    stream = sys.stderr if stderr else sys.stdout
    if not stream.isatty():
        return None
    try:
        from rich.console import Console
    except ImportError:
        return None
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False)
