"""Hooks that keep what they are told."""

from __future__ import annotations

from typing import TypeVar

from etcd_client.telemetry import (
    CallEnded,
    CallsMoved,
    Connected,
    ConnectFailed,
    Disconnected,
    Hooks,
    LeaseLost,
    LeaseRenewed,
    OperationEnded,
    StreamResumed,
    WatchRead,
)

T = TypeVar("T")


class Recorder(Hooks):
    """Keeps every event, in order."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def of(self, kind: type[T]) -> list[T]:
        """Return the events of one kind."""
        return [event for event in self.told if isinstance(event, kind)]

    def calls(self, method: str) -> list[CallEnded]:
        """Return the calls of one RPC."""
        return [call for call in self.of(CallEnded) if call.method == method]

    def call_ended(self, call: CallEnded) -> None:
        """Keep a call."""
        self.told.append(call)

    def operation_ended(self, event: OperationEnded) -> None:
        """Keep an operation."""
        self.told.append(event)

    def connected(self, event: Connected) -> None:
        """Keep a connection."""
        self.told.append(event)

    def connect_failed(self, event: ConnectFailed) -> None:
        """Keep a failed attempt."""
        self.told.append(event)

    def disconnected(self, event: Disconnected) -> None:
        """Keep a lost connection."""
        self.told.append(event)

    def calls_moved(self, event: CallsMoved) -> None:
        """Keep a failover."""
        self.told.append(event)

    def stream_resumed(self, event: StreamResumed) -> None:
        """Keep a resumed stream."""
        self.told.append(event)

    def watch_read(self, event: WatchRead) -> None:
        """Keep a read of a watch."""
        self.told.append(event)

    def lease_renewed(self, event: LeaseRenewed) -> None:
        """Keep a renewal."""
        self.told.append(event)

    def lease_lost(self, event: LeaseLost) -> None:
        """Keep a loss."""
        self.told.append(event)
