"""Waiting for a condition to become true, without blocking the event loop."""

import inspect
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, overload

from tests.support import tasks

T = TypeVar("T")

_POLL_INTERVAL = 0.02


@overload
async def eventually_async(
    condition: Callable[[], Awaitable[T | None]], within: float = ...
) -> T: ...
@overload
async def eventually_async(condition: Callable[[], T | None], within: float = ...) -> T: ...
async def eventually_async(condition: Callable[[], Any], within: float = 5.0) -> Any:
    """Do as `etcd_client.testing.eventually`; `condition` may be a coroutine function.

    A plain function runs in a thread, because the useful ones do blocking I/O.
    """
    is_coroutine = inspect.iscoroutinefunction(condition)
    deadline = time.monotonic() + within
    while True:
        result = await (condition() if is_coroutine else tasks.to_thread(condition))
        if result:
            return result
        if time.monotonic() >= deadline:
            message = f"the condition did not come true within {within} s; it was last {result!r}"
            raise AssertionError(message)
        await tasks.sleep(_POLL_INTERVAL)
