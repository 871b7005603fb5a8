"""The connections of this process; read from /proc, so this needs Linux."""

from pathlib import Path

from etcd_client.testing._sockets import descriptors

_TABLE = Path("/proc/net/tcp")
_ESTABLISHED = "01"


def connections_to(port: int) -> int:
    """Return how many sockets of this process are connected to a port."""
    rows = [line.split() for line in _TABLE.read_text().splitlines()[1:]]
    sockets = {
        f"socket:[{row[9]}]"
        for row in rows
        if row[3] == _ESTABLISHED and int(row[2].partition(":")[2], 16) == port
    }
    return len(sockets.intersection(descriptors()))
