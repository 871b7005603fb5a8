"""Leases."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING

from etcd_client import LeaseNotFoundError
from etcd_client.sync._face import run, unwrap

from ._connection import Connection
from ._errors import translating
from .etcdrpc import LeaseKeepAliveResponse, LeaseTimeToLiveResponse

if TYPE_CHECKING:
    from etcd_client import Call, Communicator
    from etcd_client._etcd_client import HeldLease

_log = logging.getLogger(__name__)


class LeaseCalls(Connection):
    """The calls for leases."""

    @translating
    def lease(self, ttl: int, lease_id: int | None = None) -> Lease:
        """Grant a lease; the keys attached to it are deleted when it ends.

        Args:
            ttl: The requested time to live, in seconds.
            lease_id: The requested id; None or 0 to let the server choose.
        """
        return run(self._grant, unwrap(self.communicator), ttl, lease_id)

    async def _grant(self, communicator: Communicator, ttl: int, lease_id: int | None) -> Lease:
        held = await hold(communicator, ttl, lease_id, self.timeout)
        lease = Lease(lease_id=held.id, ttl=held.ttl, etcd_client=self)
        held.let_go()
        return lease

    @translating
    def revoke_lease(self, lease_id: int) -> None:
        """Revoke a lease.

        Args:
            lease_id: The id of the lease.

        Raises:
            RpcError: The lease does not exist.
        """
        self.communicator.lease_revoke(lease_id, timeout=self.timeout)

    @translating
    def refresh_lease(self, lease_id: int) -> Iterator[LeaseKeepAliveResponse]:
        """Refresh a lease at once; python-etcd3 did so only when the result was read.

        Args:
            lease_id: The id of the lease.

        Returns:
            An iterator of one response. Its `TTL` is 0 if the lease does not exist, which is
            logged as a warning.
        """
        try:
            kept = self.communicator.lease_keep_alive(lease_id, timeout=self.timeout)
        except LeaseNotFoundError:
            _log.warning("lease %s could not be refreshed: it does not exist any more", lease_id)
            return iter([LeaseKeepAliveResponse(header=None, ID=lease_id, TTL=0)])
        return iter([LeaseKeepAliveResponse(header=kept.header, ID=kept.id, TTL=kept.ttl)])

    @translating
    def get_lease_info(self, lease_id: int) -> LeaseTimeToLiveResponse:
        """Get the remaining time to live of a lease, and its keys.

        Args:
            lease_id: The id of the lease.

        Returns:
            The response; its `TTL` is -1 if the lease does not exist.
        """
        info = self.communicator.lease_time_to_live(lease_id, keys=True, timeout=self.timeout)
        return LeaseTimeToLiveResponse(
            header=info.header,
            ID=info.id,
            TTL=info.ttl,
            grantedTTL=info.granted_ttl,
            keys=list(info.keys),
        )


class Lease:
    """A lease, which ends after its time to live unless it is refreshed.

    Args:
        lease_id: The id of the lease.
        ttl: The granted time to live, in seconds.
        etcd_client: The client that it is used with.
    """

    id: int
    """The id of the lease."""
    ttl: int
    """The granted time to live, in seconds."""
    etcd_client: LeaseCalls
    """The client that it is used with."""

    def __init__(self, lease_id: int, ttl: int, etcd_client: LeaseCalls) -> None:
        self.id = lease_id
        self.ttl = ttl
        self.etcd_client = etcd_client

    def revoke(self) -> None:
        """Revoke the lease.

        Raises:
            RpcError: It does not exist any more.
        """
        self.etcd_client.revoke_lease(self.id)

    def refresh(self) -> list[LeaseKeepAliveResponse]:
        """Refresh the lease.

        Returns:
            One response. Its `TTL` is 0 if the lease does not exist any more, which is logged as a
            warning.
        """
        return list(self.etcd_client.refresh_lease(self.id))

    @property
    def remaining_ttl(self) -> int:
        """The remaining seconds; -1 if it does not exist any more."""
        return self.etcd_client.get_lease_info(self.id).TTL

    @property
    def granted_ttl(self) -> int:
        """The granted time to live, in seconds; 0 if it does not exist any more."""
        return self.etcd_client.get_lease_info(self.id).grantedTTL

    @property
    def keys(self) -> list[bytes]:
        """The attached keys."""
        return self.etcd_client.get_lease_info(self.id).keys


def hold(
    communicator: Communicator, ttl: int, lease_id: int | None, timeout: float | None
) -> Call[HeldLease]:
    """Grant a lease that is revoked if the call is interrupted, or `let_go` is never called.

    Args:
        communicator: The connection to use.
        ttl: The requested time to live, in seconds.
        lease_id: The requested id; None or 0 to let the server choose.
        timeout: The deadline of the call, in seconds; None for the connection's default.
    """
    return communicator._hold_lease(  # noqa: SLF001 - made for this
        ttl, lease_id or None, timeout=timeout
    )
