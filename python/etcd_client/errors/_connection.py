"""No response: there is no connection, it broke, or the deadline passed."""

from __future__ import annotations

from typing import ClassVar

from etcd_client._status_code import GRPCStatusCode

from ._base import AnyTimeoutError, EtcdError, GRPCStatus, GRPCStatusError


class EtcdTimeoutError(GRPCStatusError, AnyTimeoutError):
    """The deadline passed without a response.

    Unless it is an ``OutcomeUnknownError`` too, nothing was changed.
    """

    own_code: ClassVar[GRPCStatusCode] = GRPCStatusCode.DeadlineExceeded


class EtcdConnectionError(GRPCStatusError, ConnectionError):
    """No endpoint could be reached, or the connection broke.

    Unless it is an ``OutcomeUnknownError`` too, nothing was changed.
    """

    own_code: ClassVar[GRPCStatusCode] = GRPCStatusCode.Unavailable


class UnreachableError(EtcdTimeoutError, EtcdConnectionError):
    """The deadline passed before any member could be reached; nothing was sent."""

    own_code: ClassVar[GRPCStatusCode] = GRPCStatusCode.Unavailable


class ClusterMismatchError(EtcdConnectionError):
    """An endpoint leads to another cluster than the one that was met first; it is not used.

    Nothing was changed in either cluster. Where a cluster was replaced on purpose, a communicator
    that is opened anew, or given endpoints by ``set_endpoints``, takes the new one.

    Args:
        status: The status; or its message alone.
        endpoint: The endpoint.
        cluster_id: The id of the cluster that it leads to.
        expected_cluster_id: The id of the cluster that was met first.
    """

    endpoint: str
    """The endpoint."""

    cluster_id: int
    """The id of the cluster that it leads to."""

    expected_cluster_id: int
    """The id of the cluster that was met first."""

    def __init__(
        self,
        status: GRPCStatus | str = "",
        *,
        endpoint: str = "",
        cluster_id: int = 0,
        expected_cluster_id: int = 0,
    ) -> None:
        super().__init__(status)
        self.endpoint = endpoint
        self.cluster_id = cluster_id
        self.expected_cluster_id = expected_cluster_id


TransportError = EtcdConnectionError


class EndpointError(EtcdError):
    """An endpoint could not be added or removed."""


class EndpointsNotManagedError(EndpointError):
    """The endpoints cannot be changed by the client."""
