"""Runs the benchmark: `python -m benches --help`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
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
from benches.report import report
from benches.runner import measure
from etcd_client.testing import LocalLauncher
from etcd_client.testing._launch.binaries import find_etcd
from etcd_client.testing._launch.launcher import etcd_version

_README = Path(__file__).with_name("README.md")
_BEGIN, _END = "<!-- results: begin -->\n", "<!-- results: end -->\n"


def main() -> None:
    """Measure, print, and leave: a missed budget is no failure, a benchmark is no test."""
    options = _options()
    selected = _selected_rows(options)
    own = [OURS, *([OURS_ON_UVLOOP] if options.uvloop else [])]
    peers = _available([*own, *OTHERS, *IN_THREADS, *NATIVE, FLOOR])
    table: dict[str, RowFigures] = {}
    for row in selected:
        print(f"{row.name} ...", file=sys.stderr, flush=True)
        table[row.name] = RowFigures(row, measure(row, peers, options.rounds))
    version = ".".join(map(str, etcd_version(LocalLauncher(find_etcd()))))
    text = report(table, peers, options.rounds, version)
    print(text)
    if options.write_readme:
        _write_readme(text)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benches",
        description="Compare this client with its peers and with a raw-socket floor.",
    )
    parser.add_argument(
        "--only",
        action="append",
        metavar="NAME",
        help="only the rows of this name or pattern, such as get-64 or 'watch*'; repeatable",
    )
    parser.add_argument("--list", action="store_true", help="print the names of the rows")
    parser.add_argument("--rounds", type=int, help="samples of each client in each row (7)")
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
        "--write-readme", action="store_true", help="put the report into benches/README.md too"
    )
    options = parser.parse_args()
    if options.rounds is None:
        options.rounds = 2 if options.quick else 7
    if options.rounds < 1 or options.memory_operations < 1:
        parser.error("--rounds and --memory-operations are 1 at least")
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


def _write_readme(text: str) -> None:
    before, _, rest = _README.read_text().partition(_BEGIN)
    _old, _, after = rest.partition(_END)
    _README.write_text(f"{before}{_BEGIN}\n{text}\n\n{_END}{after}")


if __name__ == "__main__":
    main()
