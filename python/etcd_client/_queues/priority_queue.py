"""`PriorityQueue`: a queue whose items have priorities."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client.errors import InvalidArgsError

from .queue import Queue
from .queue_keys import LARGEST, SMALLEST

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable
    from typing import Any, ClassVar

    from etcd_client._coordination.open_session import Session
    from etcd_client._etcd_client import KeyValue
    from etcd_client._types import BytesLike


class PriorityQueue(Queue):
    """A queue whose items have priorities: the smallest number is the next, as in `heapq`.

    Items of the same priority are in the order in which they were put. Everything else is as for
    `Queue`; the items of the two are not compatible.

    Args:
        session: The session that claims are attached to. To put and to look, a communicator is
            enough.
        name: The name of the queue. Its keys begin with the name and `/`.

    Examples:
        >>> from etcd_client import PriorityQueue
        >>> async with communicator.session(ttl=10) as session:
        ...     queue = PriorityQueue(session, "alerts")
        ...     for value, priority in (("disk", 5), ("fire", -1)):
        ...         item = await queue.put(value, priority=priority)
        ...     async with queue.get() as job:
        ...         job.value, job.priority
        (b'fire', -1)
    """

    __module__ = "etcd_client"

    __slots__ = ()

    _has_priorities: ClassVar[bool] = True

    def put(
        self,
        value: BytesLike,
        *,
        priority: int = 0,
        once: Session | None = None,
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, KeyValue]:
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
        _check_priority(priority)
        return self._put(value, priority, once, timeout)

    def put_many(
        self,
        values: Iterable[BytesLike],
        *,
        priority: int = 0,
        once: Session | None = None,
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, list[KeyValue]]:
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
        _check_priority(priority)
        return self._put_many(values, priority, once, timeout)


def _check_priority(priority: object) -> None:
    if isinstance(priority, bool) or not isinstance(priority, int):
        message = f"priority: expected int, got {type(priority).__qualname__}"
        raise TypeError(message)
    if not SMALLEST <= priority <= LARGEST:
        message = f"priority: expected a signed 64-bit number, got {priority}"
        raise InvalidArgsError(message)
