"""`CacheChanges`: the changes of a cache, for fast and slow subscribers."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from etcd_client._async_only import async_iterator
from etcd_client._concurrency import Event

if TYPE_CHECKING:
    from etcd_client._etcd_client import KeyValue


class CacheChange(NamedTuple):
    """A change of one key of a cache.

    Attributes:
        key: The key.
        old: What it was before; None where it is new.
        new: What it is now; None where it was deleted.

    Examples:
        >>> async with communicator.cache("colors/") as view:
        ...     changes = view.changes()
        ...     put = await communicator.put("colors/sky", "blue")
        ...     change = (await anext(changes))[0]
        >>> change.key, change.old, change.new.value
        (b'colors/sky', None, b'blue')
    """

    key: bytes
    old: KeyValue | None
    new: KeyValue | None


CacheChange.__module__ = "etcd_client"  # which the body of a `NamedTuple` may not say


if TYPE_CHECKING:
    _Changes = list[CacheChange]
else:
    _Changes = list


class CacheBatch(_Changes):
    """Changes that became visible at once: a list of `CacheChange`.

    Usually they are the changes of one revision. If the cache had to read everything again, or the
    subscriber was slow, they are the difference between two revisions, with deleted keys first.

    Attributes:
        revision: The revision of the cache after the changes.
        merged: Whether they were merged because the reader was slow: each key has at most one
            change, from what the reader knew to what is there now.

    Examples:
        >>> async with communicator.cache("colors/") as view:
        ...     changes = view.changes()
        ...     put = await communicator.put("colors/sea", "green")
        ...     batch = await anext(changes)
        >>> batch.revision == put.header.revision, batch.merged
        (True, False)
    """

    __module__ = "etcd_client"

    __slots__ = ("merged", "revision")

    def __init__(self, changes: list[CacheChange], revision: int, *, merged: bool) -> None:
        super().__init__(changes)
        self.revision = revision
        self.merged = merged


@async_iterator
class CacheChanges:
    """The changes of a cache, as an async iterator of `CacheBatch`.

    `Cache.changes` returns it; it starts from the state of the cache at that moment, and ends when
    the cache is closed. Cancelling a step loses nothing. Only one task at a time may iterate; each
    task can have an iterator of its own.

    If more than `limit` changes wait for the subscriber, they are merged into one batch, without
    intermediate values and without keys that were created and deleted meanwhile. Applying all
    batches in order still gives the same contents.

    Iterating raises:

    Raises:
        ClosedError: The communicator was closed.

    Examples:
        >>> async with communicator.cache("fruit/") as view:
        ...     changes = view.changes()
        ...     put = await communicator.put("fruit/1", "pear")
        ...     async for batch in changes:
        ...         print(batch[0].key, batch[0].new.value)
        ...         break
        b'fruit/1' b'pear'
    """

    __module__ = "etcd_client"

    __slots__ = (
        "__weakref__",
        "_busy",
        "_count",
        "_end",
        "_limit",
        "_merged",
        "_revision",
        "_waiting",
        "_wake",
    )

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # Batches that wait for the subscriber. Once there are too many changes, they move to
        # `_merged`, with at most one change for each key.
        self._waiting: deque[tuple[int, list[CacheChange]]] = deque()
        self._count = 0
        self._merged: dict[bytes, CacheChange] | None = None
        self._revision = 0
        self._wake: Event | None = None
        self._end: Exception | None = None
        self._busy = False

    def __repr__(self) -> str:
        state = "open" if self._end is None else "ended"
        return f"<CacheChanges {state} at revision {self._revision} with {self._count} unread>"

    def __aiter__(self) -> CacheChanges:
        return self

    async def __anext__(self) -> CacheBatch:
        if self._busy:
            message = "another task iterates over these changes"
            raise RuntimeError(message)
        self._busy = True
        try:
            while (batch := self._take()) is None:
                if self._end is not None:
                    raise self._end
                self._wake = Event()
                await self._wake.wait()
            return batch
        finally:
            self._busy = False

    def _take(self) -> CacheBatch | None:
        if self._merged is not None:
            merged, self._merged = self._merged.values(), None
            if merged:
                gone = [change for change in merged if change.new is None]
                there = [change for change in merged if change.new is not None]
                return CacheBatch(gone + there, self._revision, merged=True)
        if not self._waiting:
            return None
        revision, changes = self._waiting.popleft()
        self._count -= len(changes)
        return CacheBatch(changes, revision, merged=False)

    def _publish(self, revision: int, changes: list[CacheChange]) -> None:
        """Add changes; the list is shared by all subscribers and must not be modified."""
        self._revision = revision
        if self._merged is not None:
            self._merge(changes)
        elif self._waiting and self._count + len(changes) > self._limit:
            self._merged = {}
            for _, earlier in self._waiting:
                self._merge(earlier)
            self._waiting.clear()
            self._count = 0
            self._merge(changes)
        else:
            self._waiting.append((revision, changes))
            self._count += len(changes)
        self._notify()

    def _merge(self, changes: list[CacheChange]) -> None:
        merged = self._merged
        if merged is None:
            return
        for change in changes:
            before = merged.pop(change.key, None)
            old = change.old if before is None else before.old
            if old is not None or change.new is not None:
                merged[change.key] = CacheChange(change.key, old, change.new)

    def _finish(self, error: Exception | None) -> None:
        """End the iteration after the batches that are waiting."""
        self._end = StopAsyncIteration() if error is None else error
        self._notify()

    def _notify(self) -> None:
        if self._wake is not None:
            self._wake.set()
