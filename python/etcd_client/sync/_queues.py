"""`_queues` for threads; made by `make generate`, change `etcd_client._queues`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import etcd_client as aio

from ._face import Face, abandon, leaving, own, run
from ._lease import Loss

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from etcd_client import BytesLike, Compare, KeyValue, TxnOp, TxnResponse

    from ._face import Communicator, Session


class Job(Face):
    """An item of a queue that this consumer has claimed: no other has it meanwhile.

    `Queue.get` returns it; entering it waits for an item. `commit` removes the item. If the context
    is left without it, by an error or not, the item returns to its place in the queue, and the next
    consumer gets it. That also happens if the session is lost, or the process dies: so an item may
    be worked on more than once, but is committed only once.

    Examples:
        >>> from etcd_client.sync import Queue, TxnOp
        >>> with communicator.session(ttl=10) as session:
        ...     queue = Queue(session, "mail")
        ...     item = queue.put("hello")
        ...     with queue.get() as job:
        ...         response = job.commit([TxnOp.put("sent/hello", "yes")])
        ...     job.value, job.is_committed, queue.size()
        (b'hello', True, 0)
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Job

    @property
    def key(self) -> bytes:
        """The key of the item."""
        return run(lambda: self._inner.key)

    @property
    def value(self) -> bytes:
        """The value that was put."""
        return run(lambda: self._inner.value)

    @property
    def put_revision(self) -> int:
        """The revision at which the item was put."""
        return run(lambda: self._inner.put_revision)

    @property
    def priority(self) -> int | None:
        """The priority of the item; None if the queue has no priorities."""
        return run(lambda: self._inner.priority)

    @property
    def attempts(self) -> int:
        """How many times the item has been claimed, this time included: 1 for the first.

        It is above 1 if an earlier consumer returned the item, lost its session or died.
        """
        return run(lambda: self._inner.attempts)

    @property
    def fence(self) -> Compare:
        """The condition that the item is still claimed by this job, for transactions.

        `commit` has it already. It is for what has to be written before.
        """
        return run(lambda: self._inner.fence)

    @property
    def lost(self) -> Loss:
        """Whether the session was lost, and with it the claim."""
        return Loss._of(run(lambda: self._inner.lost))

    @property
    def is_committed(self) -> bool:
        """Whether the item was removed by `commit`."""
        return run(lambda: self._inner.is_committed)

    def commit(self, ops: Iterable[TxnOp] = (), *, timeout: float | None = None) -> TxnResponse:
        """Remove the item, and apply further operations with it: all of that or nothing.

        The server does so only while the claim is this job's and the session lives. It is applied
        exactly once, whatever fails; its outcome is unknown only if the session is lost meanwhile.

        Args:
            ops: What else the transaction is to do, such as writing the result.
            timeout: Seconds after which no further attempt is made. By default, it is tried until
                it succeeds or the session is lost.

        Returns:
            The response, with those of `ops`.

        Raises:
            SessionLostError: The session was lost; nothing was applied.
            OutcomeUnknownError: The session was lost while the transaction was on its way.
            ConflictError: Somebody has deleted or changed the item or the claim; nothing was
                applied.
            TooManyOpsError: There are more operations than the server allows, by default about 120.
            ClosedError: The job was committed or left already, or not entered.
        """
        return run(self._inner.commit, ops, timeout=timeout)

    def __enter__(self) -> Job:
        try:
            run(self._inner.__aenter__)
        except BaseException as interruption:
            abandon(self._inner, interruption)
            raise
        return self

    @leaving
    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        run(self._inner.__aexit__, _kind, _error, _traceback)


