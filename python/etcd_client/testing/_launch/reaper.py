"""A helper process that cleans up when the test process is gone, even by SIGKILL.

The test process holds the only write end of a pipe. It names on it the processes it starts and the
directories it fills; when the pipe ends, for whatever reason, the helper kills what is still named
and removes the directories. A parent-death signal would not do: it follows the thread that started
a server rather than the process, and it leaves the data behind on a memory disk.
"""

import atexit
import contextlib
import functools
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import BinaryIO, cast

# Windows has one way only to end a process.
_KILL = getattr(signal, "SIGKILL", signal.SIGTERM)

_lock = threading.Lock()


def guard_process(pid: int) -> None:
    """Kill `pid` if this process ends before `release_process(pid)`."""
    _tell(f"+process {pid}")


def release_process(pid: int) -> None:
    """Undo `guard_process`: the process has been waited for, its pid may be reused."""
    _tell(f"-process {pid}")


def guard_directory(path: Path) -> None:
    """Remove the directory if this process ends before `release_directory(path)`."""
    _tell(f"+directory {path}")


def release_directory(path: Path) -> None:
    """Undo `guard_directory`."""
    _tell(f"-directory {path}")


def _tell(line: str) -> None:
    with _lock:
        pipe = _orders()
        pipe.write(f"{line}\n".encode())
        pipe.flush()


@functools.cache
def _orders() -> BinaryIO:
    """Start the helper on first use and return the pipe that it reads."""
    # A session of its own: Ctrl-C in the terminal must reach the tests, not their cleaner.
    helper = subprocess.Popen(
        [sys.executable, "-I", "-S", __file__],
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    # At a normal end the helper is waited for, so that all is gone when the test run is.
    atexit.register(helper.communicate)
    return cast("BinaryIO", helper.stdin)


def clean_up_after(orders: BinaryIO) -> None:
    """Read orders until the pipe ends, then kill and remove all that is still guarded."""
    processes: set[str] = set()
    directories: set[str] = set()
    for line in orders:
        kind, _, name = line.decode().rstrip("\n").partition(" ")
        guarded = processes if kind.endswith("process") else directories
        if kind.startswith("+"):
            guarded.add(name)
        else:
            guarded.discard(name)
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(pid), _KILL)
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    clean_up_after(sys.stdin.buffer)
