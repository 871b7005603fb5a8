"""Free TCP ports on the loopback interface.

The ports lie below the range that the kernel gives to outgoing connections. Inside that range a
client that redials a stopped server can be given the server's own port, connect to itself, and
keep the server from ever binding again.

Several test runs may look for ports at the same time, such as the workers of pytest-xdist. Each
port is therefore reserved by a UDP socket of the same number, which the system closes when the
process ends, however it ends.
"""

from __future__ import annotations

import atexit
import random
import socket
from collections import deque
from pathlib import Path

_LOWEST = 10_000
_HIGHEST_WITHOUT_PROC = 32_000
_EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
# What has a port for long listens on it, and needs no reservation any more.
_MOST_RESERVED = 200

_handed_out: set[int] = set()
_reserved: deque[socket.socket] = deque()


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that nothing uses and that was not returned before.

    Other processes that call this function do not get it either.

    Raises:
        RuntimeError: There is none.
    """
    highest = _first_ephemeral_port() - 1
    for _ in range(1_000):
        port = random.randint(_LOWEST, highest)
        if port not in _handed_out and _can_bind(port) and _reserve(port):
            _handed_out.add(port)
            return port
    message = f"no free port found between {_LOWEST} and {highest}"
    raise RuntimeError(message)


def _first_ephemeral_port() -> int:
    try:
        first = int(_EPHEMERAL_RANGE.read_text().split()[0])
    except FileNotFoundError:  # not Linux
        return _HIGHEST_WITHOUT_PROC
    # A kernel set to use nearly every port leaves no room below; then any port is as good.
    return first if first > _LOWEST + 1_000 else 65_536


def _can_bind(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        return _binds(probe, port)


def _reserve(port: int) -> bool:
    reservation = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if not _binds(reservation, port):
        reservation.close()
        return False
    _reserved.append(reservation)
    if len(_reserved) > _MOST_RESERVED:
        _reserved.popleft().close()
    return True


def _binds(probe: socket.socket, port: int) -> bool:
    try:
        probe.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def _release_all() -> None:
    while _reserved:
        _reserved.pop().close()


# Otherwise Python would warn of them when it exits.
atexit.register(_release_all)