class PriorityQueue(Face):
    """A queue whose items have priorities: the smallest number is the next, as in `heapq`.

    Items of the same priority are in the order in which they were put. Everything else is as for
    `Queue`; the items of the two are not compatible.

    Args:
        session: The session that claims are attached to. To put and to look, a communicator is
            enough.
        name: The name of the queue. Its keys begin with the name and `/`.

    Examples:
        >>> from etcd_client.sync import PriorityQueue
        >>> with communicator.session(ttl=10) as session:
        ...     queue = PriorityQueue(session, "alerts")
        ...     for value, priority in (("disk", 5), ("fire", -1)):
        ...         item = queue.put(value, priority=priority)
        ...     with queue.get() as job:
        ...         job.value, job.priority
        (b'fire', -1)
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.PriorityQueue

    def __init__(self, session: Session | Communicator, name: BytesLike) -> None:
        self._inner = run(aio.PriorityQueue, own(session, "session"), name)

    @property
    def name(self) -> bytes:
        """The name of the queue."""
        return run(lambda: self._inner.name)

    def put(
        self,
        value: BytesLike,
        *,
        priority: int = 0,
        once: Session | None = None,
        timeout: float | None = None,
    ) -> KeyValue:
        """Put an item behind those of its priority, and before those of greater numbers.

        Args:
            value: The value.
            priority: Any signed 64-bit number.
            once: A session; while it lives, the item is put exactly once, whatever fails. Without
                it, the item is put at most once, and `OutcomeUnknownError` says where that is
                unknown.
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Returns:
            The item's key-value pair.

        Raises:
            InvalidArgsError: The priority has more than 64 bits.
        """
        return run(
            self._inner.put, value, priority=priority, once=own(once, "once"), timeout=timeout
        )

    def put_many(
        self,
        values: Iterable[BytesLike],
        *,
        priority: int = 0,
        once: Session | None = None,
        timeout: float | None = None,
    ) -> list[KeyValue]:
        """Put several items of one priority, in this order.

        Up to 126 items of 1 MiB together are put atomically, with one request. Of more, if the call
        fails, the first ones may have been put.

        Args:
            values: The values.
            priority: The priority of all of them, any signed 64-bit number.
            once: A session; while it lives, each item is put exactly once, whatever fails.
            timeout: Deadline for each request, in seconds; None for the connection's default.

        Returns:
            The items' key-value pairs.

        Raises:
            InvalidArgsError: The priority has more than 64 bits.
        """
        return run(
            self._inner.put_many, values, priority=priority, once=own(once, "once"), timeout=timeout
        )

    def get(self, *, timeout: float | None = None) -> Job:
        """Get the next item, for `with queue.get() as job`.

        Args:
            timeout: Maximum wait for an item in seconds; None to wait without limit.

        Returns:
            The job. Entering it waits for an item and claims it. That raises `EtcdTimeoutError` if
            there is none in time, and `SessionLostError` if the session is lost.

        Raises:
            InvalidArgsError: The queue was made without a session.
        """
        return Job._of(run(self._inner.get, timeout=timeout))

    def size(self, *, timeout: float | None = None) -> int:
        """Count the items that have not been committed, claimed ones included.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Returns:
            The number of items.
        """
        return run(self._inner.size, timeout=timeout)

    def peek(self, limit: int = 1, *, timeout: float | None = None) -> list[KeyValue]:
        """Read the next items that nobody has claimed, without claiming them.

        This reads the names of all items, which is slow if there are very many.

        Args:
            limit: How many items to read at most, from 1 to 100.
            timeout: Deadline for each of the two requests, in seconds; None for the connection's
                default.

        Returns:
            The key-value pairs of the items in the order of the queue.
        """
        return run(self._inner.peek, limit, timeout=timeout)


class Queue(Face):
    """A queue: first in, first out, by the revision at which an item was put.

    Consumers claim items on their session, so that no two work on the same item, and the items of a
    consumer that dies go to others. Each item is committed exactly once; see `Job`.

    Queues of the same name and session share one cache of the queue and one thread that claims
    items for all of them. Consumers of other processes that wait for an item stand in a line, and
    the items are dealt to the line in order: a new item is claimed by one of them, not by all.

    Args:
        session: The session that claims are attached to. To put and to look, a communicator is
            enough.
        name: The name of the queue. Its keys begin with the name and `/`.

    Examples:
        >>> from etcd_client.sync import Queue
        >>> with communicator.session(ttl=10) as session:
        ...     queue = Queue(session, "thumbnails")
        ...     for name in ("cat.png", "dog.png"):
        ...         item = queue.put(name)
        ...     with queue.get(timeout=5) as job:
        ...         print(job.value)
        ...         response = job.commit()
        ...     queue.size()
        b'cat.png'
        1
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Queue

    def __init__(self, session: Session | Communicator, name: BytesLike) -> None:
        self._inner = run(aio.Queue, own(session, "session"), name)

    @property
    def name(self) -> bytes:
        """The name of the queue."""
        return run(lambda: self._inner.name)

    def put(
        self, value: BytesLike, *, once: Session | None = None, timeout: float | None = None
    ) -> KeyValue:
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
        return run(self._inner.put, value, once=own(once, "once"), timeout=timeout)

    def put_many(
        self,
        values: Iterable[BytesLike],
        *,
        once: Session | None = None,
        timeout: float | None = None,
    ) -> list[KeyValue]:
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
        return run(self._inner.put_many, values, once=own(once, "once"), timeout=timeout)

    def get(self, *, timeout: float | None = None) -> Job:
        """Get the next item, for `with queue.get() as job`.

        Args:
            timeout: Maximum wait for an item in seconds; None to wait without limit.

        Returns:
            The job. Entering it waits for an item and claims it. That raises `EtcdTimeoutError` if
            there is none in time, and `SessionLostError` if the session is lost.

        Raises:
            InvalidArgsError: The queue was made without a session.
        """
        return Job._of(run(self._inner.get, timeout=timeout))

    def size(self, *, timeout: float | None = None) -> int:
        """Count the items that have not been committed, claimed ones included.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Returns:
            The number of items.
        """
        return run(self._inner.size, timeout=timeout)

    def peek(self, limit: int = 1, *, timeout: float | None = None) -> list[KeyValue]:
        """Read the next items that nobody has claimed, without claiming them.

        This reads the names of all items, which is slow if there are very many.

        Args:
            limit: How many items to read at most, from 1 to 100.
            timeout: Deadline for each of the two requests, in seconds; None for the connection's
                default.

        Returns:
            The key-value pairs of the items in the order of the queue.
        """
        return run(self._inner.peek, limit, timeout=timeout)
