"""`Items`: what arrives from a watch or an election, in etcetra's form."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any, TypeVar

from etcd_client import WatchEvent as NativeEvent
from etcd_client._etcd_client import Stream

from .errors import translated
from .types import WatchEvent

_Native = TypeVar("_Native")
_Item = TypeVar("_Item")


class Items(AsyncIterator[_Item]):
    """An async iterator on a stream of the package, which begins when this is made.

    It resumes after disconnects, and loses nothing when a step is cancelled. Dropping the last
    reference ends it.

    Args:
        stream: The package's own watch or observer.
        convert: Makes an item of what the stream gives.
    """

    def __init__(self, stream: Stream[_Native], convert: Callable[[_Native], _Item]) -> None:
        self._stream: Stream[Any] = stream
        self._convert: Callable[[Any], _Item] = convert

    async def __anext__(self) -> _Item:
        with translated():
            return self._convert(await anext(self._stream))

    async def aclose(self) -> None:
        """End it; unread items are dropped."""
        self._stream.cancel()


def decoder(encoding: str) -> Callable[[NativeEvent], WatchEvent]:
    """Return what makes an event of text of one of bytes.

    Args:
        encoding: The encoding of keys and values.
    """

    def decode(event: NativeEvent) -> WatchEvent:
        before = event.prev_value
        return WatchEvent(
            event.key.decode(encoding),
            event.value.decode(encoding),
            None if before is None else before.decode(encoding),
            event.event,
        )

    return decode
