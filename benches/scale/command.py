"""`make bench ARGS="--scale"`: which series, and what becomes of them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from fnmatch import fnmatch

from benches.peers import AnyPeer
from benches.scale.measure import Points, measure
from benches.scale.report import report
from benches.scale.series import Series, every_series, without

ROUNDS = 5


def run(options: argparse.Namespace, etcd: str, is_available: Callable[[AnyPeer], bool]) -> str:
    """Measure the series that the options select, and return the report."""
    if options.list:
        for series in every_series():
            print(f"{series.name:15}{series.title}")
        sys.exit()
    selected = _selected(options.only or ["*"])
    peers = {column.peer.name: column.peer for series in selected for column in series.columns}
    missing = [peer for peer in peers.values() if not is_available(peer)]
    measured: dict[str, tuple[Series, Points]] = {}
    for whole in selected:
        series = without(whole, missing)
        print(f"{series.name} ...", file=sys.stderr, flush=True)
        measured[series.name] = series, measure(series, options.rounds, quick=options.quick)
    return report(measured, rounds=options.rounds, etcd=etcd, quick=options.quick)


def _selected(patterns: Sequence[str]) -> list[Series]:
    selected = [
        series for series in every_series() if any(fnmatch(series.name, p) for p in patterns)
    ]
    if not selected:
        names = ", ".join(series.name for series in every_series())
        sys.exit(f"no series is named {' or '.join(patterns)}: there are {names}")
    return selected
