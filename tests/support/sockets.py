"""The owners of TCP connections; read from /proc, so this needs Linux."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.support.footprint import descriptors

_TABLE = Path("/proc/net/tcp")
_ESTABLISHED = "01"


class _Connection(NamedTuple):
    local_port: int
    remote_port: int
    inode: str


def inode_of(port: int) -> str | None:
    """Return the inode of the socket that is connected from a local port."""
    return next((known.inode for known in _connections() if known.local_port == port), None)


def connections_to(port: int) -> int:
    """Return how many sockets of this process are connected to a port."""
    sockets = {_name(known.inode) for known in _connections() if known.remote_port == port}
    return len(sockets.intersection(descriptors()))


def has_socket(pid: int, inode: str) -> bool:
    """Return whether a process has the socket of that inode open."""
    try:
        return _name(inode) in descriptors(pid)
    except FileNotFoundError:  # the process has ended meanwhile
        return False


def _connections() -> Iterator[_Connection]:
    for line in _TABLE.read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == _ESTABLISHED:
            local, remote = (int(address.partition(":")[2], 16) for address in fields[1:3])
            yield _Connection(local, remote, fields[9])


def _name(inode: str) -> str:
    return f"socket:[{inode}]"
