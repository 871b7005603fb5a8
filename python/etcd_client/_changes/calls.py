"""`Changes`: the calls of a communicator that change keys in several steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, overload

from etcd_client import _etcd_client
from etcd_client.enums import Isolation

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable
    from typing import Any

    from etcd_client._coordination.session import Session
    from etcd_client._etcd_client import KeyValue
    from etcd_client._kv.waiting_line import WaitingLine
    from etcd_client._stm.transaction import STM, SyncSTM
    from etcd_client._types import BytesLike, LeaseId


_T = TypeVar("_T")


class Changes(_etcd_client.Communicator):
    """What is made of transactions: compare and swap, sequential keys, STM."""

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
            lease: The lease to attach the key to: it is deleted when the lease ends.
            timeout: Seconds for the whole call; the connection's default where None.
            once: The session as long as whose life it is made exactly once.

        Returns:
            What the key has become; `replace` takes it.

        Raises:
            KeyExistsError: The key exists; its `kv` is what it is.
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
        """Write a key that nobody has changed since it was read.

        Args:
            kv: What the key was, as `get_kv`, `create` or `replace` returned it.
            value: The value that it is to have.
            lease: The lease to attach the key to; by default it stays with the one that it has, and
                0 takes it off.
            timeout: Seconds for the whole call; the connection's default where None.
            once: The session as long as whose life it is made exactly once.

        Returns:
            What the key has become.

        Raises:
            ConflictError: The key was changed or deleted; its `kv` is what it is.
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
        """Change a key by a function of its value, as often as needed for nothing to get lost.

        Where somebody else changes the key between reading and writing, the function is called
        again with the new value. Callers of one process who are about the same key wait for each
        other and need one request each, and one more for the first of them.

        Args:
            key: The key.
            function: Takes the value that the key has, None where it does not exist, and returns
                the one that it is to have, None to delete it. Where it returns the value that it
                was given, nothing is written. It may be async. What it raises ends the call, with
                nothing written.
            default: What the function is given in place of None.
            lease: The lease to attach the key to; by default it stays with the one that it has, and
                0 takes it off.
            timeout: Seconds for all of it, waiting included. Without it each request has the
                connection's default, and the call no end before it succeeds.
            once: The session as long as whose life it is made exactly once.

        Returns:
            What the key has become; None where it does not exist.

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
        """Write a new key after all that were appended to a prefix before.

        The key is the prefix and a number of 16 digits: 0 at first, and then always one more than
        for the last key that was appended, by whichever client, also where that one was deleted
        since. So the order of the keys is that in which they were written. The next number is the
        value of the key `__sequence/` with the prefix behind it.

        Args:
            prefix: What the key begins with, such as `jobs/`.
            value: The value.
            lease: The lease to attach the key to: it is deleted when the lease ends.
            timeout: Seconds for all of it, waiting included. Without it each request has the
                connection's default, and the call no end before it succeeds.
            once: The session as long as whose life it is made exactly once.

        Returns:
            The key with what else there is to know of it.

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
        isolation: Isolation = Isolation.SERIALIZABLE_SNAPSHOT,
        prefetch: Iterable[BytesLike] = (),
        timeout: float | None = None,
        once: Session | None = None,
    ) -> Coroutine[Any, Any, _T]: ...
    @overload
    def stm(
        self,
        function: Callable[[SyncSTM], _T],
        *,
        isolation: Isolation = Isolation.SERIALIZABLE_SNAPSHOT,
        prefetch: Iterable[BytesLike] = (),
        timeout: float | None = None,
        once: Session | None = None,
    ) -> Coroutine[Any, Any, _T]: ...
    def stm(
        self,
        function: Callable[[Any], Any],
        *,
        isolation: Isolation = Isolation.SERIALIZABLE_SNAPSHOT,
        prefetch: Iterable[BytesLike] = (),
        timeout: float | None = None,
        once: Session | None = None,
    ) -> Coroutine[Any, Any, Any]:
        """Run a function whose reads and writes of any keys take effect at once, or not at all.

        Where something that it has read is changed before its writes are made, it is run again,
        with what there is then. So it should do nothing but to read, to compute and to write.

        Args:
            function: Takes an `STM` if it is async, and a `SyncSTM` if it is not. What it raises
                ends the call, with nothing written.
            isolation: What it is kept from; the strictest level by default.
            prefetch: The keys that it will read, which are then read with one request.
            timeout: Seconds for all of it. Without it each request has the connection's default,
                and the call no end before it succeeds.
            once: The session as long as whose life the writes are made exactly once.

        Returns:
            What the function returns.

        Raises:
            TooManyOpsError: There are more writes, or more of what has to be unchanged, than the
                server takes in a transaction, by default 128.
        """
        from etcd_client._stm.stm import stm

        return stm(self, function, isolation, prefetch, timeout, once)

    def _exactly_once(
        self,
        name: str,
        *arguments: Any,  # noqa: ANN401 - the native method has types for them
        **options: Any,  # noqa: ANN401 - the same
    ) -> Coroutine[Any, Any, object]:
        """Make a native call to which `once=` was given; the native method calls it."""
        from etcd_client._once.calls import exactly_once

        return exactly_once(self, name, *arguments, **options)
