"""`STM` and `SyncSTM`: how a function reads and writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client._arguments import as_bytes, lease_id, read_names
from etcd_client._etcd_client import TxnOp
from etcd_client.errors import ClosedError

from .reads import Span
from .writes import Write

if TYPE_CHECKING:
    from collections.abc import Iterable

    from etcd_client._etcd_client import KeyValue
    from etcd_client._types import BytesLike, LeaseId

    from .function_run import FunctionRun


class ReadFirst(BaseException):
    """Raised through a function that reads something that has not been fetched yet.

    Args:
        span: What it reads.
    """

    def __init__(self, span: Span) -> None:
        super().__init__(span)
        self.span = span


class Writes:
    """The part of a transaction that records writes until the function has returned.

    Args:
        run: The run in which to record them.
    """

    __slots__ = ("_run",)

    def __init__(self, run: FunctionRun) -> None:
        self._run: FunctionRun | None = run

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {'ended' if self._run is None else 'running'}>"

    def put(
        self,
        key: BytesLike,
        value: BytesLike,
        *,
        lease: LeaseId | None = None,
        ignore_lease: bool = False,
    ) -> None:
        """Write a key at the commit; later reads of the function see the value.

        Args:
            key: The key.
            value: The value.
            lease: The lease to attach the key to; None detaches the key from its present lease.
            ignore_lease: Whether to keep the key attached to its present lease; the key must exist.
        """
        operation = TxnOp.put(key, value, lease=lease, ignore_lease=ignore_lease)
        attached = None if ignore_lease else lease_id(lease)
        self._open().write(as_bytes(key), Write(operation, as_bytes(value), attached))

    def delete(self, key: BytesLike) -> None:
        """Delete a key at the commit; later reads of the function do not find it.

        Args:
            key: The key.
        """
        self._open().write(as_bytes(key), Write(TxnOp.delete(key), None))

    def _open(self) -> FunctionRun:
        if self._run is None:
            message = "the function of this transaction has returned"
            raise ClosedError(message)
        return self._run

    def _close(self) -> None:
        self._run = None


class STM(Writes):
    """The argument of an async function of `Communicator.stm`, with which it reads and writes.

    Reads return the keys as they were before, with the function's own writes. Each key or range is
    read from the server once. Several reads may be awaited concurrently.

    Examples:
        >>> async def transfer(txn):
        ...     paid = int(await txn.get("alice"))
        ...     txn.put("alice", str(paid - 10))
        ...     txn.put("bob", str(int(await txn.get("bob")) + 10))
        >>> for name in ("alice", "bob"):
        ...     response = await communicator.put(name, "100")
        >>> await communicator.stm(transfer)
        >>> await communicator.get("bob")
        b'110'
    """

    __module__ = "etcd_client"
    __slots__ = ()

    async def get(self, key: BytesLike) -> bytes | None:
        """Read a key.

        Args:
            key: The key.

        Returns:
            The value; None if the key does not exist.
        """
        run, span = self._open(), _one(key)
        if not run.has_written(span.key):
            await run.read(span)
        return run.seen(span).get(span.key)

    async def range(
        self,
        key: BytesLike,
        *,
        range_end: BytesLike | None = None,
        prefix: bool = False,
        from_key: bool = False,
    ) -> list[tuple[bytes, bytes]]:
        """Read a range of keys.

        At levels that check reads at the commit, it takes a condition for each key that was found,
        and one for the range. etcd allows 128 in a transaction unless configured otherwise.

        Args:
            key: The first key.
            range_end: The end of the range, exclusive.
            prefix: Whether to read all keys that begin with `key`.
            from_key: Whether to read all keys from `key` to the last key of all.

        Returns:
            The keys with their values, in the order of the keys.
        """
        run, span = self._open(), _span(key, range_end, prefix=prefix, from_key=from_key)
        await run.read(span)
        return list(run.seen(span).items())

    async def rev(self, key: BytesLike) -> int:
        """Read the revision that last modified a key, before this function.

        Args:
            key: The key.

        Returns:
            The revision; 0 if the key does not exist.
        """
        return _revision(await self._open().read(_one(key)))


class SyncSTM(Writes):
    """The argument of a plain function of `Communicator.stm`, with which it reads and writes.

    It has the methods of `STM`, but they return their results directly. When the function reads
    something for the first time, it is interrupted and called again with the value; so it should
    have no other side effects. `prefetch` avoids these calls.

    Examples:
        >>> def increment(txn):
        ...     txn.put("visits", str(int(txn.get("visits") or 0) + 1))
        ...     return txn.get("visits")
        >>> await communicator.stm(increment, prefetch=["visits"])
        b'1'
    """

    __module__ = "etcd_client"
    __slots__ = ()

    def get(self, key: BytesLike) -> bytes | None:
        """Read a key.

        Args:
            key: The key.

        Returns:
            The value; None if the key does not exist.
        """
        run, span = self._open(), _one(key)
        if not run.has_written(span.key):
            self._read(span)
        return run.seen(span).get(span.key)

    def range(
        self,
        key: BytesLike,
        *,
        range_end: BytesLike | None = None,
        prefix: bool = False,
        from_key: bool = False,
    ) -> list[tuple[bytes, bytes]]:
        """Read a range of keys; see `STM.range` for the cost.

        Args:
            key: The first key.
            range_end: The end of the range, exclusive.
            prefix: Whether to read all keys that begin with `key`.
            from_key: Whether to read all keys from `key` to the last key of all.

        Returns:
            The keys with their values, in the order of the keys.
        """
        span = _span(key, range_end, prefix=prefix, from_key=from_key)
        self._read(span)
        return list(self._open().seen(span).items())

    def rev(self, key: BytesLike) -> int:
        """Read the revision that last modified a key, before this function.

        Args:
            key: The key.

        Returns:
            The revision; 0 if the key does not exist.
        """
        return _revision(self._read(_one(key)))

    def _read(self, span: Span) -> tuple[KeyValue, ...]:
        kvs = self._open().known(span)
        if kvs is None:
            raise ReadFirst(span)
        return kvs


def _one(key: BytesLike) -> Span:
    return _span(key, None, prefix=False, from_key=False)


def _span(key: BytesLike, range_end: BytesLike | None, *, prefix: bool, from_key: bool) -> Span:
    read = TxnOp.get(key, range_end=range_end, prefix=prefix, from_key=from_key)
    _, first, end = read._parts()  # noqa: SLF001 - made for this
    return Span(first, end)


def spans_of(keys: Iterable[BytesLike]) -> list[Span]:
    """Return the spans of the keys to prefetch.

    Args:
        keys: The keys that the program passed.
    """
    return [_one(key) for key in read_names(keys, "prefetch")]


def _revision(kvs: tuple[KeyValue, ...]) -> int:
    return kvs[0].mod_revision if kvs else 0
