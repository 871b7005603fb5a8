"""How the engine makes exceptions: `src/py/errors.rs` calls the names that are listed here."""

from __future__ import annotations

from etcd_client.enums import GRPCStatusCode

from ._base import GRPCStatus, RpcError
from ._connection import (
    ClusterMismatchError,
    EtcdConnectionError,
    EtcdTimeoutError,
    UnreachableError,
)
from ._leases import LeaseLostError, LockLostError, LockTimeoutError
from ._outcome import outcome_unknown
from ._server import CompactedError, DeadlineExceededError, UnimplementedError
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


def from_status(code: int, message: str, reason: str, compact_revision: int | None) -> RpcError:
    """Makes the exception for a server's error.

    Args:
        code: The status code.
        message: The unchanged message.
        reason: etcd's name of the error, or an empty string.
        compact_revision: The revision up to which the history was compacted, if that is the error.
    """
    try:
        known_code = GRPCStatusCode(code)
    except ValueError:
        # gRPC treats codes that it does not define as this one.
        known_code = GRPCStatusCode.Unknown
    status = GRPCStatus(code=int(known_code), details=b"", message=message)
    known = _BY_REASON.get(reason) or _BY_CODE.get(known_code, RpcError)
    if issubclass(known, CompactedError):
        return known(status, reason=reason, compact_revision=compact_revision)
    return known(status, reason=reason)
