"""`OpenNow`: what clients have open, for gauges."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OpenNow:
    """What clients have open at a moment.

    Attributes:
        connections: Connections to members.
        calls: Calls in flight.
        streams: HTTP/2 streams: of calls, watches and renewals of leases.
        watches: Watches.
        leases: Leases that are kept alive.
    """

    connections: int
    calls: int
    streams: int
    watches: int
    leases: int
