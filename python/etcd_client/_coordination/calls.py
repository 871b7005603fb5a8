"""Locks and candidacies by single calls of a communicator, without an object of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client._arguments import as_bytes, check_lease, check_name
from etcd_client._etcd_client import CampaignResponse, LeaderKey, LockResponse, UnlockResponse
from etcd_client._started import StartedCoroutine
from etcd_client.errors import (
    ElectError,
    EtcdTimeoutError,
    InvalidArgsError,
    LockLostError,
    LockTimeoutError,
)

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from typing import Any

    from etcd_client._etcd_client import Call, Communicator, HeldLease, ResponseHeader
    from etcd_client._types import BytesLike, LeaseId

# `unlock` tells of a lock that was lost, unless so many were lost that nobody asked for.
_MOST_LOST_LOCKS = 100


class HeldLocks:
    """The locks with leases of their own that a communicator holds until `unlock`."""

    __slots__ = ("_held",)

    def __init__(self) -> None:
        # By their keys, with their names.
        self._held: dict[bytes, tuple[bytes, HeldLease]] = {}

    def lock(
        self, communicator: Communicator, name: BytesLike, ttl: float | None, timeout: float | None
    ) -> Coroutine[Any, Any, LockResponse]:
        """Acquire a lock and hold it.

        Args:
            communicator: The communicator to use.
            name: The name of the lock.
            ttl: Maximum time to hold it, in seconds; None to hold it until `unlock`.
            timeout: Maximum wait in seconds; None to wait without limit.
        """
        call = communicator._hold_place(name, ttl=ttl, timeout=timeout)  # noqa: SLF001 - ours
        return StartedCoroutine(call.close, self._locked(name, call))

    async def _locked(self, name: BytesLike, call: Call[HeldLease]) -> LockResponse:
        held = await call
        held.adopt()
        own_name = as_bytes(name)
        self._forget_lost(own_name)
        self._held[held.key] = (own_name, held)
        return LockResponse(held.header, held.key)

    def _forget_lost(self, name: bytes) -> None:
        """Forget those of a name that stands for another lock now, and all where they are many."""
        lost = [(key, own) for key, (own, held) in self._held.items() if held.loss is not None]
        for key, own in lost:
            if own == name or len(lost) > _MOST_LOST_LOCKS:
                del self._held[key]

    def unlock(
        self, key: BytesLike, timeout: float | None
    ) -> Coroutine[Any, Any, UnlockResponse] | None:
        """Release the lock of that key or name; None if it is none of these.

        Args:
            key: The key or the name.
            timeout: Deadline for the call, in seconds; None for the connection's default.
        """
        wanted = as_bytes(key)
        for own, (name, held) in self._held.items():
            if wanted in (own, name):
                del self._held[own]
                return _unlocked(held, held.release(timeout))
        return None


async def _unlocked(held: HeldLease, call: Call[ResponseHeader | None]) -> UnlockResponse:
    header = await call
    if header is None:
        message = f"the lock {held.key!r} was lost: {held.loss}"
        raise LockLostError(message)
    return UnlockResponse(header)


def lock_with_lease(
    communicator: Communicator,
    name: BytesLike,
    lease: LeaseId,
    ttl: float | None,
    timeout: float | None,
) -> Coroutine[Any, Any, LockResponse]:
    """Acquire a lock that lasts as long as a lease of the caller's.

    Args:
        communicator: The communicator to use.
        name: The name of the lock.
        lease: The lease.
        ttl: None, or it is refused: the lease has its own.
        timeout: Maximum wait in seconds; None to wait without limit.
    """
    if ttl is not None:
        message = "ttl: expected no limit beside a lease, which has its own"
        raise InvalidArgsError(message)
    call = communicator._hold_place(name, lease=lease, timeout=timeout)  # noqa: SLF001 - ours
    return StartedCoroutine(call.close, _left_to_the_lease(call))


async def _left_to_the_lease(call: Call[HeldLease]) -> LockResponse:
    held = await call
    if (loss := held.let_go()) is not None:
        message = f"the lock {held.key!r} was lost: {loss}"
        raise LockLostError(message)
    return LockResponse(held.header, held.key)


def campaign(
    communicator: Communicator,
    name: BytesLike,
    value: BytesLike,
    lease: LeaseId,
    timeout: float | None,
) -> Coroutine[Any, Any, CampaignResponse]:
    """Wait for a leadership that lasts as long as a lease of the caller's.

    Args:
        communicator: The communicator to use.
        name: The name of the election.
        value: The value to proclaim.
        lease: The lease.
        timeout: Maximum wait in seconds; None to wait without limit.
    """
    check_name(name, "name")
    check_name(value, "value")
    check_lease(lease, "lease")
    call = communicator._hold_place(  # noqa: SLF001 - ours
        name, value=value, lease=lease, timeout=timeout
    )
    return StartedCoroutine(call.close, _elected(as_bytes(name), call))


async def _elected(name: bytes, call: Call[HeldLease]) -> CampaignResponse:
    try:
        held = await call
    except LockTimeoutError:
        message = f"the election {name!r} was not won within the timeout"
        raise EtcdTimeoutError(message) from None
    except LockLostError as error:
        message = f"the election {name!r} was not won: {error}"
        raise ElectError(message) from None
    if (loss := held.let_go()) is not None:
        message = f"the election {name!r} was lost as it was won: {loss}"
        raise ElectError(message)
    return CampaignResponse(held.header, LeaderKey(name, held.key, held.revision, held.id))
