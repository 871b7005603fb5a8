"""`Communicator`: the native calls, and what is built on them.

Its methods import what they need, so that a program pays only for what it uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, overload

from . import _etcd_client
from ._changes.calls import Changes

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable
    from typing import Any

    from ._admin.maintenance import Maintenance
    from ._cache.cache import Cache
    from ._coordination.calls import HeldLocks
    from ._coordination.lock import Lock
    from ._etcd_client import CampaignResponse, KeyValue, LockResponse, UnlockResponse
    from ._kv.scan import Scan
    from ._lease.lease import LeaseGrant
    from ._session import Session
    from ._types import BytesLike, LeaseId
    from .errors import SessionLostError

_V = TypeVar("_V")


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

    _locks: HeldLocks | None = None

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
        page_size: int | None = None,
        revision: int = 0,
        keys_only: bool = False,
        serializable: bool = False,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> Scan:
        """Read all keys that begin with a prefix, part by part, at a single revision.

        Holds a few megabytes at a time. Since etcd 3.7 the server streams the keys; earlier
        servers, and those behind a proxy that cannot, are asked for pages, which have fewer keys
        if values are large.

        Args:
            prefix: The prefix; empty for all keys.
            page_size: The maximum number of keys in a page; None to have the keys streamed if the
                server can, and otherwise pages of at most 1000 keys.
            revision: The revision to read at; 0 for the latest.
            keys_only: Whether to leave out the values.
            serializable: Whether the member may answer from its own data without asking the leader:
                faster, but possibly stale.
            timeout: Deadline for each part, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

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
            wait_for_ready=wait_for_ready,
        )

    def scan_range(  # noqa: PLR0913 - the options of a range
        self,
        key: BytesLike,
        range_end: BytesLike,
        *,
        page_size: int | None = None,
        revision: int = 0,
        keys_only: bool = False,
        serializable: bool = False,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> Scan:
        """Read the keys of a range, part by part, at a single revision.

        Holds a few megabytes at a time; see `scan_prefix`.

        Args:
            key: The first key.
            range_end: The end of the range, exclusive; a zero byte for no end.
            page_size: The maximum number of keys in a page; None to have the keys streamed if the
                server can, and otherwise pages of at most 1000 keys.
            revision: The revision to read at; 0 for the newest.
            keys_only: Whether to leave out the values.
            serializable: Whether the member may answer from its own data without asking the leader:
                faster, but possibly stale.
            timeout: Deadline for each part, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            An async iterator of `KeyValue`, in the order of the keys.
        """
        from ._arguments import check_name
        from ._kv.range_reader import RangeReader
        from ._kv.scan import Scan

        check_name(range_end, "range_end")

        reader = RangeReader(self, range_end, keys_only, serializable, timeout, wait_for_ready)
        return Scan(reader, key, page_size, revision)

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
        from ._coordination.calls import HeldLocks, lock_with_lease

        if lease is not None:
            return lock_with_lease(self, name, lease, ttl, timeout)
        if self._locks is None:
            self._locks = HeldLocks()
        return self._locks.lock(self, name, ttl, timeout)

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
        from ._arguments import check_name

        check_name(key, "key")
        held = None if self._locks is None else self._locks.unlock(key, timeout)
        return self._unlock(key, timeout=timeout) if held is None else held

    def campaign(
        self,
        name: BytesLike,
        value: BytesLike,
        lease: LeaseId,
        *,
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, CampaignResponse]:
        """Wait to become the leader of an election; `Election` is the comfortable way.

        A failed or cancelled campaign leaves no key on the server, even if it has just been won.
        The key of an earlier campaign with the same lease stays, and so does the lease.

        Args:
            name: The name of the election.
            value: The value to proclaim as the leader.
            lease: The lease that the leadership is tied to: it lasts while the lease is kept alive.
            timeout: Maximum wait in seconds; None to wait without limit.

        Returns:
            The leadership's key, to be passed to `proclaim` and `resign`.

        Raises:
            EtcdTimeoutError: The election was not won in time.
            ElectError: The candidate's key or lease was lost while waiting.
            LeaseNotFoundError: The lease does not exist.
        """
        from ._coordination.calls import campaign

        return campaign(self, name, value, lease, timeout)

    def __repr__(self) -> str:
        from .errors import EtcdError

        try:
            return f"<Communicator {'closed' if self.closed else ', '.join(self.endpoints)}>"
        except EtcdError:
            # Closed meanwhile by another thread, or by a fork.
            return "<Communicator closed>"


EtcdCommunicator = Communicator
