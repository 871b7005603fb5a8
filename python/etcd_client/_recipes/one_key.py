"""Waiting for one key to be written or deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client.errors import CompactedError

if TYPE_CHECKING:
    from etcd_client._etcd_client import Communicator
    from etcd_client.enums import WatchEventType


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
