"""Running the command line."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from etcd_client.testing import eventually
from tests.support.environment import environment

Finished = subprocess.CompletedProcess[str]
Run = Callable[..., Finished]
Start = Callable[..., "subprocess.Popen[str]"]

# The milliseconds of a read from which on a check warns, and where it says what one takes.
_SLOW = 100
_READ = re.compile(r"a read takes (\d+\.\d) ms")

COMMAND = [sys.executable, "-W", "error", "-m", "etcd_client"]


def run_check(run: Run, *arguments: str, **changes: str) -> Finished:
    """Run a check, and again while the machine is so slow that it warns of the reads."""

    def finished() -> Finished | None:
        finished = run(*arguments, **changes)
        read = _READ.search(finished.stdout)
        return None if read and float(read[1]) > _SLOW else finished

    return eventually(finished, within=40)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that runs a command to its end."""

    def run(*arguments: str, **changes: str) -> Finished:
        return subprocess.run(
            [*COMMAND, *arguments],
            env=environment(**changes),
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=50,
        )

    return run


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Yield a function that starts a command, which is ended with the test."""
    with ExitStack() as processes:

        def start(*arguments: str, **options: object) -> subprocess.Popen[str]:
            streams: dict[str, object] = {
                "stdin": subprocess.DEVNULL,
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                **options,
            }
            process = subprocess.Popen(  # type: ignore[call-overload]
                [*COMMAND, *arguments], env=environment(), cwd=tmp_path, text=True, **streams
            )
            processes.enter_context(process)
            processes.callback(process.kill)
            return process  # type: ignore[no-any-return]

        yield start
