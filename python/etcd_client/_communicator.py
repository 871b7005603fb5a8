"""`Communicator`: the native calls, and what is built of them.

Its methods import what they need: a program pays for what it uses, and not when it starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import _etcd_client
from ._changes.calls import Changes
from ._etcd_client import LockResponse, UnlockResponse
from .errors import InvalidArgsError, LockLostError, SessionLostError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from ._admin.maintenance import Maintenance
    from ._coordination.lock import Lock
    from ._coordination.session import Session
    from ._etcd_client import Call, HeldLease, RangeResponse, ResponseHeader
    from ._kv.scan import Scan
    from ._lease.lease import LeaseGrant
    from ._types import BytesLike, LeaseId


class Communicator(Changes):
    """A connection to a cluster, bound to the event loop that opened it.

    `async with client.connect() as communicator` makes one. Any number of tasks may use it at once;
    none waits for another.

    **Reads** fail over to another member and are retried until their deadline. **Changes** are
    retried only if it is certain that the first attempt did nothing; where that cannot be known,
    they raise `OutcomeUnknownError`.

    Every call takes `timeout`: seconds, for the whole call. In addition to the errors that a call
    documents, it may raise:

    Raises:
        EtcdTimeoutError: There was no answer within the deadline.
        EtcdConnectionError: No member could be reached, or the connection broke.
        OutcomeUnknownError: A change may or may not have been made.
        RpcError: The server refused; a subclass where etcd has a name for the reason.
        PermissionDeniedError: The user does not have the permission.
        NoLeaderError: The cluster has no leader.
        ClosedError: The communicator is closed.
        WrongLoopError: The running event loop is not the one that opened the communicator.
        ForkedError: The communicator was opened before this process was forked.

    Examples:
        >>> async with client.connect() as communicator:
        ...     response = await communicator.put("greeting", "hello")
        ...     await communicator.get("greeting")
        b'hello'
    """

    held_lock: Lock | None = None
    """The lock that `Client.with_lock` has acquired; None without it."""

    _locks: dict[bytes, tuple[bytes, HeldLease]] | None = None

    async def aclose(self) -> None:
        """Close it, and give back first the lock that it was opened with; for `Client.open`.

        Closing it again does nothing.

        Raises:
            LockLostError: The lock was lost before.
        """
        lock, self.held_lock = self.held_lock, None
        try:
            if lock is not None and not self.closed:
                await lock.release()
        finally:
            self.close()

    def scan_prefix(  # noqa: PLR0913 - the options of a range
        self,
        prefix: BytesLike,
        *,
        page_size: int = 1000,
        revision: int = 0,
        keys_only: bool = False,
        serializable: bool = False,
        timeout: float | None = None,
    ) -> Scan:
        """Read all keys that begin with a prefix in pages, all of them at one revision.

        No more than a page of keys is in memory at a time. Where values are large, pages have fewer
        keys.

        Args:
            prefix: What the keys begin with; all keys where it is empty.
            page_size: The most keys to ask for at once.
            revision: The revision to read at; 0 for the newest.
            keys_only: Whether to leave out the values.
            serializable: Whether the member may answer from its own data, which is faster and may
                be outdated.
            timeout: Seconds for each page; the connection's default where None.

        Returns:
            An async iterator of `KeyValue`, in the order of the keys.
        """
        key, range_end = _etcd_client.prefix_range(prefix)
        return self.scan_range(
            key,
            range_end,
            page_size=page_size,
            revision=revision,
            keys_only=keys_only,
            serializable=serializable,
            timeout=timeout,
        )

    def scan_range(  # noqa: PLR0913 - the options of a range
        self,
        key: BytesLike,
        range_end: BytesLike,
        *,
        page_size: int = 1000,
        revision: int = 0,
        keys_only: bool = False,
        serializable: bool = False,
        timeout: float | None = None,
    ) -> Scan:
        """Read the keys of a range in pages, all of them at one revision.

        No more than a page of keys is in memory at a time. Where values are large, pages have fewer
        keys.

        Args:
            key: The first key.
            range_end: The key after the last one of the range; a zero byte for no end.
            page_size: The most keys to ask for at once.
            revision: The revision to read at; 0 for the newest.
            keys_only: Whether to leave out the values.
            serializable: Whether the member may answer from its own data, which is faster and may
                be outdated.
            timeout: Seconds for each page; the connection's default where None.

        Returns:
            An async iterator of `KeyValue`, in the order of the keys.
        """
        from ._kv.scan import Scan

        def read(start: BytesLike, limit: int, at: int) -> Call[RangeResponse]:
            return self.range(
                start,
                range_end=range_end,
                limit=limit,
                revision=at,
                keys_only=keys_only,
                serializable=serializable,
                timeout=timeout,
            )

        return Scan(read, key, page_size, revision)

    @property
    def maintenance(self) -> Maintenance:
        """Maintenance: status, snapshots, alarms, defragmentation, leader and version."""
        from ._admin.maintenance import Maintenance

        return Maintenance(self)

    def lease(
        self,
        ttl: int,
        id: int | None = None,  # noqa: A002 - what etcd calls it
        *,
        timeout: float | None = None,
    ) -> LeaseGrant:
        """Grant a lease and keep it alive; to be awaited, or entered with `async with`.

        Args:
            ttl: Seconds until the lease expires once it is no longer renewed.
            id: The id of the lease; by default a random one.
            timeout: The seconds that the grant may take; by default those of the connection.

        Returns:
            A `LeaseGrant`, which gives a `Lease` when it is awaited or entered.

        Raises:
            LeaseExistError: A lease with that id exists already.
            LeaseTTLTooLargeError: The time to live is above 9,000,000,000.
        """
        from ._lease.lease import LeaseGrant

        return LeaseGrant(self._hold_lease(ttl, id, timeout=timeout))

    def session(
        self,
        ttl: int = 10,
        *,
        cancel_on_loss: bool = False,
        on_loss: Callable[[SessionLostError], object] | None = None,
    ) -> Session:
        """Make a session: one lease, kept alive within `async with`, that much can share.

        Args:
            ttl: The seconds after which its lease ends once it is not renewed any more.
            cancel_on_loss: Whether the body is cancelled when the session is lost; leaving then
                raises `SessionLostError`.
            on_loss: What is called with a `SessionLostError` when the session is lost.

        Returns:
            The session, not yet open.
        """
        from ._coordination.session import Session

        return Session(self, ttl, cancel_on_loss=cancel_on_loss, on_loss=on_loss)

    def lock(
        self,
        name: BytesLike,
        *,
        lease: LeaseId | None = None,
        timeout: float | None = None,
        ttl: float | None = None,
    ) -> Coroutine[Any, Any, LockResponse]:
        """Acquire a lock and hold it until `unlock`. Most programs use the class `Lock` instead.

        Args:
            name: The name of the lock.
            lease: The lease to hold it with, which the caller keeps alive. By default the lock has
                a lease of its own, which is kept alive.
            timeout: The seconds that acquiring it may take; None for any time.
            ttl: The seconds for which it may be held; not with a lease of the caller's.

        Returns:
            The key that exists for as long as the lock is held.

        Raises:
            LockTimeoutError: It was not acquired in time.
            LockLostError: Its key or its lease was gone before it was acquired.
            LeaseNotFoundError: The lease of the caller's does not exist.
            InvalidArgsError: Both `lease` and `ttl` are given.
        """
        from ._started import StartedCoroutine

        if lease is None:
            call = self._hold_place(name, ttl=ttl, timeout=timeout)
            return StartedCoroutine(call.close, self._locked(name, call))
        if ttl is not None:
            message = "ttl: expected no limit beside a lease, which has its own"
            raise InvalidArgsError(message)
        call = self._hold_place(name, lease=lease, timeout=timeout)
        return StartedCoroutine(call.close, _left_to_the_lease(call))

    async def _locked(self, name: BytesLike, call: Call[HeldLease]) -> LockResponse:
        held = await call
        held.adopt()
        if self._locks is None:
            self._locks = {}
        own_name = name.encode() if isinstance(name, str) else bytes(name)
        self._locks[held.key] = (own_name, held)
        return LockResponse(held.header, held.key)

    def unlock(
        self, key: BytesLike, *, timeout: float | None = None
    ) -> Coroutine[Any, Any, UnlockResponse]:
        """Release a lock.

        Args:
            key: The key that `lock` returned; or the name of a lock that this communicator holds.
            timeout: The seconds that it may take; by default those of the connection.

        Returns:
            The header.

        Raises:
            LockLostError: The lock had been lost before.
        """
        held = self._take_lock(key)
        if held is None:
            return self._unlock(key, timeout=timeout)
        return self._unlocked(held, held.release(timeout))

    def _take_lock(self, key: BytesLike) -> HeldLease | None:
        wanted = key.encode() if isinstance(key, str) else key
        locks = self._locks or {}
        for own, (name, held) in locks.items():
            if wanted in (own, name):
                del locks[own]
                return held
        return None

    async def _unlocked(self, held: HeldLease, call: Call[ResponseHeader | None]) -> UnlockResponse:
        header = await call
        if header is None:
            message = f"the lock {held.key!r} was lost: {held.loss}"
            raise LockLostError(message)
        return UnlockResponse(header)

    def __repr__(self) -> str:
        return f"<Communicator {'closed' if self.closed else ', '.join(self.endpoints)}>"


async def _left_to_the_lease(call: Call[HeldLease]) -> LockResponse:
    held = await call
    held.let_go()
    return LockResponse(held.header, held.key)


EtcdCommunicator = Communicator
