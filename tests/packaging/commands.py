"""Running the tools of packaging: maturin, pip and Python, with their output in the failure."""

import fcntl
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.environment import environment

REPOSITORY = Path(__file__).resolve().parents[2]
# Beside the interpreter of the development environment stand its tools, `protoc` among them.
TOOLS = Path(sys.executable).parent


def run(*command: str | Path, cwd: Path = REPOSITORY, env: Mapping[str, str] | None = None) -> str:
    """Runs a command and returns what it printed; raises with all of its output when it fails."""
    finished = subprocess.run(
        command,
        cwd=cwd,
        env=environment(PYTHONPATH=None) if env is None else env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if finished.returncode != 0:
        message = f"{command} ended with {finished.returncode}:\n{finished.stdout}"
        raise AssertionError(message)
    return finished.stdout


def maturin(*arguments: str | Path) -> None:
    """Runs the pinned maturin on the checkout, with the pinned `protoc`.

    One at a time, on whatever workers the tests run: it moves what cargo has built for a moment.
    """
    path = f"{TOOLS}{os.pathsep}{os.environ['PATH']}"
    with (REPOSITORY / "Cargo.toml").open() as alone:
        fcntl.flock(alone, fcntl.LOCK_EX)
        run(
            sys.executable, "-m", "maturin", *arguments, env=environment(PYTHONPATH=None, PATH=path)
        )


def only(paths: list[Path]) -> Path:
    """The one path that must be there."""
    assert len(paths) == 1, paths
    return paths[0]
