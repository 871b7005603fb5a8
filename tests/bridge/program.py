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
    exit: float
    """From the function's end to that of the process."""
    startup: float
    """For the interpreter and its imports, which take long where the machine does much else."""

    @property
    def at_once(self) -> bool:
        """Whether the process ended without a wait, on a machine as busy as it was.

        A cleanup would wait for 5 seconds, and a call for 10. The function itself has longer: it
        may start threads that leave it little of the processor.
        """
        return self.exit < 4.5 + self.startup and self.seconds < 15 + self.startup


def run_program(function: Callable[..., None], *arguments: str, within: float = 100) -> Outcome:
    """Run `function(*arguments)` in a new interpreter; not ending in time is an error."""
    source = f"import sys, time; from {function.__module__} import {function.__name__} as run; "
    source += "now = lambda: print(time.monotonic(), flush=True); now()\n"
    source += "try: run(*sys.argv[1:])\nfinally: now()"
    command = [sys.executable, *_ARGUMENTS, "-c", source, *arguments]
    started = time.monotonic()
    ended = subprocess.run(command, capture_output=True, text=True, timeout=within, check=False)
    over = time.monotonic()
    # The clock is the machine's, not the process's.
    lines = ended.stdout.splitlines() or [str(started)]
    began, left = float(lines[0]), float(lines[-1])
    return Outcome(ended.returncode, ended.stderr, over - began, over - left, began - started)
