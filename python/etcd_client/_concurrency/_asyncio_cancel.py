"""Cancels tasks and counts it, as asyncio does itself from Python 3.11 on.

On Python 3.10, only the scopes' cancellations can be counted, here. One from outside is seen while
it is on its way to the task.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    import asyncio

if sys.version_info >= (3, 11):

    def cancelling(task: asyncio.Task[Any]) -> int:
        return task.cancelling()

    def cancel(task: asyncio.Task[Any]) -> bool:
        return task.cancel()

    def uncancel(task: asyncio.Task[Any]) -> int:
        return task.uncancel()

else:
    _counts: WeakKeyDictionary[asyncio.Task[Any], int] = WeakKeyDictionary()

    def cancelling(task: asyncio.Task[Any]) -> int:
        """Return how many scopes are cancelling a task."""
        return _counts.get(task, 0)

    def cancel(task: asyncio.Task[Any]) -> bool:
        """Cancel a task, and return whether that was done: the task sees one of two at once.

        One from outside must not be taken for a scope's. One that is on its way while a scope is
        cancelling the task is that scope's, and the count tells that there are two.
        """
        count = cancelling(task)
        if count == 0 and _is_being_cancelled(task):
            return False
        _counts[task] = count + 1
        return task.cancel()

    def uncancel(task: asyncio.Task[Any]) -> int:
        """Count one less, and return how many are left."""
        _counts[task] = count = cancelling(task) - 1
        return count

    def _is_being_cancelled(task: asyncio.Task[Any]) -> bool:
        waited_for = getattr(task, "_fut_waiter", None)
        on_its_way = getattr(task, "_must_cancel", False)
        return on_its_way or (waited_for is not None and waited_for.cancelled())
