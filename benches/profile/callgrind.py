"""Runs the works of a row under callgrind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from benches.peers import OURS, Command
from benches.plan import Kind, Row
from benches.process import WorkerProcess
from benches.profile.build import FOLDER, build
from benches.profile.counts import Counts
from benches.runner import laboratory, receive
from benches.works import FILLED_KEYS, Work

# Two lengths of the same work: what is done once is in both, and their difference is without it.
_LONGER = 3
_WARM_UPS = 2
_FEW = 10
# The lowest is reported: what disturbs the server or the client adds to them.
_SAMPLES = 3
_TOOLS = ("valgrind", "callgrind_control", "cargo")


class ToolsMissingError(Exception):
    """Nothing can be counted on this machine."""


@dataclass(frozen=True)
class Profile:
    """What an operation of a row costs, and where the counts are for further tools."""

    row: Row
    counts: Counts
    # How much the second lowest sample is above.
    spread: float
    file: Path


def can_be_counted(row: Row) -> bool:
    """Whether the row is about the work of this client's process."""
    return row.kind in {Kind.WORK, Kind.RECEIVE} and (not row.only or OURS in row.only)


def profiles(rows: Iterable[Row]) -> Iterator[Profile]:
    """Build the package, and profile one row after another.

    Raises:
        ToolsMissingError: Valgrind or cargo is not installed.
    """
    missing = [tool for tool in _TOOLS if shutil.which(tool) is None]
    if missing:
        message = f"{' and '.join(missing)} not found: install valgrind, and cargo"
        raise ToolsMissingError(message)
    packages = build()
    for row in rows:
        print(f"{row.name}: instructions ...", file=sys.stderr, flush=True)
        yield profile(row, packages)


def profile(row: Row, packages: Path) -> Profile:
    """Count the instructions of a row's work, with a few of its operations.

    Args:
        row: The row.
        packages: The folder of the package to measure.
    """
    short = _short(row)
    long = replace(short, operations=_LONGER * short.operations)
    dumps = FOLDER / row.name
    shutil.rmtree(dumps, ignore_errors=True)
    dumps.mkdir(parents=True)
    with laboratory() as bench:
        if row.needs is not None:
            bench.helper.run(row.needs)
        worker = WorkerProcess(_command(packages, dumps))
        try:
            worker.open(bench.endpoint)

            def run(work: Work) -> None:
                if row.kind is Kind.RECEIVE:
                    receive(work, worker, bench.helper)
                else:
                    worker.run(work)

            for _ in range(_WARM_UPS):
                run(short)
            _control(worker, "--zero")
            for work in (short, long) * _SAMPLES:
                run(work)
                # Which also sets all counts to 0.
                _control(worker, "--dump")
        finally:
            worker.close()
    files = [dumps / f"callgrind.{1 + index}" for index in range(2 * _SAMPLES)]
    operations = long.operations - short.operations
    samples = [
        (Counts.read(more).minus(Counts.read(once)).divided(operations), more)
        for once, more in zip(files[::2], files[1::2], strict=True)
    ]
    (counts, file), (second, _), *_ = sorted(samples, key=lambda sample: sample[0].total)
    return Profile(row, counts, second.total - counts.total, file)


def _short(row: Row) -> Work:
    """Return a tenth of a row's work, but enough calls that no single one counts for much."""
    work = row.quick().work
    calls = work.operations // (FILLED_KEYS if work.kind == "get_prefix" else 1)
    return work if calls >= _FEW else row.work


def _command(packages: Path, dumps: Path) -> Command:
    worker = OURS.worker()
    path = os.pathsep.join([str(packages), worker.variables["PYTHONPATH"]])
    # Threads take turns, so that none of them runs when it would not have run by itself.
    options = ["--fair-sched=yes", f"--callgrind-out-file={dumps / 'callgrind'}"]
    return Command(
        ["valgrind", "--quiet", "--tool=callgrind", *options, *worker.line],
        {**worker.variables, "PYTHONPATH": path},
    )


def _control(worker: WorkerProcess, order: str) -> None:
    """Tell callgrind what to do, while the client waits for the next work."""
    command = ["callgrind_control", order, str(worker.pid)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    if "OK." not in done.stdout:
        message = f"{' '.join(command)}: {done.stdout}{done.stderr}"
        raise RuntimeError(message)
