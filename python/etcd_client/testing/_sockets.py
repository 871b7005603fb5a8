"""The owners of TCP connections; read from /proc, so this needs Linux."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

_TABLE = Path("/proc/net/tcp")
_ESTABLISHED = "01"


class Established(NamedTuple):
    """A connection of this machine."""

    local_port: int
    remote_port: int
    descriptor: str
    """Its file descriptor, as `descriptors` lists it."""


def connections() -> Iterator[Established]:
    """Yield all connections of this machine."""
    for line in _TABLE.read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == _ESTABLISHED:
            local, remote = (int(address.partition(":")[2], 16) for address in fields[1:3])
            yield Established(local, remote, f"socket:[{fields[9]}]")


def connected_from(port: int) -> str | None:
    """Return the descriptor of the socket that is connected from a local port."""
    return next((known.descriptor for known in connections() if known.local_port == port), None)


def descriptors(process: int | str = "self") -> list[str]:
    """Return the open file descriptors of this process, or of the one with that id."""
    found = []
    for path in Path(f"/proc/{process}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # that of the directory, or just closed
            found.append(str(path.readlink()))
    return sorted(found)
