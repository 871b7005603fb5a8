"""`_communicator` for threads; made by `make generate`, change `etcd_client._communicator`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, overload

import etcd_client as aio
from etcd_client.enums import SortOrder, SortTarget

from . import _face
from ._admin import Maintenance
from ._cache import Cache
from ._coordination import Lock
from ._face import interruptible, outside, own, refuse_with_once, run, unwrap, waiting
from ._kv import Scan
from ._lease import Lease
from ._native import Auth, Cluster, LeaseKeepAlives, Observer, Watch
from ._session import Session
from ._stm import STM

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from typing_extensions import Self

    from etcd_client import (
        BytesLike,
        CampaignResponse,
        CompactResponse,
        DeleteResponse,
        EventLike,
        Isolation,
        KeyValue,
        LeaderKey,
        LeaderResponse,
        LeaseGrantResponse,
        LeaseId,
        LeaseKeepAliveResponse,
        LeaseRevokeResponse,
        LeasesResponse,
        LeaseTimeToLiveResponse,
        LockResponse,
        ProclaimResponse,
        PutResponse,
        RangeResponse,
        ResignResponse,
        SessionLostError,
        Stats,
        Txn,
        TxnResponse,
        UnlockResponse,
        WatchFilterType,
    )

_T = TypeVar("_T")

_V = TypeVar("_V")


class Communicator(_face.Communicator):
    """A connection to a cluster, for any number of threads.

    `with client.connect() as communicator` makes one. Any number of threads may use it at once,
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
        ForkedError: The communicator was opened before the process was forked.

    Examples:
        >>> with client.connect() as communicator:
        ...     response = communicator.put("greeting", "hello")
        ...     communicator.get("greeting")
        b'hello'
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Communicator

    @property
    def held_lock(self) -> Lock | None:
        """The lock that `Client.with_lock` acquired; None without it."""
        return Lock._of_optional(self._inner.held_lock)

    @property
    def closed(self) -> bool:
        """Whether the communicator is closed."""
        return self._inner.closed

    @property
    def endpoints(self) -> list[str]:
        """The endpoints in use, as given."""
        return self._inner.endpoints

    def close(self) -> None:
        """Close the communicator, as leaving its `with` does.

        Open watches end, and further calls raise `ClosedError`. Closing again does nothing.
        Closing a communicator that `namespace` returned affects nothing but that one.
        """
        run(self._inner.close)

    def set_endpoints(self, endpoints: Iterable[str]) -> None:
        """Switch to other endpoints; calls and watches in flight move to them.

        Other communicators that were opened with the same endpoints and options keep their
        endpoints. While there are any, watches and leases of this one that are open stay where they
        are, too; calls that begin from now on go to the new endpoints.

        Args:
            endpoints: The members' client addresses; at least one.

        Raises:
            InvalidUriError: An endpoint is malformed, or has no TLS although TLS is configured.
            InvalidArgsError: No endpoint is given.
        """
        run(self._inner.set_endpoints, endpoints)

    def sync_endpoints(
        self, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> list[str]:
        """Switch to the client URLs that the members advertise.

        Learners and members that have not been started are left out.

        Args:
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The endpoints.
        """
        return self._inner.sync_endpoints(timeout=timeout, wait_for_ready=wait_for_ready)._wait()

    def stats(self) -> Stats:
        """Return counters of what has happened on the connections.

        Communicators with the same endpoints and options share their connections, and so these
        counters. The logger `etcd_client` says more: it logs a warning for each failover, lost
        connection and resumed watch.

        Returns:
            The counters as of now, since the connections were first used.
        """
        return run(self._inner.stats)

    def namespace(self, prefix: BytesLike) -> Self:
        """Return a communicator whose keys are all prefixed.

        The prefix is added to every key that is sent and removed from every key that is returned,
        for ranges, transactions, watches, locks and elections too, so that no other key can be
        reached. Everything else is shared with this communicator, and it is closed with it.

        Args:
            prefix: The prefix; it is appended to the prefix of this communicator, if it has one.

        Returns:
            A communicator of the same class.

        Examples:
            >>> app = communicator.namespace("/app/")
            >>> response = app.put("color", "blue")
            >>> app.get_prefix("")
            [(b'color', b'blue')]
            >>> communicator.get("/app/color")
            b'blue'
        """
        return self._of(run(self._inner.namespace, prefix))

    def get(
        self,
        key: BytesLike,
        *,
        revision: int = 0,
        serializable: bool = False,
        min_mod_revision: int = 0,
        max_mod_revision: int = 0,
        min_create_revision: int = 0,
        max_create_revision: int = 0,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> bytes | None:
        """Read the value of a key.

        Args:
            key: The key.
            revision: The revision to read at; 0 for the latest.
            serializable: Whether the member may answer from its own data without asking the
                leader: faster, but possibly stale.
            min_mod_revision: Ignore the key if it was last modified before this revision.
            max_mod_revision: Ignore the key if it was last modified after this revision.
            min_create_revision: Ignore the key if it was created before this revision.
            max_create_revision: Ignore the key if it was created after this revision.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The value; None if the key does not exist.

        Raises:
            EmptyKeyError: The key is empty.
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision is in the future.
        """
        return self._inner.get(
            key,
            revision=revision,
            serializable=serializable,
            min_mod_revision=min_mod_revision,
            max_mod_revision=max_mod_revision,
            min_create_revision=min_create_revision,
            max_create_revision=max_create_revision,
            timeout=timeout,
            wait_for_ready=wait_for_ready,
        )._wait()

    def get_kv(
        self,
        key: BytesLike,
        *,
        revision: int = 0,
        serializable: bool = False,
        min_mod_revision: int = 0,
        max_mod_revision: int = 0,
        min_create_revision: int = 0,
        max_create_revision: int = 0,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> KeyValue | None:
        """Read a key with its value, revisions and lease.

        Args:
            key: The key.
            revision: The revision to read at; 0 for the latest.
            serializable: Whether the member may answer from its own data without asking the
                leader: faster, but possibly stale.
            min_mod_revision: Ignore the key if it was last modified before this revision.
            max_mod_revision: Ignore the key if it was last modified after this revision.
            min_create_revision: Ignore the key if it was created before this revision.
            max_create_revision: Ignore the key if it was created after this revision.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The key-value pair; None if the key does not exist.

        Raises:
            EmptyKeyError: The key is empty.
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision is in the future.
        """
        return self._inner.get_kv(
            key,
            revision=revision,
            serializable=serializable,
            min_mod_revision=min_mod_revision,
            max_mod_revision=max_mod_revision,
            min_create_revision=min_create_revision,
            max_create_revision=max_create_revision,
            timeout=timeout,
            wait_for_ready=wait_for_ready,
        )._wait()

    def get_prefix(
        self,
        prefix: BytesLike,
        *,
        limit: int = 0,
        revision: int = 0,
        sort_order: SortOrder = SortOrder.NONE,
        sort_target: SortTarget = SortTarget.KEY,
        serializable: bool = False,
        min_mod_revision: int = 0,
        max_mod_revision: int = 0,
        min_create_revision: int = 0,
        max_create_revision: int = 0,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> list[tuple[bytes, bytes]]:
        """Read all keys that begin with a prefix.

        The whole response is held in memory; for ranges of any size, use `scan_prefix`.

        Args:
            prefix: The prefix; empty for all keys.
            limit: The maximum number of keys to return; 0 for no limit.
            revision: The revision to read at; 0 for the latest.
            sort_order: The sort order; ascending by default.
            sort_target: What to sort by; the key by default.
            serializable: Whether the member may answer from its own data without asking the
                leader: faster, but possibly stale.
            min_mod_revision: Leave out keys last modified before this revision.
            max_mod_revision: Leave out keys last modified after this revision.
            min_create_revision: Leave out keys created before this revision.
            max_create_revision: Leave out keys created after this revision.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The keys and their values.

        Raises:
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision is in the future.
        """
        return self._inner.get_prefix(
            prefix,
            limit=limit,
            revision=revision,
            sort_order=sort_order,
            sort_target=sort_target,
            serializable=serializable,
            min_mod_revision=min_mod_revision,
            max_mod_revision=max_mod_revision,
            min_create_revision=min_create_revision,
            max_create_revision=max_create_revision,
            timeout=timeout,
            wait_for_ready=wait_for_ready,
        )._wait()

    def get_range(
        self,
        key: BytesLike,
        range_end: BytesLike,
        *,
        limit: int = 0,
        revision: int = 0,
        sort_order: SortOrder = SortOrder.NONE,
        sort_target: SortTarget = SortTarget.KEY,
        serializable: bool = False,
        min_mod_revision: int = 0,
        max_mod_revision: int = 0,
        min_create_revision: int = 0,
        max_create_revision: int = 0,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> list[tuple[bytes, bytes]]:
        """Read all keys from `key` up to, but not including, `range_end`.

        Args:
            key: The first key of the range; empty to start at the first key of all.
            range_end: The end of the range, exclusive.
            limit: The maximum number of keys to return; 0 for no limit.
            revision: The revision to read at; 0 for the latest.
            sort_order: The sort order; ascending by default.
            sort_target: What to sort by; the key by default.
            serializable: Whether the member may answer from its own data without asking the
                leader: faster, but possibly stale.
            min_mod_revision: Leave out keys last modified before this revision.
            max_mod_revision: Leave out keys last modified after this revision.
            min_create_revision: Leave out keys created before this revision.
            max_create_revision: Leave out keys created after this revision.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The keys and their values.

        Raises:
            InvalidArgsError: `range_end` is empty.
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision is in the future.
        """
        return self._inner.get_range(
            key,
            range_end,
            limit=limit,
            revision=revision,
            sort_order=sort_order,
            sort_target=sort_target,
            serializable=serializable,
            min_mod_revision=min_mod_revision,
            max_mod_revision=max_mod_revision,
            min_create_revision=min_create_revision,
            max_create_revision=max_create_revision,
            timeout=timeout,
            wait_for_ready=wait_for_ready,
        )._wait()

    def keys_prefix(
        self,
        key: BytesLike,
        *,
        limit: int = 0,
        revision: int = 0,
        sort_order: SortOrder = SortOrder.NONE,
        sort_target: SortTarget = SortTarget.KEY,
        serializable: bool = False,
        min_mod_revision: int = 0,
        max_mod_revision: int = 0,
        min_create_revision: int = 0,
        max_create_revision: int = 0,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> list[bytes]:
        """Read all keys that begin with a prefix, without their values.

        Args:
            key: The prefix; empty for all keys.
            limit: The maximum number of keys to return; 0 for no limit.
            revision: The revision to read at; 0 for the latest.
            sort_order: The sort order; ascending by default.
            sort_target: What to sort by; the key by default.
            serializable: Whether the member may answer from its own data without asking the
                leader: faster, but possibly stale.
            min_mod_revision: Leave out keys last modified before this revision.
            max_mod_revision: Leave out keys last modified after this revision.
            min_create_revision: Leave out keys created before this revision.
            max_create_revision: Leave out keys created after this revision.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The keys.

        Raises:
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision is in the future.
        """
        return self._inner.keys_prefix(
            key,
            limit=limit,
            revision=revision,
            sort_order=sort_order,
            sort_target=sort_target,
            serializable=serializable,
            min_mod_revision=min_mod_revision,
            max_mod_revision=max_mod_revision,
            min_create_revision=min_create_revision,
            max_create_revision=max_create_revision,
            timeout=timeout,
            wait_for_ready=wait_for_ready,
        )._wait()

    def keys_range(
        self,
        key: BytesLike,
        range_end: BytesLike,
        *,
        limit: int = 0,
        revision: int = 0,
        sort_order: SortOrder = SortOrder.NONE,
        sort_target: SortTarget = SortTarget.KEY,
        serializable: bool = False,
        min_mod_revision: int = 0,
        max_mod_revision: int = 0,
        min_create_revision: int = 0,
        max_create_revision: int = 0,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> list[bytes]:
        """Read all keys from `key` up to, but not including, `range_end`; without their values.

        Args:
            key: The first key of the range; empty to start at the first key of all.
            range_end: The end of the range, exclusive.
            limit: The maximum number of keys to return; 0 for no limit.
            revision: The revision to read at; 0 for the latest.
            sort_order: The sort order; ascending by default.
            sort_target: What to sort by; the key by default.
            serializable: Whether the member may answer from its own data without asking the
                leader: faster, but possibly stale.
            min_mod_revision: Leave out keys last modified before this revision.
            max_mod_revision: Leave out keys last modified after this revision.
            min_create_revision: Leave out keys created before this revision.
            max_create_revision: Leave out keys created after this revision.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The keys.

        Raises:
            InvalidArgsError: `range_end` is empty.
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision is in the future.
        """
        return self._inner.keys_range(
            key,
            range_end,
            limit=limit,
            revision=revision,
            sort_order=sort_order,
            sort_target=sort_target,
            serializable=serializable,
            min_mod_revision=min_mod_revision,
            max_mod_revision=max_mod_revision,
            min_create_revision=min_create_revision,
            max_create_revision=max_create_revision,
            timeout=timeout,
            wait_for_ready=wait_for_ready,
        )._wait()

    def range(
        self,
        key: BytesLike,
        *,
        range_end: BytesLike | None = None,
        prefix: bool = False,
        from_key: bool = False,
        limit: int = 0,
        revision: int = 0,
        sort_order: SortOrder = SortOrder.NONE,
        sort_target: SortTarget = SortTarget.KEY,
        serializable: bool = False,
        keys_only: bool = False,
        count_only: bool = False,
        min_mod_revision: int = 0,
        max_mod_revision: int = 0,
        min_create_revision: int = 0,
        max_create_revision: int = 0,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> RangeResponse:
        """Read a key or a range of keys, with every option of etcd's range request.

        Args:
            key: The key; with one of the next three arguments, the first key of a range.
            range_end: The end of the range, exclusive.
            prefix: Whether to read all keys that begin with `key`.
            from_key: Whether to read all keys from `key` to the last key of all.
            limit: The maximum number of keys to return; 0 for no limit.
            revision: The revision to read at; 0 for the latest.
            sort_order: The sort order; ascending by default.
            sort_target: What to sort by; the key by default.
            serializable: Whether the member may answer from its own data without asking the
                leader: faster, but possibly stale.
            keys_only: Whether to leave out the values.
            count_only: Whether to return only the number of keys.
            min_mod_revision: Leave out keys last modified before this revision.
            max_mod_revision: Leave out keys last modified after this revision.
            min_create_revision: Leave out keys created before this revision.
            max_create_revision: Leave out keys created after this revision.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The key-value pairs, their total number, and the response header.

        Raises:
            InvalidArgsError: More than one of `range_end`, `prefix` and `from_key` is given, or
                `range_end` is empty.
            EmptyKeyError: The key is empty and does not begin a range.
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision is in the future.
        """
        return self._inner.range(
            key,
            range_end=range_end,
            prefix=prefix,
            from_key=from_key,
            limit=limit,
            revision=revision,
            sort_order=sort_order,
            sort_target=sort_target,
            serializable=serializable,
            keys_only=keys_only,
            count_only=count_only,
            min_mod_revision=min_mod_revision,
            max_mod_revision=max_mod_revision,
            min_create_revision=min_create_revision,
            max_create_revision=max_create_revision,
            timeout=timeout,
            wait_for_ready=wait_for_ready,
        )._wait()

    def count_prefix(
        self,
        prefix: BytesLike,
        *,
        revision: int = 0,
        serializable: bool = False,
        min_mod_revision: int = 0,
        max_mod_revision: int = 0,
        min_create_revision: int = 0,
        max_create_revision: int = 0,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> int:
        """Count the keys that begin with a prefix.

        Args:
            prefix: The prefix; empty for all keys.
            revision: The revision to read at; 0 for the latest.
            serializable: Whether the member may answer from its own data without asking the
                leader: faster, but possibly stale.
            min_mod_revision: No effect: etcd counts before it filters.
            max_mod_revision: No effect, for the same reason.
            min_create_revision: No effect, for the same reason.
            max_create_revision: No effect, for the same reason.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The number of keys.

        Raises:
            CompactedError: The revision has been compacted.
            FutureRevisionError: The revision is in the future.
        """
        return self._inner.count_prefix(
            prefix,
            revision=revision,
            serializable=serializable,
            min_mod_revision=min_mod_revision,
            max_mod_revision=max_mod_revision,
            min_create_revision=min_create_revision,
            max_create_revision=max_create_revision,
            timeout=timeout,
            wait_for_ready=wait_for_ready,
        )._wait()

    def put(
        self,
        key: BytesLike,
        value: BytesLike,
        *,
        lease: LeaseId | None = None,
        prev_kv: bool = False,
        ignore_value: bool = False,
        ignore_lease: bool = False,
        timeout: float | None = None,
        once: Session | None = None,
        wait_for_ready: bool | None = None,
    ) -> PutResponse:
        """Write a key.

        Args:
            key: The key.
            value: The value; empty with `ignore_value`.
            lease: The lease to attach the key to: the key is deleted when the lease expires or is
                revoked. None detaches the key from its present lease.
            prev_kv: Whether to return the previous key-value pair.
            ignore_value: Whether to keep the key's present value.
            ignore_lease: Whether to keep the key attached to its present lease.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.
            once: A session; the change is then applied exactly once, whatever fails. While the
                session lives, there is no `OutcomeUnknownError`.

        Returns:
            The response header and, with `prev_kv`, the previous key-value pair.

        Raises:
            EmptyKeyError: The key is empty.
            KeyNotFoundError: `ignore_value` or `ignore_lease` is set and the key does not exist.
            LeaseNotFoundError: The lease does not exist.
            RequestTooLargeError: The request exceeds the server's limit, by default 1.5 MiB.
            NoSpaceError: The database has exceeded its quota.
        """
        if once is not None:
            refuse_with_once(wait_for_ready=wait_for_ready)
            return run(
                self._inner.put,
                key,
                value,
                lease=lease,
                prev_kv=prev_kv,
                ignore_value=ignore_value,
                ignore_lease=ignore_lease,
                timeout=timeout,
                once=own(once, "once"),
            )
        return self._inner.put(
            key,
            value,
            lease=lease,
            prev_kv=prev_kv,
            ignore_value=ignore_value,
            ignore_lease=ignore_lease,
            timeout=timeout,
            wait_for_ready=wait_for_ready,
        )._wait()

    def delete(
        self,
        key: BytesLike,
        *,
        range_end: BytesLike | None = None,
        prefix: bool = False,
        from_key: bool = False,
        prev_kv: bool = False,
        timeout: float | None = None,
        once: Session | None = None,
        wait_for_ready: bool | None = None,
    ) -> DeleteResponse:
        """Delete a key, or a range of keys.

        Args:
            key: The key; with one of the next three arguments, the first key of a range.
            range_end: The end of the range, exclusive.
            prefix: Whether to delete all keys that begin with `key`.
            from_key: Whether to delete all keys from `key` to the last key of all.
            prev_kv: Whether to return the deleted key-value pairs.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.
            once: A session; the change is then applied exactly once, whatever fails. While the
                session lives, there is no `OutcomeUnknownError`.

        Returns:
            The number of deleted keys and, with `prev_kv`, the deleted key-value pairs.

        Raises:
            InvalidArgsError: More than one of `range_end`, `prefix` and `from_key` is given, or
                `range_end` is empty.
            EmptyKeyError: The key is empty and does not begin a range.
        """
        if once is not None:
            refuse_with_once(wait_for_ready=wait_for_ready)
            return run(
                self._inner.delete,
                key,
                range_end=range_end,
                prefix=prefix,
                from_key=from_key,
                prev_kv=prev_kv,
                timeout=timeout,
                once=own(once, "once"),
            )
        return self._inner.delete(
            key,
            range_end=range_end,
            prefix=prefix,
            from_key=from_key,
            prev_kv=prev_kv,
            timeout=timeout,
            wait_for_ready=wait_for_ready,
        )._wait()

    def delete_prefix(
        self,
        key: BytesLike,
        *,
        prev_kv: bool = False,
        timeout: float | None = None,
        once: Session | None = None,
        wait_for_ready: bool | None = None,
    ) -> DeleteResponse:
        """Delete all keys that begin with a prefix.

        Args:
            key: The prefix; empty for all keys.
            prev_kv: Whether to return the deleted key-value pairs.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.
            once: A session; the change is then applied exactly once, whatever fails. While the
                session lives, there is no `OutcomeUnknownError`.

        Returns:
            The number of deleted keys and, with `prev_kv`, the deleted key-value pairs.
        """
        if once is not None:
            refuse_with_once(wait_for_ready=wait_for_ready)
            return run(
                self._inner.delete_prefix,
                key,
                prev_kv=prev_kv,
                timeout=timeout,
                once=own(once, "once"),
            )
        return self._inner.delete_prefix(
            key, prev_kv=prev_kv, timeout=timeout, wait_for_ready=wait_for_ready
        )._wait()

    def delete_range(
        self,
        key: BytesLike,
        range_end: BytesLike,
        *,
        prev_kv: bool = False,
        timeout: float | None = None,
        once: Session | None = None,
        wait_for_ready: bool | None = None,
    ) -> DeleteResponse:
        """Delete all keys from `key` up to, but not including, `range_end`.

        Args:
            key: The first key of the range; empty to start at the first key of all.
            range_end: The end of the range, exclusive.
            prev_kv: Whether to return the deleted key-value pairs.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.
            once: A session; the change is then applied exactly once, whatever fails. While the
                session lives, there is no `OutcomeUnknownError`.

        Returns:
            The number of deleted keys and, with `prev_kv`, the deleted key-value pairs.

        Raises:
            InvalidArgsError: `range_end` is empty.
        """
        if once is not None:
            refuse_with_once(wait_for_ready=wait_for_ready)
            return run(
                self._inner.delete_range,
                key,
                range_end,
                prev_kv=prev_kv,
                timeout=timeout,
                once=own(once, "once"),
            )
        return self._inner.delete_range(
            key, range_end, prev_kv=prev_kv, timeout=timeout, wait_for_ready=wait_for_ready
        )._wait()

    def txn(
        self,
        txn: Txn,
        *,
        timeout: float | None = None,
        once: Session | None = None,
        wait_for_ready: bool | None = None,
    ) -> TxnResponse:
        """Run a transaction atomically: all of it takes effect at one revision, or none of it.

        Args:
            txn: The transaction.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.
            once: A session; the change is then applied exactly once, whatever fails. While the
                session lives, there is no `OutcomeUnknownError`.

        Returns:
            Whether the conditions held, and the response of each operation that ran.

        Raises:
            TooManyOpsError: There are more operations than the server allows, by default 128.
            DuplicateKeyError: A key is written more than once.
            EmptyKeyError: A key is empty.
            LeaseNotFoundError: The lease of a put does not exist.
            RequestTooLargeError: The request exceeds the server's limit, by default 1.5 MiB.
            CompactedError: The revision of a read has been compacted.
        """
        if once is not None:
            refuse_with_once(wait_for_ready=wait_for_ready)
            return run(self._inner.txn, txn, timeout=timeout, once=own(once, "once"))
        return self._inner.txn(txn, timeout=timeout, wait_for_ready=wait_for_ready)._wait()

    def compact(
        self,
        revision: int,
        *,
        physical: bool = False,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> CompactResponse:
        """Discard the history before a revision; the keys as they are at it remain.

        Args:
            revision: The oldest revision that can be read afterwards.
            physical: Whether to wait until the compacted entries are removed from the database.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The response header.

        Raises:
            CompactedError: The revision has already been compacted.
            FutureRevisionError: The revision is in the future.
        """
        return self._inner.compact(
            revision, physical=physical, timeout=timeout, wait_for_ready=wait_for_ready
        )._wait()

    def lease_grant(
        self,
        ttl: int,
        id: int | None = None,
        *,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> LeaseGrantResponse:
        """Grant a lease: keys attached to it are deleted when it expires or is revoked.

        It expires unless it is renewed by `lease_keep_alive` or `lease_keep_alive_stream`. For a
        lease that is kept alive in the background, use `lease`.

        Args:
            ttl: Time to live in seconds, at least 1. The server raises it to its own minimum,
                which is about 2.
            id: The id of the lease; None or 0 for a random one.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The id and the granted time to live.

        Raises:
            LeaseExistError: A lease with that id exists already.
            LeaseTTLTooLargeError: The time to live is above 9,000,000,000.
        """
        return self._inner.lease_grant(
            ttl, id, timeout=timeout, wait_for_ready=wait_for_ready
        )._wait()

    def lease_revoke(
        self, id: LeaseId, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> LeaseRevokeResponse:
        """Revoke a lease and delete the keys attached to it.

        Args:
            id: The lease, or its id.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The response header.

        Raises:
            LeaseNotFoundError: The lease does not exist.
        """
        return self._inner.lease_revoke(id, timeout=timeout, wait_for_ready=wait_for_ready)._wait()

    def lease_time_to_live(
        self,
        id: LeaseId,
        *,
        keys: bool = False,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> LeaseTimeToLiveResponse:
        """Get the remaining time to live of a lease.

        Args:
            id: The lease, or its id.
            keys: Whether to return the attached keys.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The remaining and the granted seconds; -1 remain if the lease does not exist.
        """
        return self._inner.lease_time_to_live(
            id, keys=keys, timeout=timeout, wait_for_ready=wait_for_ready
        )._wait()

    def lease_keep_alive(
        self, id: LeaseId, *, timeout: float | None = None
    ) -> LeaseKeepAliveResponse:
        """Renew a lease once.

        Args:
            id: The lease, or its id.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.

        Returns:
            The renewed time to live.

        Raises:
            LeaseNotFoundError: The lease does not exist.
        """
        return self._inner.lease_keep_alive(id, timeout=timeout)._wait()

    def lease_keep_alive_stream(
        self, id: LeaseId, *, timeout: float | None = None
    ) -> LeaseKeepAlives:
        """Keep an existing lease alive, whoever granted it.

        The lease is renewed in the background, whether or not the program reads the responses.

        Args:
            id: The lease, or its id.
            timeout: Deadline for the first renewal, in seconds; None for the connection's default.

        Returns:
            An iterator of `LeaseKeepAliveResponse`, one for each renewal.
        """
        return LeaseKeepAlives._of(run(self._inner.lease_keep_alive_stream, id, timeout=timeout))

    def leases(
        self, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> LeasesResponse:
        """List all leases.

        Args:
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The ids of the leases.
        """
        return self._inner.leases(timeout=timeout, wait_for_ready=wait_for_ready)._wait()

    def proclaim(
        self,
        leader: LeaderKey,
        value: BytesLike,
        *,
        timeout: float | None = None,
        wait_for_ready: bool | None = None,
    ) -> ProclaimResponse:
        """Proclaim a new value as the leader of an election.

        Args:
            leader: The `leader` of the response of `campaign`.
            value: The value to proclaim.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The response header.

        Raises:
            ElectionNotLeaderError: The leadership was lost or resigned.
        """
        return self._inner.proclaim(
            leader, value, timeout=timeout, wait_for_ready=wait_for_ready
        )._wait()

    def leader(
        self, name: BytesLike, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> LeaderResponse:
        """Get the current leader of an election.

        Args:
            name: The name of the election.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The leader's key and the value that it proclaims.

        Raises:
            ElectionNoLeaderError: There is no leader.
        """
        return self._inner.leader(name, timeout=timeout, wait_for_ready=wait_for_ready)._wait()

    def observe(self, name: BytesLike) -> Observer:
        """Observe an election: the current leader, its successors, and what they proclaim.

        Args:
            name: The name of the election.

        Returns:
            An iterator of `LeaderResponse`.
        """
        return Observer._of(run(self._inner.observe, name))

    def resign(
        self, leader: LeaderKey, *, timeout: float | None = None, wait_for_ready: bool | None = None
    ) -> ResignResponse:
        """Resign the leadership of an election.

        Args:
            leader: The `leader` of the response of `campaign`.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            wait_for_ready: False to fail at once if no member can be reached; None for the
                connection's default.

        Returns:
            The response header.
        """
        return self._inner.resign(leader, timeout=timeout, wait_for_ready=wait_for_ready)._wait()

    @property
    def auth(self) -> Auth:
        """Users, roles, and authentication."""
        return Auth._of(self._inner.auth)

    @property
    def cluster(self) -> Cluster:
        """The members of the cluster."""
        return Cluster._of(self._inner.cluster)

    def watch(
        self,
        key: BytesLike,
        once: bool | None = None,
        ready_event: EventLike | None = None,
        cleanup_event: EventLike | None = None,
        *,
        start_revision: int = 0,
        prev_kv: bool = False,
        filters: Iterable[WatchFilterType] | None = None,
        progress_notify: bool = False,
        fragment: bool = False,
        watch_id: int = 0,
        timeout: float | None = None,
    ) -> Watch:
        """Watch a key.

        The watch starts at once. Errors are raised to whoever reads it.

        Args:
            key: The key.
            once: Whether to end after the first event.
            ready_event: Set when the server has confirmed the watch; every later change is
                reported.
            cleanup_event: Set when the watch has ended.
            start_revision: The first revision to report; 0 for changes from now on.
            prev_kv: Whether to report the previous key-value pair of each key.
            filters: The kinds of events to leave out.
            progress_notify: Whether the server reports its progress when nothing changes, which
                advances `Watch.revision`.
            fragment: No effect: the server may always split large revisions, and the client
                reassembles them.
            watch_id: The id of the watch on the server; 0 to let the server choose.
            timeout: Deadline for the server's confirmation, in seconds; None to wait without
                limit. A confirmed watch has no deadline.

        Returns:
            The watch, an iterator of `WatchEvent`.
        """
        return Watch._of(
            run(
                self._inner.watch,
                key,
                once,
                unwrap(ready_event),
                unwrap(cleanup_event),
                start_revision=start_revision,
                prev_kv=prev_kv,
                filters=filters,
                progress_notify=progress_notify,
                fragment=fragment,
                watch_id=watch_id,
                timeout=timeout,
            )
        )

    def watch_prefix(
        self,
        key: BytesLike,
        once: bool | None = None,
        ready_event: EventLike | None = None,
        cleanup_event: EventLike | None = None,
        *,
        start_revision: int = 0,
        prev_kv: bool = False,
        filters: Iterable[WatchFilterType] | None = None,
        progress_notify: bool = False,
        fragment: bool = False,
        watch_id: int = 0,
        timeout: float | None = None,
    ) -> Watch:
        """Watch all keys that begin with a prefix.

        Args:
            key: The prefix; empty for all keys.
            once: Whether to end after the first event.
            ready_event: Set when the server has confirmed the watch; every later change is
                reported.
            cleanup_event: Set when the watch has ended.
            start_revision: The first revision to report; 0 for changes from now on.
            prev_kv: Whether to report the previous key-value pair of each key.
            filters: The kinds of events to leave out.
            progress_notify: Whether the server reports its progress when nothing changes, which
                advances `Watch.revision`.
            fragment: No effect: the server may always split large revisions, and the client
                reassembles them.
            watch_id: The id of the watch on the server; 0 to let the server choose.
            timeout: Deadline for the server's confirmation, in seconds; None to wait without
                limit. A confirmed watch has no deadline.

        Returns:
            The watch, an iterator of `WatchEvent`.
        """
        return Watch._of(
            run(
                self._inner.watch_prefix,
                key,
                once,
                unwrap(ready_event),
                unwrap(cleanup_event),
                start_revision=start_revision,
                prev_kv=prev_kv,
                filters=filters,
                progress_notify=progress_notify,
                fragment=fragment,
                watch_id=watch_id,
                timeout=timeout,
            )
        )

    def watch_range(
        self,
        key: BytesLike,
        range_end: BytesLike,
        once: bool | None = None,
        ready_event: EventLike | None = None,
        cleanup_event: EventLike | None = None,
        *,
        start_revision: int = 0,
        prev_kv: bool = False,
        filters: Iterable[WatchFilterType] | None = None,
        progress_notify: bool = False,
        fragment: bool = False,
        watch_id: int = 0,
        timeout: float | None = None,
    ) -> Watch:
        """Watch all keys from `key` up to, but not including, `range_end`.

        Args:
            key: The first key of the range; empty to start at the first key of all.
            range_end: The end of the range, exclusive.
            once: Whether to end after the first event.
            ready_event: Set when the server has confirmed the watch; every later change is
                reported.
            cleanup_event: Set when the watch has ended.
            start_revision: The first revision to report; 0 for changes from now on.
            prev_kv: Whether to report the previous key-value pair of each key.
            filters: The kinds of events to leave out.
            progress_notify: Whether the server reports its progress when nothing changes, which
                advances `Watch.revision`.
            fragment: No effect: the server may always split large revisions, and the client
                reassembles them.
            watch_id: The id of the watch on the server; 0 to let the server choose.
            timeout: Deadline for the server's confirmation, in seconds; None to wait without
                limit. A confirmed watch has no deadline.

        Returns:
            The watch, an iterator of `WatchEvent`.

        Raises:
            InvalidArgsError: `range_end` is empty.
        """
        return Watch._of(
            run(
                self._inner.watch_range,
                key,
                range_end,
                once,
                unwrap(ready_event),
                unwrap(cleanup_event),
                start_revision=start_revision,
                prev_kv=prev_kv,
                filters=filters,
                progress_notify=progress_notify,
                fragment=fragment,
                watch_id=watch_id,
                timeout=timeout,
            )
        )

    def watch_many(
        self,
        *,
        keys: Iterable[BytesLike] | None = None,
        prefixes: Iterable[BytesLike] | None = None,
        ranges: Iterable[tuple[BytesLike, BytesLike]] | None = None,
        once: bool | None = None,
        ready_event: EventLike | None = None,
        cleanup_event: EventLike | None = None,
        start_revision: int = 0,
        prev_kv: bool = False,
        filters: Iterable[WatchFilterType] | None = None,
        progress_notify: bool = False,
        fragment: bool = False,
        timeout: float | None = None,
    ) -> Watch:
        """Watch several keys, prefixes and ranges with one watch.

        Each of them is reported in order, exactly once and without gaps. Between them there is no
        order: if one revision changes several of them, each has a batch of its own, and later
        events of others may come in between. A key that is in several of them is reported for
        each. `Watch.revision` is the revision that all of them have reached.

        Args:
            keys: Single keys.
            prefixes: Prefixes; an empty one matches all keys.
            ranges: Pairs of the first key of a range and its exclusive end.
            once: Whether to end after the first event.
            ready_event: Set when the server has confirmed all of it; every later change is
                reported.
            cleanup_event: Set when the watch has ended.
            start_revision: The first revision to report; 0 for changes from now on.
            prev_kv: Whether to report the previous key-value pair of each key.
            filters: The kinds of events to leave out.
            progress_notify: Whether the server reports its progress when nothing changes, which
                advances `Watch.revision`.
            fragment: No effect: the server may always split large revisions, and the client
                reassembles them.
            timeout: Deadline for the server's confirmation, in seconds; None to wait without
                limit. A confirmed watch has no deadline.

        Returns:
            The watch, an iterator of `WatchEvent`.

        Raises:
            InvalidArgsError: Nothing to watch is given, or the end of a range is empty.
        """
        return Watch._of(
            run(
                self._inner.watch_many,
                keys=keys,
                prefixes=prefixes,
                ranges=ranges,
                once=once,
                ready_event=unwrap(ready_event),
                cleanup_event=unwrap(cleanup_event),
                start_revision=start_revision,
                prev_kv=prev_kv,
                filters=filters,
                progress_notify=progress_notify,
                fragment=fragment,
                timeout=timeout,
            )
        )

    def create(
        self,
        key: BytesLike,
        value: BytesLike,
        *,
        lease: LeaseId | None = None,
        timeout: float | None = None,
        once: Session | None = None,
    ) -> KeyValue:
        """Write a key that does not exist.

        Args:
            key: The key.
            value: The value.
            lease: The lease to attach the key to: the key is deleted when the lease expires or is
                revoked.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            once: A session; while it lives, the write is applied exactly once, whatever fails.

        Returns:
            The new key-value pair, which `replace` accepts.

        Raises:
            KeyExistsError: The key exists already; the error's `kv` is its key-value pair.
        """
        return run(
            self._inner.create, key, value, lease=lease, timeout=timeout, once=own(once, "once")
        )

    def replace(
        self,
        kv: KeyValue,
        value: BytesLike,
        *,
        lease: LeaseId | None = None,
        timeout: float | None = None,
        once: Session | None = None,
    ) -> KeyValue:
        """Write a key, unless it has been changed since it was read.

        Args:
            kv: The key as it was read: what `get_kv`, `create` or `replace` returned.
            value: The new value.
            lease: The lease to attach the key to, or 0 to detach it; by default it stays attached
                to its present lease.
            timeout: Deadline for the whole call, in seconds; None for the connection's default.
            once: A session; while it lives, the write is applied exactly once, whatever fails.

        Returns:
            The new key-value pair.

        Raises:
            ConflictError: The key was changed or deleted; the error's `kv` is its present state.
        """
        return run(
            self._inner.replace, kv, value, lease=lease, timeout=timeout, once=own(once, "once")
        )

    @overload
    def update(
        self,
        key: BytesLike,
        function: Callable[[bytes], BytesLike | None],
        *,
        default: BytesLike,
        lease: LeaseId | None = None,
        timeout: float | None = None,
        once: Session | None = None,
    ) -> KeyValue | None: ...

    @overload
    def update(
        self,
        key: BytesLike,
        function: Callable[[bytes | None], BytesLike | None],
        *,
        default: None = None,
        lease: LeaseId | None = None,
        timeout: float | None = None,
        once: Session | None = None,
    ) -> KeyValue | None: ...

    def update(
        self,
        key: BytesLike,
        function: Callable[[Any], BytesLike | None],
        *,
        default: BytesLike | None = None,
        lease: LeaseId | None = None,
        timeout: float | None = None,
        once: Session | None = None,
    ) -> KeyValue | None:
        """Update a key with a function of its value, without losing the changes of others.

        If another client changes the key between reading and writing, the function is called
        again with the new value. Within one process, updates of the same key wait in line and need
        one request each, plus one for the first of them.

        Args:
            key: The key.
            function: Takes the present value, None if the key does not exist, and returns the new
                value, None to delete the key. If it returns the value that it was given, nothing
                is written. If it raises, the call raises and nothing is written.
            default: The value to pass to the function if the key does not exist.
            lease: The lease to attach the key to, or 0 to detach it; by default it stays attached
                to its present lease.
            timeout: Deadline for the whole call, waiting included, in seconds. If None, each
                request has the connection's default, and the call is retried until it succeeds.
            once: A session; while it lives, the write is applied exactly once, whatever fails.

        Returns:
            The new key-value pair; None if the key does not exist afterwards.

        Examples:
            >>> def increment(value):
            ...     return str(int(value) + 1)
            >>> kv = communicator.update("visits", increment, default="0")
            >>> kv.value
            b'1'
        """
        inner: Any = self._inner
        made: KeyValue | None = run(
            inner.update,
            key,
            interruptible(function),
            default=default,
            lease=lease,
            timeout=timeout,
            once=own(once, "once"),
        )
        return made

    def append(
        self,
        prefix: BytesLike,
        value: BytesLike,
        *,
        lease: LeaseId | None = None,
        timeout: float | None = None,
        once: Session | None = None,
    ) -> KeyValue:
        """Write a new key with the next sequence number of a prefix.

        The key is the prefix followed by a number of 16 digits: 0 for the first key, then one more
        than for the last appended key, whichever client wrote it and even if it has been deleted.
        So the order of the keys is the order in which they were written. The next number is stored
        in the key `__sequence/<prefix>`.

        Args:
            prefix: The prefix, such as `jobs/`.
            value: The value.
            lease: The lease to attach the key to: the key is deleted when the lease expires or is
                revoked.
            timeout: Deadline for the whole call, waiting included, in seconds. If None, each
                request has the connection's default, and the call is retried until it succeeds.
            once: A session; while it lives, the write is applied exactly once, whatever fails.

        Returns:
            The new key-value pair.

        Raises:
            InvalidArgsError: The prefix is empty.

        Examples:
            >>> for job in ("build", "test"):
            ...     kv = communicator.append("jobs/", job)
            >>> kv.key
            b'jobs/0000000000000001'
        """
        return run(
            self._inner.append, prefix, value, lease=lease, timeout=timeout, once=own(once, "once")
        )

    def stm(
        self,
        function: Callable[[STM], _T],
        *,
        isolation: Isolation | None = None,
        prefetch: Iterable[BytesLike] = (),
        timeout: float | None = None,
        once: Session | None = None,
    ) -> _T:
        """Run a function as a transaction: its writes take effect atomically, or not at all.

        If a key that it read is changed before its writes take effect, nothing is written and it
        runs again. So it should have no side effects but its writes.

        Args:
            function: Takes an `STM`. If it raises, the call
                raises and nothing is written.
            isolation: The isolation level; None for the strictest one,
                `Isolation.SERIALIZABLE_SNAPSHOT`.
            prefetch: Keys that it is going to read, to be read with one request beforehand.
            timeout: Deadline for the whole call, in seconds. If None, each request has the
                connection's default, and the function runs again until it succeeds.
            once: A session; while it lives, the writes are applied exactly once, whatever fails.

        Returns:
            The function's result.

        Raises:
            TooManyOpsError: There are more writes, or more conditions for what was read, than the
                server allows in a transaction, by default 128.
        """
        return run(
            self._inner.stm,
            waiting(STM, function),
            isolation=isolation,
            prefetch=prefetch,
            timeout=timeout,
            once=own(once, "once"),
        )

    def aclose(self) -> None:
        """Release the lock that the communicator was opened with, if any, and close it.

        The counterpart of `Client.open`. Closing again does nothing.

        Raises:
            LockLostError: The lock had been lost.
        """
        run(self._inner.aclose)

    def scan_prefix(
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
            An iterator of `KeyValue`, in the order of the keys.
        """
        return Scan._of(
            run(
                self._inner.scan_prefix,
                prefix,
                page_size=page_size,
                revision=revision,
                keys_only=keys_only,
                serializable=serializable,
                timeout=timeout,
                wait_for_ready=wait_for_ready,
            )
        )

    def scan_range(
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
            An iterator of `KeyValue`, in the order of the keys.
        """
        return Scan._of(
            run(
                self._inner.scan_range,
                key,
                range_end,
                page_size=page_size,
                revision=revision,
                keys_only=keys_only,
                serializable=serializable,
                timeout=timeout,
                wait_for_ready=wait_for_ready,
            )
        )

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

        Each cache has a watch of its own; any number of threads may share one.

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
            The cache, to be entered with `with`.

        Raises:
            InvalidArgsError: Neither or both of `prefix` and `prefixes` are given.
        """
        inner: Any = self._inner
        made: Cache[Any] = Cache._of(
            run(
                inner.cache,
                prefix,
                prefixes=prefixes,
                decode=decode,
                max_age=max_age,
                timeout=timeout,
            )
        )
        return made

    @property
    def maintenance(self) -> Maintenance:
        """Status, snapshots, alarms, defragmentation, leadership and downgrades."""
        return Maintenance._of(run(lambda: self._inner.maintenance))

    def lease(self, ttl: int, id: int | None = None, *, timeout: float | None = None) -> Lease:
        """Grant a lease and keep it alive in the background.

        Args:
            ttl: Time to live in seconds: how long after its last renewal the lease expires.
            id: The id of the lease; None for a random one.
            timeout: Deadline for the grant, in seconds; None for the connection's default.

        Returns:
            The lease.

        Raises:
            LeaseExistError: A lease with that id exists already.
            LeaseTTLTooLargeError: The time to live is above 9,000,000,000.
        """
        return Lease._of(run(self._inner.lease, ttl, id, timeout=timeout))

    def session(
        self,
        ttl: int = 10,
        *,
        cancel_on_loss: bool = False,
        on_loss: Callable[[SessionLostError], object] | None = None,
    ) -> Session:
        """Make a session: one lease, kept alive within `with`, that several things share.

        Args:
            ttl: Time to live in seconds: how long after its last renewal the lease expires.
            cancel_on_loss: Whether to cancel the body when the session is lost; leaving then raises
                `SessionLostError`.
            on_loss: Called with a `SessionLostError` when the session is lost.

        Returns:
            The session, not yet open.
        """
        return Session._of(
            run(self._inner.session, ttl, cancel_on_loss=cancel_on_loss, on_loss=outside(on_loss))
        )

    def lock(
        self,
        name: BytesLike,
        *,
        lease: LeaseId | None = None,
        timeout: float | None = None,
        ttl: float | None = None,
    ) -> LockResponse:
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
        return run(self._inner.lock, name, lease=lease, timeout=timeout, ttl=ttl)

    def unlock(self, key: BytesLike, *, timeout: float | None = None) -> UnlockResponse:
        """Release a lock.

        Args:
            key: The key that `lock` returned, or the name of a lock that this communicator holds.
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Returns:
            The response header.

        Raises:
            LockLostError: The lock had been lost.
        """
        return run(self._inner.unlock, key, timeout=timeout)

    def campaign(
        self, name: BytesLike, value: BytesLike, lease: LeaseId, *, timeout: float | None = None
    ) -> CampaignResponse:
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
        return run(self._inner.campaign, name, value, lease, timeout=timeout)


EtcdCommunicator = Communicator
