"""What a client does, for programs that watch over it: hooks, OpenTelemetry and Prometheus.

May import `etcd_client.errors` and `etcd_client.enums`. The modules `opentelemetry` and
`prometheus` need the packages of their extras.
"""

from ._dispatcher import open_now
from ._events import (
    Attempt,
    CallEnded,
    CallsMoved,
    Connected,
    ConnectFailed,
    Disconnected,
    LeaseLost,
    LeaseRenewed,
    OperationEnded,
    StreamResumed,
    WatchRead,
)
from ._hooks import Hooks
from ._open_now import OpenNow

__all__ = [
    "Attempt",
    "CallEnded",
    "CallsMoved",
    "ConnectFailed",
    "Connected",
    "Disconnected",
    "Hooks",
    "LeaseLost",
    "LeaseRenewed",
    "OpenNow",
    "OperationEnded",
    "StreamResumed",
    "WatchRead",
    "open_now",
]
