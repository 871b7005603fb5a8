"""Free TCP ports on the loopback interface.

The ports lie below the range that the kernel gives to outgoing connections. Inside that range a
client that redials a stopped server can be given the server's own port, connect to itself, and
keep the server from ever binding again.
"""

import random
import socket
from pathlib import Path

_LOWEST = 10_000
_HIGHEST_WITHOUT_PROC = 32_000
_EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")

_handed_out: set[int] = set()


def free_port() -> int:
    """Return a port that nothing listens on and that this process was not given before."""
    highest = _first_ephemeral_port() - 1
    for _ in range(1_000):
        port = random.randint(_LOWEST, highest)
        if port not in _handed_out and _can_bind(port):
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
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
