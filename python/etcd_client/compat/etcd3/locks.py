"""Locks, by the scheme of python-etcd3: both exclude each other."""

from __future__ import annotations

import time
import uuid
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING

from etcd_client import EtcdError

# Not from the room, which would import it at the first release: Ctrl-C could interrupt that.
from etcd_client._concurrency._threads import finish
from etcd_client.sync._face import leaving, run, unwrap

from ._errors import translating
from ._keys import KeyCalls
from ._results import outcomes
from ._watching import within
from .etcdrpc import LeaseKeepAliveResponse
from .events import DeleteEvent
from .exceptions import (
    LockLostError,
    LockNotAcquiredError,
    RevisionCompactedError,
    WatchTimedOut,
)
from .leases import Lease, LeaseCalls, hold
from .transactions import build
from .utils import to_bytes
from .watch import WatchCalls

if TYPE_CHECKING:
    from etcd_client import Communicator
    from etcd_client._etcd_client import HeldLease

# Seconds to wait until the lease of a failed attempt is revoked; then the engine goes on with it.
_LEAVE_TIMEOUT = 1.0


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
        before = self.lease
        try:
            return self._acquire(timeout)
        except BaseException as interruption:
            self._abandon(interruption, before)
            raise

    def _acquire(self, timeout: float | None) -> bool:
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self._try_acquire():
            remaining = None if deadline is None else deadline - time.monotonic()
            if remaining is not None and remaining <= 0:
                return False
            self._wait_delete_event(remaining)
        return True

    @translating
    def _try_acquire(self) -> bool:
        return run(self._attempt, unwrap(self.etcd_client.communicator))

    async def _attempt(self, communicator: Communicator) -> bool:
        client, make, before = self.etcd_client, self.etcd_client.transactions, self.lease
        # If this is interrupted, the engine revokes it, also when its grant is still on the way.
        held = await hold(communicator, self.ttl, None, client.timeout)
        lease = Lease(held.id, held.ttl, client)
        attempt = build(
            compare=[make.create(self.key) == 0],
            success=[make.put(self.key, self.uuid, lease=lease)],
            failure=[make.get(self.key)],
        )
        try:
            response = await communicator.txn(attempt, timeout=client.timeout)
            if response.succeeded():
                self.revision = response.header.revision
                self.lease = lease
                held.let_go()
                return True
        finally:
            # Also where the outcome is unknown: the key would go with the lease.
            if self.lease is before:
                await finish(_give_back, held)
        (other,) = outcomes(response)
        self.revision = other[0][1].mod_revision
        return False

    def _wait_delete_event(self, timeout: float | None) -> None:
        try:
            events, cancel = self.etcd_client.watch(self.key, start_revision=self.revision + 1)
            try:
                deleted = (event for event in events if isinstance(event, DeleteEvent))
                within(timeout, lambda: next(deleted, None))
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
        try:
            return self._release()
        except BaseException as interruption:
            self._abandon(interruption, None)
            raise

    @translating
    def _release(self) -> bool:
        return run(finish, self._free, unwrap(self.etcd_client.communicator))

    async def _free(self, communicator: Communicator) -> bool:
        timeout, make, lease = self.etcd_client.timeout, self.etcd_client.transactions, self.lease
        try:
            own = build([make.value(self.key) == self.uuid], [make.delete(self.key)], None)
            response = await communicator.txn(own, timeout=timeout)
        finally:
            if lease is not None:
                # If this fails, it has ended by itself, or will.
                with suppress(EtcdError):
                    await communicator.lease_revoke(lease.id, timeout=timeout)
        self.lease = None
        return response.succeeded()

    def _abandon(self, interruption: BaseException, before: Lease | None) -> None:
        """Release what was acquired when a signal handler raised between two instructions."""
        if not isinstance(interruption, Exception) and self.lease is not before:
            with suppress(Exception):
                self._release()

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
        before = self.lease
        try:
            if self.acquire():
                return self
        except BaseException as interruption:
            self._abandon(interruption, before)
            raise
        message = f"the lock {self.name!r} is held by another"
        raise LockNotAcquiredError(message)

    @leaving
    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        held = self.lease is not None
        released = self.release()
        if not released and held and kind is None:
            message = f"the lock {self.name!r} was lost before its context was left"
            raise LockLostError(message)


async def _give_back(held: HeldLease) -> None:
    with suppress(EtcdError):
        await held.release(_LEAVE_TIMEOUT)
