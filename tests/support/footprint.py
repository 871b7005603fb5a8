"""The resources of this process: threads, file descriptors, memory."""

import contextlib
import os
from pathlib import Path

from etcd_client.testing._sockets import descriptors

__all__ = ["descriptors", "resident_bytes", "threads"]


def threads() -> list[str]:
    """Return the names of this process's threads, as the system knows them."""
    names = []
    for path in Path("/proc/self/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it has just ended
            names.append((path / "comm").read_text().strip())
    return sorted(names)


def resident_bytes() -> int:
    """Return how much memory this process occupies, without the files that are mapped into it.

    The system may drop the pages of those at any time, which would hide that others have come.
    """
    resident, shared = Path("/proc/self/statm").read_text().split()[1:3]
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")
