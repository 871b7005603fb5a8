"""`Lease`: a lease that is kept alive in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client._async_only import async_only
from etcd_client._leaving import yielding_to
from etcd_client._started import StartedCoroutine
from etcd_client.errors import LeaseLostError

from .loss import Loss

if TYPE_CHECKING:
    from types import TracebackType

    from etcd_client._etcd_client import Call, HeldLease


@async_only
class Lease:
    """A lease that is kept alive until it is revoked or its communicator closes.

    It is renewed in the background, failing over between members. Leaving `async with` revokes the
    lease, and raises `LeaseLostError` if it was lost before.

    Examples:
        >>> async with communicator.lease(10) as lease:
        ...     response = await communicator.put("workers/7", "ready", lease=lease)
        ...     await communicator.get("workers/7")
        b'ready'
        >>> await communicator.get("workers/7") is None
        True
    """

    __module__ = "etcd_client"

    __slots__ = ("__weakref__", "_held", "_revoked")

    def __init__(self, held: HeldLease) -> None:
        self._held = held
        self._revoked = False

    @property
    def id(self) -> int:
        """The id by which etcd knows the lease."""
        return self._held.id

    @property
    def ttl(self) -> int:
        """The granted time to live, in seconds."""
        return self._held.ttl

    @property
    def lost(self) -> Loss:
        """Whether it ended without having been revoked by this object."""
        return Loss(self._held)

    async def revoke(self, *, timeout: float | None = None) -> None:
        """Revoke the lease, which deletes the keys attached to it; revoking again does nothing.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Raises:
            LeaseLostError: The lease had been lost.
        """
        if self._revoked:
            return
        call = self._held.release(timeout)
        self._revoked = True
        if await call is None:
            message = f"the lease {self.id:x} was lost: {self._held.loss}"
            raise LeaseLostError(message)

    async def __aenter__(self) -> Lease:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        with yielding_to(kind):
            await self.revoke()

    def __repr__(self) -> str:
        return f"<Lease id={self.id:x} ttl={self.ttl}>"


@async_only
class LeaseGrant(StartedCoroutine[Lease]):
    """What `Communicator.lease` returns: await it, or enter it with `async with`.

    Examples:
        >>> lease = await communicator.lease(10)
        >>> await lease.revoke()
    """

    __module__ = "etcd_client"

    __slots__ = ("_lease",)

    def __init__(self, call: Call[HeldLease]) -> None:
        super().__init__(call.close, _granted(call))
        self._lease: Lease | None = None

    def __repr__(self) -> str:
        return f"<LeaseGrant of {self._lease!r}>" if self._lease else "<LeaseGrant not entered>"

    async def __aenter__(self) -> Lease:
        self._lease = await self
        return self._lease

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._lease is not None:
            await self._lease.__aexit__(kind, error, traceback)


async def _granted(call: Call[HeldLease]) -> Lease:
    held = await call
    # Until here, the lease would have ended with a caller that was cancelled.
    held.adopt()
    return Lease(held)
