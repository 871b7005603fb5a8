"""`Queue`: a queue of items, each of which one consumer works on at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client._arguments import (
    as_bytes,
    check_count,
    check_name,
    check_seconds,
)
from etcd_client._coordination.open_session import with_communicator
from etcd_client._etcd_client import KeyValue, Txn, TxnOp
from etcd_client._started import StartedCoroutine
from etcd_client.errors import InvalidArgsError

from .consumers import know
from .job import Job
from .queue_keys import QueueKeys

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable, Sequence
    from typing import Any, ClassVar

    from etcd_client._coordination.open_session import Session
    from etcd_client._etcd_client import Communicator
    from etcd_client._types import BytesLike

# etcd allows 128 operations in a transaction, of which `once` takes two.
_MOST_OPERATIONS = 126
# etcd allows 1.5 MiB in a request; an item may well be larger than its share.
_MOST_BYTES = 1 << 20
_MOST_PEEKED = 100


class Queue:
    """A queue: first in, first out, by the revision at which an item was put.

    Consumers claim items on their session, so that no two work on the same item, and the items of a
    consumer that dies go to others. Each item is committed exactly once; see `Job`.

    Queues of the same name and session share one cache of the queue and one task that claims items
    for all of them. Consumers of other processes that wait for an item stand in a line, and the
    items are dealt to the line in order: a new item is claimed by one of them, not by all.

    Args:
        session: The session that claims are attached to. To put and to look, a communicator is
            enough.
        name: The name of the queue. Its keys begin with the name and `/`.

    Examples:
        >>> from etcd_client import Queue
        >>> async with communicator.session(ttl=10) as session:
        ...     queue = Queue(session, "thumbnails")
        ...     for name in ("cat.png", "dog.png"):
        ...         item = await queue.put(name)
        ...     async with queue.get(timeout=5) as job:
        ...         print(job.value)
        ...         response = await job.commit()
        ...     await queue.size()
        b'cat.png'
        1
    """

    __module__ = "etcd_client"

    __slots__ = ("__weakref__", "_communicator", "_keys", "_name", "_session")

    _has_priorities: ClassVar[bool] = False

    def __init__(self, session: Session | Communicator, name: BytesLike) -> None:
        self._session, self._communicator = with_communicator(session, self)
        check_name(name, "name")
        self._name = as_bytes(name)
        self._keys = QueueKeys(self._name, has_priorities=self._has_priorities)

    @property
    def name(self) -> bytes:
        """The name of the queue."""
        return self._name

    def put(
        self, value: BytesLike, *, once: Session | None = None, timeout: float | None = None
    ) -> Coroutine[Any, Any, KeyValue]:
        """Put an item at the end of the queue.

        Args:
            value: The value.
            once: A session; while it lives, the item is put exactly once, whatever fails. Without
                it, the item is put at most once, and `OutcomeUnknownError` says where that is
                unknown.
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Returns:
            The item's key-value pair.
        """
        return self._put(value, None, once, timeout)

    def _put(
        self, value: BytesLike, priority: int | None, once: Session | None, timeout: float | None
    ) -> Coroutine[Any, Any, KeyValue]:
        (key,) = self._keys.new_items(1, priority)
        call = self._communicator.put(key, value, once=once, timeout=timeout)

        async def put() -> KeyValue:
            response = await call
            know(self._session, self._keys, response.header.revision)
            return _item(key, value, response.header.revision)

        return StartedCoroutine(call.close, put())

    def put_many(
        self,
        values: Iterable[BytesLike],
        *,
        once: Session | None = None,
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, list[KeyValue]]:
        """Put several items at the end of the queue, in this order.

        Up to 126 items of 1 MiB together are put atomically, with one request. Of more, if the call
        fails, the first ones may have been put.

        Args:
            values: The values.
            once: A session; while it lives, each item is put exactly once, whatever fails.
            timeout: Deadline for each request, in seconds; None for the connection's default.

        Returns:
            The items' key-value pairs.
        """
        return self._put_many(values, None, once, timeout)

    def _put_many(
        self,
        values: Iterable[BytesLike],
        priority: int | None,
        once: Session | None,
        timeout: float | None,
    ) -> Coroutine[Any, Any, list[KeyValue]]:
        if isinstance(values, str | bytes | bytearray | memoryview):
            message = f"values: expected a list of values, got {type(values).__qualname__}"
            raise TypeError(message)
        given = list(values)
        for value in given:
            TxnOp.put("key", value)  # raises if it is no value
        items = [as_bytes(value) for value in given]
        pairs = list(zip(self._keys.new_items(len(items), priority), items, strict=True))

        async def put() -> list[KeyValue]:
            put: list[KeyValue] = []
            for part in _parts(pairs):
                txn = Txn().and_then([TxnOp.put(key, value) for key, value in part])
                response = await self._communicator.txn(txn, once=once, timeout=timeout)
                know(self._session, self._keys, response.header.revision)
                put += [_item(key, value, response.header.revision) for key, value in part]
            return put

        return put()

    def get(self, *, timeout: float | None = None) -> Job:
        """Get the next item, for `async with queue.get() as job`.

        Args:
            timeout: Maximum wait for an item in seconds; None to wait without limit.

        Returns:
            The job. Entering it waits for an item and claims it. That raises `EtcdTimeoutError` if
            there is none in time, and `SessionLostError` if the session is lost.

        Raises:
            InvalidArgsError: The queue was made without a session.
        """
        if timeout is not None:
            check_seconds(timeout, "timeout")
        if self._session is None:
            message = "session: expected a queue that was made with a session, to claim items"
            raise InvalidArgsError(message)
        return Job(self._session, self._communicator, self._keys, timeout)

    def size(self, *, timeout: float | None = None) -> Coroutine[Any, Any, int]:
        """Count the items that have not been committed, claimed ones included.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Returns:
            The number of items.
        """
        return self._communicator.count_prefix(self._keys.items, timeout=timeout)

    async def peek(self, limit: int = 1, *, timeout: float | None = None) -> list[KeyValue]:
        """Read the next items that nobody has claimed, without claiming them.

        This reads the names of all items, which is slow if there are very many.

        Args:
            limit: How many items to read at most, from 1 to 100.
            timeout: Deadline for each of the two requests, in seconds; None for the connection's
                default.

        Returns:
            The key-value pairs of the items in the order of the queue.
        """
        check_count(limit, "limit", 1)
        if limit > _MOST_PEEKED:
            message = f"limit: expected at most {_MOST_PEEKED}, got {limit}"
            raise InvalidArgsError(message)
        keys = self._keys
        names = [TxnOp.get(each, prefix=True, keys_only=True) for each in (keys.items, keys.claims)]
        response = await self._communicator.txn(Txn().and_then(names), timeout=timeout)
        items, claims = response.responses
        claimed = {keys.item(kv.key) for kv in claims.kvs}
        ranks = sorted(keys.rank(kv) for kv in items.kvs if kv.key not in claimed)
        if not ranks:
            return []
        revision = response.header.revision
        reads = [TxnOp.get(key, revision=revision) for _, _, key in ranks[:limit]]
        response = await self._communicator.txn(Txn().and_then(reads), timeout=timeout)
        return [found.kvs[0] for found in response.responses]

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._name!r}>"


def _item(key: bytes, value: BytesLike, revision: int) -> KeyValue:
    return KeyValue(key, as_bytes(value), revision, revision, 1, 0)


def _parts(pairs: Sequence[tuple[bytes, bytes]]) -> Iterable[Sequence[tuple[bytes, bytes]]]:
    """Split items into parts that fit into a transaction each."""
    begin, size = 0, 0
    for index, (key, value) in enumerate(pairs):
        more = len(key) + len(value)
        if index > begin and (index - begin == _MOST_OPERATIONS or size + more > _MOST_BYTES):
            yield pairs[begin:index]
            begin, size = index, 0
        size += more
    if pairs:
        yield pairs[begin:]
