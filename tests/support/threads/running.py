"""Runs the coroutines of tests and fixtures without an event loop, each in a thread.

The thread drives them as `etcd_client.sync` drives those of the package: only one of them runs at a
time, as on a loop, but for the time of calls.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from etcd_client._etcd_client import run


def synchronous(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a plain function or generator function for an async one; any other as it is."""
    if inspect.iscoroutinefunction(function):
        return functools.wraps(function)(functools.partial(_result, function))
    if inspect.isasyncgenfunction(function):

        @functools.wraps(function)
        def generator(**arguments: object) -> Iterator[object]:
            items = function(**arguments)
            yield _result(_next, items)
            assert _result(_next, items) is _END

        return generator
    return function


_END = object()


def _result(function: Callable[..., Any], /, *args: object, **arguments: object) -> Any:
    return run(function, *args, **arguments)


async def _next(items: Any) -> object:
    return await anext(items, _END)
