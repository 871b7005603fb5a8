"""Running a function as a program of its own: for what happens to a whole process."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

# Python 3.12 warns of every fork beside threads. That it goes well is what the tests are for.
_ARGUMENTS = ("-W", "ignore::DeprecationWarning")


@dataclass(frozen=True)
class Outcome:
    """How a program ended."""

    code: int
    stderr: str
    seconds: float


def run_program(function: Callable[..., None], *arguments: str, within: float = 40) -> Outcome:
    """Run `function(*arguments)` in a new interpreter; not ending in time is an error."""
    source = f"import sys; from {function.__module__} import {function.__name__} as run; "
    command = [sys.executable, *_ARGUMENTS, "-c", f"{source}run(*sys.argv[1:])", *arguments]
    started = time.monotonic()
    ended = subprocess.run(command, capture_output=True, text=True, timeout=within, check=False)
    return Outcome(ended.returncode, ended.stderr, time.monotonic() - started)
