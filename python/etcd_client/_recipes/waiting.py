"""Waiting for one key to be written or deleted, however long that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from etcd_client._backoff import Backoff
from etcd_client.errors import CompactedError, EtcdConnectionError, EtcdTimeoutError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from etcd_client._deadline import Deadline
    from etcd_client._etcd_client import Communicator
    from etcd_client.enums import WatchEventType

_T = TypeVar("_T")


async def answered(ask: Callable[[float | None], Awaitable[_T]], deadline: Deadline) -> _T:
    """Make a read until a member answers.

    Args:
        ask: Makes the read, within so many seconds, or the connection's default where None.
        deadline: When to raise the last error instead.

    Returns:
        What the read returned.
    """
    backoff = Backoff(0.05, 1.0)
    while True:
        try:
            return await ask(deadline.left())
        except (EtcdConnectionError, EtcdTimeoutError):  # noqa: PERF203 - each may fail
            if deadline.is_over:
                raise
            await deadline.bound(backoff.pause())


async def happens(communicator: Communicator, key: bytes, what: WatchEventType, after: int) -> bool:
    """Wait for a change of a key; False if the history was compacted, so that it may be over.

    Args:
        communicator: The connection to use.
        key: The key.
        what: The kind of change.
        after: The revision at which the key was read.
    """
    async with communicator.watch(key, start_revision=after + 1) as watch:
        try:
            async for event in watch:
                if event.event is what:
                    return True
        except CompactedError:
            pass
    return False
