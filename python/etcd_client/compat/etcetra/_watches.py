"""`WatchEvents`: the events of a watch, with text."""

from __future__ import annotations

from collections.abc import AsyncIterator

from etcd_client import Watch

from .errors import translated
from .types import WatchEvent


class WatchEvents(AsyncIterator[WatchEvent]):
    """An async iterator of `WatchEvent`.

    It begins when it is made, resumes after disconnects without gaps, and loses nothing when a step
    is cancelled. Dropping the last reference ends it.

    Args:
        watch: The package's own watch.
        encoding: The encoding of keys and values.
    """

    def __init__(self, watch: Watch, encoding: str) -> None:
        self._watch = watch
        self._encoding = encoding

    async def __anext__(self) -> WatchEvent:
        with translated():
            event = await anext(self._watch)
        before = event.prev_value
        return WatchEvent(
            event.key.decode(self._encoding),
            event.value.decode(self._encoding),
            None if before is None else before.decode(self._encoding),
            event.event,
        )

    async def aclose(self) -> None:
        """End it; unread events are dropped."""
        self._watch.cancel()
