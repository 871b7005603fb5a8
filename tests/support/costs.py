"""What work costs in requests."""

import time
from collections.abc import Awaitable, Callable

from etcd_client import Communicator

# The key of what is held for longer than 0.2 s is watched, and that is a request as well.
_BEFORE_IT_IS_WATCHED = 0.15


async def requests_of(communicator: Communicator, work: Callable[[], Awaitable[object]]) -> int:
    """Return how many requests `work` makes; it is done again if the machine held it up."""
    for _ in range(20):
        before, began = communicator.stats().requests, time.monotonic()
        await work()
        if time.monotonic() - began < _BEFORE_IT_IS_WATCHED:
            return communicator.stats().requests - before
    message = f"the work took more than {_BEFORE_IT_IS_WATCHED} s each time"
    raise AssertionError(message)
