"""What hooks are told. Nothing here has a key, a value, a password or a token."""

from __future__ import annotations

from dataclasses import dataclass

from etcd_client._status_code import GRPCStatusCode
from etcd_client.errors import GRPCStatusError


def _outcome(error: Exception | None, *, cancelled: bool) -> str:
    if error is not None:
        return type(error).__name__
    return "cancelled" if cancelled else "ok"


@dataclass(frozen=True)
class Attempt:
    """One request of a call to one member.

    Attributes:
        endpoint: The member's endpoint, as the client was given it.
        after: Seconds from the beginning of the call to that of the attempt.
        duration: Seconds that it took.
        answered: Whether the call ended with its response.
        failure: Why it failed; None if it was answered, or given up when the call ended.
    """

    endpoint: str
    after: float
    duration: float
    answered: bool
    failure: str | None


@dataclass(frozen=True)
class CallEnded:
    """An RPC has ended: with a response, with an error, or cancelled.

    Those of watches, of observed elections and of the renewal of leases are streams, which many
    calls of a program share: they end when the client does not need them any more, or with the
    error that broke them.

    Attributes:
        service: The gRPC service, such as `etcdserverpb.KV`.
        method: The RPC, such as `Range`.
        started_ns: When it began, in nanoseconds since the epoch, as from `time.time_ns()`.
        duration: Seconds until it ended, retries and the wait for a connection included.
        error: The error; None if it was answered or cancelled.
        cancelled: Whether it was cancelled by the program.
        attempts: The requests to members, in their order; none if no member could be reached.
        request_bytes: The size of the request.
        response_bytes: The size of the response; None if there was none.
        context: What the hook `context` returned when the program made the call; None for RPCs
            that the client makes for itself, and for streams.
        is_stream: Whether it was a stream, which was open for `duration`; its size is that of all
            that was received.
    """

    service: str
    method: str
    started_ns: int
    duration: float
    error: Exception | None
    cancelled: bool
    attempts: tuple[Attempt, ...]
    request_bytes: int
    response_bytes: int | None
    context: object = None
    is_stream: bool = False

    @property
    def outcome(self) -> str:
        """`ok`, `cancelled`, or the name of the error's class."""
        return _outcome(self.error, cancelled=self.cancelled)

    @property
    def code(self) -> GRPCStatusCode:
        """The gRPC status code, that of a server or the client's own."""
        if self.cancelled:
            return GRPCStatusCode.Cancelled
        if self.error is None:
            return GRPCStatusCode.Ok
        return (
            self.error.code if isinstance(self.error, GRPCStatusError) else GRPCStatusCode.Unknown
        )

    @property
    def retries(self) -> int:
        """The number of attempts after the first one."""
        return max(len(self.attempts) - 1, 0)


@dataclass(frozen=True)
class OperationEnded:
    """An operation that makes several calls has ended, such as `Lock.acquire`.

    Attributes:
        name: The operation.
        started_ns: When it began, in nanoseconds since the epoch.
        duration: Seconds until it ended.
        error: The error; None if it succeeded or was cancelled.
        cancelled: Whether it was cancelled by the program.
        context: What entering the result of the hook `operation` returned.
    """

    name: str
    started_ns: int
    duration: float
    error: Exception | None
    cancelled: bool
    context: object

    @property
    def outcome(self) -> str:
        """`ok`, `cancelled`, or the name of the error's class."""
        return _outcome(self.error, cancelled=self.cancelled)


@dataclass(frozen=True)
class Connected:
    """A connection was opened.

    Attributes:
        endpoint: The member's endpoint.
        again: Whether it replaces one that was lost.
    """

    endpoint: str
    again: bool


@dataclass(frozen=True)
class ConnectFailed:
    """An attempt to connect has failed; there will be another one if the member is needed.

    Attributes:
        endpoint: The member's endpoint.
        reason: What went wrong.
    """

    endpoint: str
    reason: str


@dataclass(frozen=True)
class Disconnected:
    """A connection was closed.

    Attributes:
        endpoint: The member's endpoint.
        reason: Why.
        expected: Whether the client has closed it itself, or was asked to by the member.
    """

    endpoint: str
    reason: str
    expected: bool


@dataclass(frozen=True)
class CallsMoved:
    """Calls go to another member from now on.

    Attributes:
        source: The endpoint that they went to.
        target: The endpoint that they go to.
        reason: What is wrong with `source`.
    """

    source: str
    target: str
    reason: str


@dataclass(frozen=True)
class StreamResumed:
    """A stream that was lost, such as that of a watch, goes on without a gap.

    Attributes:
        stream: What it is, such as `a watch resumes at revision 7`.
        reason: Why it was lost.
    """

    stream: str
    reason: str


@dataclass(frozen=True)
class WatchRead:
    """A program has begun to read the events of one revision.

    Attributes:
        revision: The revision.
        events: How many events it has.
        lag: Seconds from the arrival of the events until the program took the first one.
    """

    revision: int
    events: int
    lag: float


@dataclass(frozen=True)
class LeaseRenewed:
    """A lease that is kept alive was renewed.

    Attributes:
        lease: The id of the lease.
        margin: Seconds that were left of it when the answer came.
        ttl: Its time to live in seconds.
    """

    lease: int
    margin: float
    ttl: float


@dataclass(frozen=True)
class LeaseLost:
    """A lease that a program relied on was lost.

    Attributes:
        lease: The id of the lease.
        reason: Why.
    """

    lease: int
    reason: str
