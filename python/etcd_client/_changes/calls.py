"""`Changes`: the calls of a communicator that write keys in several requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, overload

from etcd_client import _etcd_client

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable
    from typing import Any

    from etcd_client._coordination.open_session import Session
    from etcd_client._etcd_client import KeyValue
    from etcd_client._kv.waiting_line import WaitingLine
    from etcd_client._stm.transaction import STM, SyncSTM
    from etcd_client._types import BytesLike, LeaseId
    from etcd_client.enums import Isolation


_T = TypeVar("_T")


class Changes(_etcd_client.Communicator):
    """Calls that are built on transactions: compare and swap, sequential keys, STM."""

    _sequences: dict[bytes, WaitingLine] | None = None

    def create(
        self,
        key: BytesLike,
        value: BytesLike,
        *,
        lease: LeaseId | None = None,
        timeout: float | None = None,
        once: Session | None = None,
    ) -> Coroutine[Any, Any, KeyValue]:
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
        from .compare_and_swap import create

        return create(self, key, value, lease, timeout, once)

    def replace(
        self,
        kv: KeyValue,
        value: BytesLike,
        *,
        lease: LeaseId | None = None,
        timeout: float | None = None,
        once: Session | None = None,
    ) -> Coroutine[Any, Any, KeyValue]:
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
        from .compare_and_swap import replace

        return replace(self, kv, value, lease, timeout, once)

    @overload
    def update(
        self,
        key: BytesLike,
        function: Callable[[bytes], BytesLike | Awaitable[BytesLike | None] | None],
        *,
        default: BytesLike,
        lease: LeaseId | None = None,
        timeout: float | None = None,
        once: Session | None = None,
    ) -> Coroutine[Any, Any, KeyValue | None]: ...
    @overload
    def update(
        self,
        key: BytesLike,
        function: Callable[[bytes | None], BytesLike | Awaitable[BytesLike | None] | None],
        *,
        default: None = None,
        lease: LeaseId | None = None,
        timeout: float | None = None,
        once: Session | None = None,
    ) -> Coroutine[Any, Any, KeyValue | None]: ...
    def update(  # noqa: PLR0913 - what the overloads take
        self,
        key: BytesLike,
        function: Callable[[Any], BytesLike | Awaitable[BytesLike | None] | None],
        *,
        default: BytesLike | None = None,
        lease: LeaseId | None = None,
        timeout: float | None = None,
        once: Session | None = None,
    ) -> Coroutine[Any, Any, KeyValue | None]:
        """Update a key with a function of its value, without losing the changes of others.

        If another client changes the key between reading and writing, the function is called
        again with the new value. Within one process, updates of the same key wait in line and need
        one request each, plus one for the first of them.

        Args:
            key: The key.
            function: Takes the present value, None if the key does not exist, and returns the new
                value, None to delete the key. If it returns the value that it was given, nothing
                is written. It may be async. If it raises, the call raises and nothing is written.
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
            >>> kv = await communicator.update("visits", increment, default="0")
            >>> kv.value
            b'1'
        """
        from .compare_and_swap import update

        return update(self, key, function, default, lease, timeout, once)

    def append(
        self,
        prefix: BytesLike,
        value: BytesLike,
        *,
        lease: LeaseId | None = None,
        timeout: float | None = None,
        once: Session | None = None,
    ) -> Coroutine[Any, Any, KeyValue]:
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
            ...     kv = await communicator.append("jobs/", job)
            >>> kv.key
            b'jobs/0000000000000001'
        """
        from .sequential import append

        if self._sequences is None:
            self._sequences = {}
        return append(self, prefix, value, lease, timeout, once, self._sequences)

    @overload
    def stm(
        self,
        function: Callable[[STM], Awaitable[_T]],
        *,
        isolation: Isolation | None = None,
        prefetch: Iterable[BytesLike] = (),
        timeout: float | None = None,
        once: Session | None = None,
    ) -> Coroutine[Any, Any, _T]: ...
    @overload
    def stm(
        self,
        function: Callable[[SyncSTM], _T],
        *,
        isolation: Isolation | None = None,
        prefetch: Iterable[BytesLike] = (),
        timeout: float | None = None,
        once: Session | None = None,
    ) -> Coroutine[Any, Any, _T]: ...
    def stm(
        self,
        function: Callable[[Any], Any],
        *,
        isolation: Isolation | None = None,
        prefetch: Iterable[BytesLike] = (),
        timeout: float | None = None,
        once: Session | None = None,
    ) -> Coroutine[Any, Any, Any]:
        """Run a function as a transaction: its writes take effect atomically, or not at all.

        If a key that it read is changed before its writes take effect, nothing is written and it
        runs again. So it should have no side effects but its writes.

        Args:
            function: Takes an `STM` if it is async, otherwise a `SyncSTM`. If it raises, the call
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
        from etcd_client._stm.stm import stm

        return stm(self, function, isolation, prefetch, timeout, once)

    def _exactly_once(
        self,
        name: str,
        *arguments: Any,  # noqa: ANN401 - the native method has types for them
        **options: Any,  # noqa: ANN401 - the same
    ) -> Coroutine[Any, Any, object]:
        """Make a native call that has a `once=`; called by the native method."""
        from etcd_client._once.calls import exactly_once

        return exactly_once(self, name, *arguments, **options)
