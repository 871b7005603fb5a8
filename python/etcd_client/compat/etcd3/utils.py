"""What python-etcd3's `utils` has."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, Protocol

from etcd_client import BytesLike, LeaseId, _etcd_client

from .events import Event


class HasEvents(Protocol):
    """A response of a watch."""

    @property
    def events(self) -> list[Event]:
        """The events, in order."""


def prefix_range_end(prefix: bytes) -> bytes:
    r"""Return the end of the range of all keys with a prefix.

    python-etcd3 computed a wrong one for prefixes that end with 0xff.

    Args:
        prefix: The prefix.

    Returns:
        The first key after them; `\0`, which stands for the end of all keys, if there is none.
    """
    return _etcd_client.prefix_range(prefix)[1]


def to_bytes(maybe_bytestring: BytesLike) -> bytes:
    """Return bytes unchanged, and text as UTF-8.

    Args:
        maybe_bytestring: The bytes or the text.

    Raises:
        TypeError: It is neither.
    """
    if isinstance(maybe_bytestring, str):
        return maybe_bytestring.encode()
    return bytes(memoryview(maybe_bytestring))


def lease_to_id(lease: LeaseId | str | None) -> int:
    """Return the id of a lease; 0 for None.

    Args:
        lease: The lease, or its id.

    Raises:
        TypeError: It is neither. python-etcd3 left out the lease then.
    """
    if lease is None:
        return 0
    found: Any = getattr(lease, "id", lease)
    return int(found)


class _Events(Iterator[Event]):
    # Not a generator: those end when they are interrupted, and lose the rest.
    def __init__(self, responses: Iterator[HasEvents]) -> None:
        self._responses = responses
        self._unread: deque[Event] = deque()

    def __next__(self) -> Event:
        while not self._unread:
            self._unread.extend(next(self._responses).events)
        return self._unread.popleft()


def response_to_event_iterator(response_iterator: Iterator[HasEvents]) -> Iterator[Event]:
    """Return an iterator of the events of a watch's responses.

    Args:
        response_iterator: The responses.
    """
    return _Events(response_iterator)
