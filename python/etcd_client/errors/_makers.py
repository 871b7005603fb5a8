"""How the engine makes exceptions: `src/py/errors.rs` calls the names that are listed here."""

from __future__ import annotations

import sys

from etcd_client._status_code import GRPCStatusCode

from ._base import GRPCStatus, RpcError
from ._connection import (
    ClusterMismatchError,
    EtcdConnectionError,
    EtcdTimeoutError,
    UnreachableError,
)
from ._leases import LeaseLostError, LockLostError, LockTimeoutError
from ._outcome import outcome_unknown
from ._server import (
    CompactedError,
    DeadlineExceededError,
    RequestTooLargeError,
    UnimplementedError,
    UserEmptyError,
)
from ._usage import (
    ClosedError,
    ForkedError,
    InvalidArgsError,
    InvalidUriError,
    IoError,
    WrongLoopError,
)

__all__ = [
    "ClosedError",
    "EtcdConnectionError",
    "EtcdTimeoutError",
    "ForkedError",
    "InvalidArgsError",
    "InvalidUriError",
    "IoError",
    "LeaseLostError",
    "LockLostError",
    "LockTimeoutError",
    "UnreachableError",
    "WrongLoopError",
    "cluster_mismatch",
    "from_status",
    "outcome_unknown",
]

_BY_REASON = {reason: known for known in RpcError.__subclasses__() for reason in known.reasons}
_BY_CODE: dict[GRPCStatusCode, type[RpcError]] = {
    GRPCStatusCode.Unimplemented: UnimplementedError,
    GRPCStatusCode.DeadlineExceeded: DeadlineExceededError,
}


def cluster_mismatch(
    message: str, endpoint: str, cluster_id: int, expected_cluster_id: int
) -> ClusterMismatchError:
    """Makes the error for an endpoint that leads to another cluster.

    Args:
        message: The message.
        endpoint: The endpoint.
        cluster_id: The id of the cluster that it leads to.
        expected_cluster_id: The id of the cluster that was met first.
    """
    return ClusterMismatchError(
        message,
        endpoint=endpoint,
        cluster_id=cluster_id,
        expected_cluster_id=expected_cluster_id,
    )


_HINTS: dict[type[RpcError], str] = {
    RequestTooLargeError: "the server's limit is its flag --max-request-bytes",
    UnimplementedError: "is it an etcd v3 server, and new enough for the call?",
    UserEmptyError: "the cluster requires a user: ConnectOptions(user=..., password=...)",
}
# Its calls have arguments of which etcd says the same.
_AUTH = "etcdserverpb.Auth/"


def from_status(
    code: int,
    message: str,
    reason: str,
    compact_revision: int | None,
    origin: tuple[str, str] | None = None,
) -> RpcError:
    """Makes the exception for a server's error.

    Args:
        code: The status code.
        message: The unchanged message.
        reason: etcd's name of the error, or an empty string.
        compact_revision: The revision up to which the history was compacted, if that is the error.
        origin: The RPC and the endpoint; None if the client itself has found the error.
    """
    try:
        known_code = GRPCStatusCode(code)
    except ValueError:
        # gRPC treats codes that it does not define as this one.
        known_code = GRPCStatusCode.Unknown
    status = GRPCStatus(code=int(known_code), details=b"", message=message)
    known = _BY_REASON.get(reason) or _BY_CODE.get(known_code, RpcError)
    error = known(status, reason=reason)
    if isinstance(error, CompactedError):
        error.compact_revision = compact_revision
    if origin is not None:
        error.rpc, error.endpoint = origin
        if sys.version_info >= (3, 11):
            error.add_note(f"{error.rpc} at {error.endpoint}")
    if not error.rpc.startswith(_AUTH):
        error.hint = _HINTS.get(known, "")
    return error
