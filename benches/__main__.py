"""Runs the benchmark: `python -m benches --help`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from fnmatch import fnmatch
from pathlib import Path

from benches.figures import RowFigures
from benches.peers import (
    FLOOR,
    IN_THREADS,
    NATIVE,
    OTHERS,
    OURS,
    OURS_ON_UVLOOP,
    AnyPeer,
    UnavailableError,
)
from benches.plan import Row, rows
from benches.profile.callgrind import ToolsMissingError, can_be_counted, profiles
from benches.profile.report import summary
from benches.report import report
from benches.runner import measure
from benches.scale import command
from etcd_client.testing import LocalLauncher
from etcd_client.testing._launch.binaries import find_etcd
from etcd_client.testing._launch.launcher import etcd_version
from scripts.charts import __main__ as charts

_README = Path(__file__).with_name("README.md")


def main() -> None:
    """Measure, print, and leave: a missed budget is no failure, a benchmark is no test."""
    options = _options()
    if options.scale:
        _show(command.run(options, _etcd_version(), _can_be_prepared), "scale", options)
    else:
        _show(_compare(options), "results", options)


def _compare(options: argparse.Namespace) -> str:
    selected = _selected_rows(options)
    own = [OURS, *([OURS_ON_UVLOOP] if options.uvloop else [])]
    peers = _available([*own, *OTHERS, *IN_THREADS, *NATIVE, FLOOR])
    table: dict[str, RowFigures] = {}
    for row in selected:
        print(f"{row.name} ...", file=sys.stderr, flush=True)
        table[row.name] = RowFigures(row, measure(row, peers, options.rounds))
    text = report(table, peers, options.rounds, _etcd_version())
    if options.instructions:
        text += f"\n\n{_instructions(selected)}"
    return text


def _instructions(selected: Iterable[Row]) -> str:
    try:
        return summary(profiles(row for row in selected if can_be_counted(row)))
    except ToolsMissingError as error:
        return f"No instructions: {error}."


def _etcd_version() -> str:
    return ".".join(map(str, etcd_version(LocalLauncher(find_etcd()))))


def _show(text: str, section: str, options: argparse.Namespace) -> None:
    print(text)
    if options.write_readme:
        _write_readme(text, section)
        charts.main()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benches",
        description="Compare this client with its peers and with a raw-socket floor.",
    )
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        help="only the rows or series of this name or pattern, such as get-64 or 'watch*'; "
        "repeatable",
    )
    parser.add_argument(
        "--instructions",
        action="store_true",
        help="also count the instructions of this client, with valgrind",
    )
    parser.add_argument(
        "--list", action="store_true", help="print the names of the rows, or series"
    )
    parser.add_argument(
        "--scale", action="store_true", help="measure how costs grow instead: series, not rows"
    )
    parser.add_argument(
        "--rounds",
        type=int,
        help=f"samples of each client in each row (7), or point of a series ({command.ROUNDS})",
    )
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the operations, and 2 rounds"
    )
    parser.add_argument("--uvloop", action="store_true", help="also measure ours on uvloop")
    parser.add_argument(
        "--memory-operations",
        type=int,
        default=100_000,
        metavar="N",
        help="operations of the row about memory (100000)",
    )
    parser.add_argument(
        "--write-readme",
        action="store_true",
        help="put the report into benches/README.md too, and draw its charts",
    )
    options = parser.parse_args()
    if options.rounds is None:
        options.rounds = 2 if options.quick else command.ROUNDS if options.scale else 7
    if options.rounds < 1 or options.memory_operations < 1:
        parser.error("--rounds and --memory-operations are 1 at least")
    if options.write_readme and options.only:
        parser.error("--write-readme writes all of a section: leave out --only")
    return options


def _selected_rows(options: argparse.Namespace) -> list[Row]:
    everything = rows(options.memory_operations)
    if options.list:
        for row in everything:
            print(f"{row.name:15}{row.title}")
        sys.exit()
    patterns: Sequence[str] = options.only or ["*"]
    selected = [row for row in everything if any(fnmatch(row.name, p) for p in patterns)]
    if not selected:
        sys.exit(f"no row is named {' or '.join(patterns)}; --list names them all")
    return [row.quick() for row in selected] if options.quick else selected


def _available(peers: Sequence[AnyPeer]) -> list[AnyPeer]:
    """Return the peers that can be installed on this machine, and name those that cannot."""
    return [peer for peer in peers if _can_be_prepared(peer)]


def _can_be_prepared(peer: AnyPeer) -> bool:
    try:
        peer.worker()
    except UnavailableError as error:
        print(f"left out, {error}: {peer.name}", file=sys.stderr)
        return False
    return True


def _write_readme(text: str, section: str) -> None:
    begin, end = f"<!-- {section}: begin -->\n", f"<!-- {section}: end -->\n"
    before, _, rest = _README.read_text().partition(begin)
    _old, _, after = rest.partition(end)
    _README.write_text(f"{before}{begin}\n{text}\n\n{end}{after}")


if __name__ == "__main__":
    main()
