"""Profiles the hot paths: `python -m benches.profile --help`."""

from __future__ import annotations

import argparse
import sys
from fnmatch import fnmatch

from benches.plan import Row, rows
from benches.profile.callgrind import ToolsMissingError, can_be_counted, profiles
from benches.profile.report import report

_HOT_PATHS = ("get-64", "get-1", "watch-only", "get_prefix", "get-1MiB", "cache-event")


def main() -> None:
    """Print a profile of each path."""
    options = _options()
    selected = _selected(options.only or _HOT_PATHS)
    try:
        for done in profiles(selected):
            print(report(done, options.top), end="\n\n", flush=True)
    except ToolsMissingError as error:
        sys.exit(str(error))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benches.profile",
        description="Count the instructions of this client's hot paths, function by function.",
    )
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        help="only the rows of the benchmark of this name or pattern; repeatable; "
        f"by default {', '.join(_HOT_PATHS)}",
    )
    parser.add_argument("--top", type=int, default=15, help="lines of each list (15)")
    return parser.parse_args()


def _selected(patterns: list[str] | tuple[str, ...]) -> list[Row]:
    countable = [row for row in rows(1) if can_be_counted(row)]
    selected = [row for row in countable if any(fnmatch(row.name, p) for p in patterns)]
    if not selected:
        names = ", ".join(row.name for row in countable)
        sys.exit(f"no path is named {' or '.join(patterns)}: there are {names}")
    return selected


if __name__ == "__main__":
    main()
