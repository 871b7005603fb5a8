"""Locks, by the scheme of python-etcd3: both exclude each other."""

from __future__ import annotations

import time
import uuid
from types import TracebackType

from ._keys import KeyCalls
from ._watching import cancelling
from .etcdrpc import LeaseKeepAliveResponse
from .events import DeleteEvent
from .exceptions import (
    Etcd3Exception,
    LockLostError,
    LockNotAcquiredError,
    RevisionCompactedError,
    WatchTimedOut,
)
from .leases import Lease, LeaseCalls
from .utils import to_bytes
from .watch import WatchCalls


class LockCalls(KeyCalls, LeaseCalls, WatchCalls):
    """The calls that locks are made of, and the one that makes them."""

    def lock(self, name: str | bytes, ttl: int = 60) -> Lock:
        """Make a lock; it is acquired by `acquire` or `with`.

        Args:
            name: The name of the lock.
            ttl: Maximum time to hold it, in seconds, unless it is refreshed.
        """
        return Lock(name, ttl=ttl, etcd_client=self)


class Lock:
    """A lock.

    Entering `with` waits for it up to 10 seconds, leaving it releases it. What python-etcd3 lost in
    silence is raised: that the lock was not acquired, and that it was lost.

    Args:
        name: The name of the lock.
        ttl: Maximum time to hold it, in seconds, unless it is refreshed.
        etcd_client: The client that it is used with.

    Examples:
        >>> from etcd_client.compat import etcd3
        >>> client = etcd3.client(port=port)
        >>> with client.lock("deploy", ttl=20) as lock:
        ...     lock.is_acquired()
        True
    """

    lock_prefix = "/locks/"
    """What the keys of locks begin with."""

    name: str | bytes
    """The name of the lock."""
    ttl: int
    """Maximum time to hold it, in seconds."""
    key: str | bytes
    """The key, which exists while somebody holds the lock."""
    lease: Lease | None
    """The lease of the key, while this object holds the lock."""
    uuid: bytes
    """The value of the key, while this object holds the lock."""
    revision: int
    """The revision at which the lock was acquired by its present holder."""

    def __init__(self, name: str | bytes, ttl: int = 60, *, etcd_client: LockCalls) -> None:
        self.name = name
        self.ttl = ttl
        self.etcd_client = etcd_client
        self.key = (
            self.lock_prefix + name
            if isinstance(name, str)
            else self.lock_prefix.encode() + to_bytes(name)
        )
        self.lease = None
        self.uuid = uuid.uuid1().bytes

    def acquire(self, timeout: float | None = 10) -> bool:
        """Acquire the lock. An attempt that fails or is interrupted leaves nothing on the server.

        Args:
            timeout: Maximum wait in seconds; None to wait without limit.

        Returns:
            Whether it was acquired.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._try_acquire():
            remaining = None if deadline is None else deadline - time.monotonic()
            if remaining is not None and remaining <= 0:
                return False
            self._wait_delete_event(remaining)
        return True

    def _try_acquire(self) -> bool:
        client, make = self.etcd_client, self.etcd_client.transactions
        lease = client.lease(self.ttl)
        success = False
        try:
            success, (outcome,) = client.transaction(
                compare=[make.create(self.key) == 0],
                success=[make.put(self.key, self.uuid, lease=lease)],
                failure=[make.get(self.key)],
            )
        finally:
            # Also where the outcome is unknown: the key would go with the lease.
            if not success:
                _end(lease)
        if success:
            self.lease = lease
            self.revision = outcome.response_put.header.revision
        else:
            self.revision = outcome[0][1].mod_revision
        return success

    def _wait_delete_event(self, timeout: float | None) -> None:
        try:
            events, cancel = self.etcd_client.watch(self.key, start_revision=self.revision + 1)
            try:
                with cancelling(cancel, timeout):
                    next((event for event in events if isinstance(event, DeleteEvent)), None)
            finally:
                cancel()
        except (RevisionCompactedError, WatchTimedOut):
            # To try again says more.
            return

    def release(self) -> bool:
        """Release the lock.

        Returns:
            Whether this object held it.
        """
        make = self.etcd_client.transactions
        success, _ = self.etcd_client.transaction(
            compare=[make.value(self.key) == self.uuid], success=[make.delete(self.key)]
        )
        lease, self.lease = self.lease, None
        if lease is not None:
            _end(lease)
        return success

    def refresh(self) -> list[LeaseKeepAliveResponse]:
        """Begin the time to live anew.

        Returns:
            One response, with the new `TTL`.

        Raises:
            LockLostError: The lock was lost.
            ValueError: The lock has not been acquired.
        """
        if self.lease is None:
            message = "No lease associated with this lock - have you acquired the lock yet?"
            raise ValueError(message)
        refreshed = self.lease.refresh()
        if refreshed[0].TTL == 0:
            message = f"the lock {self.name!r} was lost: its time to live is over"
            raise LockLostError(message)
        return refreshed

    def is_acquired(self) -> bool:
        """Ask etcd whether this object holds the lock."""
        value, _ = self.etcd_client.get(self.key)
        return value == self.uuid

    def __enter__(self) -> Lock:
        if not self.acquire():
            message = f"the lock {self.name!r} is held by another"
            raise LockNotAcquiredError(message)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        held = self.lease is not None
        if not self.release() and held and kind is None:
            message = f"the lock {self.name!r} was lost before its context was left"
            raise LockLostError(message)


def _end(lease: Lease) -> None:
    try:
        lease.revoke()
    except Etcd3Exception:
        # It has ended by itself, or will.
        return
