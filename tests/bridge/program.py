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
    """From the function's first line to the end of the process."""
    startup: float
    """For the interpreter and its imports, which take long where the machine does much else."""

    @property
    def at_once(self) -> bool:
        """Whether the process ended without a wait, on a machine as busy as it was."""
        return self.seconds < 3 + self.startup


def run_program(function: Callable[..., None], *arguments: str, within: float = 40) -> Outcome:
    """Run `function(*arguments)` in a new interpreter; not ending in time is an error."""
    source = f"import sys, time; from {function.__module__} import {function.__name__} as run; "
    source += "print(time.monotonic(), flush=True); run(*sys.argv[1:])"
    command = [sys.executable, *_ARGUMENTS, "-c", source, *arguments]
    started = time.monotonic()
    ended = subprocess.run(command, capture_output=True, text=True, timeout=within, check=False)
    over = time.monotonic()
    # The clock is the machine's, not the process's.
    began = float(ended.stdout.split("\n", 1)[0] or started)
    return Outcome(ended.returncode, ended.stderr, over - began, began - started)
