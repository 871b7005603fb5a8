"""Waiting for a condition to become true."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_POLL_INTERVAL = 0.02


def eventually(condition: Callable[[], T | None], within: float = 5.0) -> T:
    """Call `condition` until it returns something true, at least once, and return that."""
    deadline = time.monotonic() + within
    while not (result := condition()):
        if time.monotonic() >= deadline:
            raise AssertionError(_complaint(within, result))
        time.sleep(_POLL_INTERVAL)
    return result


def _complaint(within: float, result: object) -> str:
    return f"the condition did not come true within {within} s; it was last {result!r}"
