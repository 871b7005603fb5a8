"""`Hooks`: what a program may want to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._events import (
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

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class Hooks:
    """Methods that a client calls when something has happened; each does nothing by default.

    Pass an instance as `ConnectOptions(hooks=...)`. Any object with some of these methods will do.
    They are called on the thread of the communicator's event loop, so they must return quickly. In
    programs without a loop, the thread that made a call tells of it, and a thread of the client of
    everything else. What one raises is logged, once, and changes nothing else.

    Examples:
        >>> from etcd_client import Client, ConnectOptions
        >>> from etcd_client.telemetry import CallEnded, Hooks
        >>> class Printer(Hooks):
        ...     def call_ended(self, call: CallEnded) -> None:
        ...         print(call.method, call.outcome, len(call.attempts))
        >>> options = ConnectOptions(hooks=Printer())
        >>> async with Client(endpoint, options).connect() as communicator:
        ...     value = await communicator.get("key")
        Range ok 1
    """

    def context(self) -> object:
        """Return what is to be the `context` of the RPCs of the call that begins now.

        It runs in the task or thread that makes the call, so it may look at context variables.
        """

    def call_ended(self, call: CallEnded) -> None:
        """Hear of an RPC that has ended.

        Args:
            call: The RPC, from its first attempt to its end.
        """

    def operation(self, name: str) -> AbstractContextManager[object] | None:  # noqa: ARG002 - for those that override it
        """Return a context in which the calls of an operation are made.

        It is entered once, in the task or thread that makes the calls, when the operation begins:
        acquiring a lock, a permit or a leadership, opening a session, `update`, `append` and `stm`.

        Args:
            name: The operation, such as `Lock.acquire`.
        """
        return None

    def operation_ended(self, event: OperationEnded) -> None:
        """Hear of an operation that has ended.

        Args:
            event: The operation, from its beginning to its end.
        """

    def connected(self, event: Connected) -> None:
        """Hear of a new connection.

        Args:
            event: The connection.
        """

    def connect_failed(self, event: ConnectFailed) -> None:
        """Hear of a failed attempt to connect.

        Args:
            event: The attempt.
        """

    def disconnected(self, event: Disconnected) -> None:
        """Hear of a connection that was closed.

        Args:
            event: The connection.
        """

    def calls_moved(self, event: CallsMoved) -> None:
        """Hear that calls go to another member.

        Args:
            event: Both members.
        """

    def stream_resumed(self, event: StreamResumed) -> None:
        """Hear of a stream that goes on after it was lost.

        Args:
            event: The stream.
        """

    def watch_read(self, event: WatchRead) -> None:
        """Hear how long the events of a revision have waited for the program.

        Args:
            event: The revision.
        """

    def lease_renewed(self, event: LeaseRenewed) -> None:
        """Hear of the renewal of a lease.

        Args:
            event: The renewal.
        """

    def lease_lost(self, event: LeaseLost) -> None:
        """Hear of a lease that was lost.

        Args:
            event: The lease.
        """
