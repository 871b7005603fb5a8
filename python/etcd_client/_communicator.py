"""`Communicator`: the native calls, and what is built on them.

Its methods import what they need, so that a program pays only for what it uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, overload

from . import _etcd_client
from ._changes.calls import Changes
from ._etcd_client import LockResponse, UnlockResponse
from .errors import EtcdError, InvalidArgsError, LockLostError, SessionLostError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from typing import Any

    from ._admin.maintenance import Maintenance
    from ._cache.cache import Cache
    from ._coordination.lock import Lock
    from ._etcd_client import Call, HeldLease, KeyValue, RangeResponse, ResponseHeader
    from ._kv.scan import Scan
    from ._lease.lease import LeaseGrant
    from ._session import Session
    from ._types import BytesLike, LeaseId

_V = TypeVar("_V")


# `unlock` tells of a lock that was lost, unless so many were lost that nobody asked for.
_MOST_LOST_LOCKS = 100


class Communicator(Changes):
    """A connection to a cluster, bound to the event loop that opened it.

    `async with client.connect() as communicator` makes one. Any number of tasks may use it at once,
    without waiting for each other.

    **Reads** fail over to other members and are retried until their deadline. **Writes** are
    retried only if the previous attempt was certainly not applied; if that is unknown, they raise
    `OutcomeUnknownError`.

    Every call takes a `timeout`: the deadline for the whole call, in seconds. Besides the errors
    that it documents, every call may raise:

    Raises:
        EtcdTimeoutError: There was no response within the deadline.
        EtcdConnectionError: No member could be reached, or the connection broke.
        OutcomeUnknownError: A write may or may not have been applied.
        RpcError: The server refused; a subclass if etcd has a name for the reason.
        PermissionDeniedError: The user lacks the permission.
        NoLeaderError: The cluster has no leader.
        ClosedError: The communicator is closed.
        WrongLoopError: The communicator was opened on another event loop.
        ForkedError: The communicator was opened before the process was forked.

    Examples:
        >>> async with client.connect() as communicator:
        ...     response = await communicator.put("greeting", "hello")
        ...     await communicator.get("greeting")
        b'hello'
    """

    held_lock: Lock | None = None
    """The lock that `Client.with_lock` acquired; None without it."""

    _locks: dict[bytes, tuple[bytes, HeldLease]] | None = None

    async def aclose(self) -> None:
        """Release the lock that the communicator was opened with, if any, and close it.

        The counterpart of `Client.open`. Closing again does nothing.

        Raises:
            LockLostError: The lock had been lost.
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
        """Read all keys that begin with a prefix in pages, at a single revision.

        At most one page of keys is in memory at a time. Pages have fewer keys if values are large.

        Args:
            prefix: The prefix; empty for all keys.
            page_size: The maximum number of keys in a page.
            revision: The revision to read at; 0 for the latest.
            keys_only: Whether to leave out the values.
            serializable: Whether the member may answer from its own data without asking the leader:
                faster, but possibly stale.
            timeout: Deadline for each page, in seconds; None for the connection's default.

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
        """Read the keys of a range in pages, at a single revision.

        At most one page of keys is in memory at a time. Pages have fewer keys if values are large.

        Args:
            key: The first key.
            range_end: The end of the range, exclusive; a zero byte for no end.
            page_size: The most keys to ask for at once.
            revision: The revision to read at; 0 for the newest.
            keys_only: Whether to leave out the values.
            serializable: Whether the member may answer from its own data without asking the leader:
                faster, but possibly stale.
            timeout: Deadline for each page, in seconds; None for the connection's default.

        Returns:
            An async iterator of `KeyValue`, in the order of the keys.
        """
        from ._arguments import check_name
        from ._kv.scan import Scan

        check_name(range_end, "range_end")

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

    @overload
    def cache(
        self,
        prefix: BytesLike | None = None,
        *,
        prefixes: Iterable[BytesLike] | None = None,
        decode: None = None,
        max_age: float = 10.0,
        timeout: float | None = None,
    ) -> Cache[bytes]: ...
    @overload
    def cache(
        self,
        prefix: BytesLike | None = None,
        *,
        prefixes: Iterable[BytesLike] | None = None,
        decode: Callable[[KeyValue], _V],
        max_age: float = 10.0,
        timeout: float | None = None,
    ) -> Cache[_V]: ...
    def cache(
        self,
        prefix: BytesLike | None = None,
        *,
        prefixes: Iterable[BytesLike] | None = None,
        decode: Callable[[KeyValue], Any] | None = None,
        max_age: float = 10.0,
        timeout: float | None = None,
    ) -> Cache[Any]:
        """Keep all keys that begin with a prefix in memory, up to date, as a mapping.

        Each cache has a watch of its own; any number of tasks may share one.

        Args:
            prefix: What the keys begin with; all keys where it is empty.
            prefixes: Several prefixes instead. Their changes are shown together too, which takes
                one more answer of the server. Servers before 3.4.25 and 3.5.8 do not give it:
                after a change, everything is read again there, about a second later.
            decode: A function that makes of a `KeyValue` what the mapping shows; by default, it
                shows the values as `bytes`. A key for which it raises is left out of the mapping
                and is in `errors`, with a warning by the logger `etcd_client`.
            max_age: Seconds without a word of the server after which the cache is not `fresh` any
                more. Where nothing changes, it asks for a word three times as often.
            timeout: Seconds for each page that is read; the connection's default where None.

        Returns:
            The cache, to be entered with `async with`.

        Raises:
            InvalidArgsError: Neither or both of `prefix` and `prefixes` are given.
        """
        from ._arguments import check_seconds
        from ._cache.arguments import check_decode, read_prefixes
        from ._cache.cache import Cache

        found = read_prefixes(prefix, prefixes)
        check_decode(decode)
        check_seconds(max_age, "max_age")
        if timeout is not None:
            check_seconds(timeout, "timeout")
        return Cache(self, found, decode, max_age, timeout)

    @property
    def maintenance(self) -> Maintenance:
        """Status, snapshots, alarms, defragmentation, leadership and downgrades."""
        from ._admin.maintenance import Maintenance

        return Maintenance(self)

    def lease(
        self,
        ttl: int,
        id: int | None = None,  # noqa: A002 - what etcd calls it
        *,
        timeout: float | None = None,
    ) -> LeaseGrant:
        """Grant a lease and keep it alive in the background; to be awaited or entered.

        Args:
            ttl: Time to live in seconds: how long after its last renewal the lease expires.
            id: The id of the lease; None for a random one.
            timeout: Deadline for the grant, in seconds; None for the connection's default.

        Returns:
            A `LeaseGrant`; awaiting or entering it returns a `Lease`.

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
        """Make a session: one lease, kept alive within `async with`, that several things share.

        Args:
            ttl: Time to live in seconds: how long after its last renewal the lease expires.
            cancel_on_loss: Whether to cancel the body when the session is lost; leaving then raises
                `SessionLostError`.
            on_loss: Called with a `SessionLostError` when the session is lost.

        Returns:
            The session, not yet open.
        """
        from ._session import Session

        return Session(self, ttl, cancel_on_loss=cancel_on_loss, on_loss=on_loss)

    def lock(
        self,
        name: BytesLike,
        *,
        lease: LeaseId | None = None,
        timeout: float | None = None,
        ttl: float | None = None,
    ) -> Coroutine[Any, Any, LockResponse]:
        """Acquire a lock and hold it until `unlock`; most programs use the class `Lock` instead.

        Args:
            name: The name of the lock.
            lease: The lease to attach it to, which the caller keeps alive. By default the lock has
                its own lease, which is kept alive in the background.
            timeout: Maximum wait in seconds; None to wait without limit.
            ttl: Maximum time to hold it, in seconds; not together with `lease`.

        Returns:
            The key that exists while the lock is held.

        Raises:
            LockTimeoutError: The lock was not acquired in time.
            LockLostError: Its key or lease was deleted before it was acquired.
            LeaseNotFoundError: The given lease does not exist.
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
        self._forget_lost_locks(own_name)
        self._locks[held.key] = (own_name, held)
        return LockResponse(held.header, held.key)

    def _forget_lost_locks(self, name: bytes) -> None:
        """Forget those of a name that stands for another lock now, and all where they are many."""
        locks = self._locks or {}
        lost = [(key, own) for key, (own, held) in locks.items() if held.loss is not None]
        for key, own in lost:
            if own == name or len(lost) > _MOST_LOST_LOCKS:
                del locks[key]

    def unlock(
        self, key: BytesLike, *, timeout: float | None = None
    ) -> Coroutine[Any, Any, UnlockResponse]:
        """Release a lock.

        Args:
            key: The key that `lock` returned, or the name of a lock that this communicator holds.
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            LockLostError: The lock had been lost.
        """
        held = self._take_lock(key)
        if held is None:
            return self._unlock(key, timeout=timeout)
        return self._unlocked(held, held.release(timeout))

    def _take_lock(self, key: BytesLike) -> HeldLease | None:
        from ._arguments import as_bytes, check_name

        check_name(key, "key")
        wanted = as_bytes(key)
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
        try:
            return f"<Communicator {'closed' if self.closed else ', '.join(self.endpoints)}>"
        except EtcdError:
            # Closed meanwhile by another thread, or by a fork.
            return "<Communicator closed>"


async def _left_to_the_lease(call: Call[HeldLease]) -> LockResponse:
    held = await call
    held.let_go()
    return LockResponse(held.header, held.key)


EtcdCommunicator = Communicator
