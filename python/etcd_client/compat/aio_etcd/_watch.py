"""Watching a file or a directory: the events of etcd v3 as those of API v2."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from etcd_client import CompactedError, PermissionDeniedError, WatchEventType

from ._nodes import node_of, times_left
from ._paths import (
    ROOT,
    ancestors,
    directory_key,
    file_key,
    is_hidden,
    parent,
    path_of_key,
)
from ._result import EtcdResult

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType

    from etcd_client import Communicator, KeyValue, Watch, WatchEvent
    from etcd_client._deadline import Deadline


class NodeWatch:
    """A watch of a path; for `async with`.

    Args:
        communicator: The communicator to use.
        path: The path.
        index: The first index to report; 0 for changes from now on.
        deadline: The deadline of the reads that an event may need.
        recursive: Whether to report also what is in the directory.
    """

    def __init__(
        self,
        communicator: Communicator,
        path: str,
        index: int,
        deadline: Deadline,
        *,
        recursive: bool,
    ) -> None:
        self._communicator = communicator
        self._path = path
        self._recursive = recursive
        self._deadline = deadline
        self._index = index
        # One range, so that a file and a directory in its place are reported in order. It has a few
        # neighbours, such as `/a-b` for `/a`, which are left out here.
        first = directory_key(path) if path == ROOT else file_key(path)
        self._watch: Watch = communicator.watch_range(
            first, directory_key(path)[:-1] + b"0", start_revision=index, prev_kv=True
        )
        self._batches: AsyncIterator[list[WatchEvent]] = self._watch.batches()
        self._is_narrow = path == ROOT

    async def __aenter__(self) -> NodeWatch:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._watch.cancel()

    async def next(self) -> list[EtcdResult]:
        """Wait for the next change.

        Returns:
            The events of one index: one, unless a v3 program changed several keys at once.
        """
        while True:
            try:
                batch = await anext(self._batches)
            except PermissionDeniedError:
                if self._is_narrow:
                    raise
                self._narrow()
                continue
            results = await _Batch(self, batch).results()
            if results:
                return results

    def _narrow(self) -> None:
        """Watch nothing but the file and the directory, as the user may not see neighbours."""
        self._is_narrow = True
        self._watch = self._communicator.watch_many(
            keys=[file_key(self._path)],
            prefixes=[directory_key(self._path)],
            start_revision=self._index,
            prev_kv=True,
        )
        self._batches = self._watch.batches()

    def has(self, path: str) -> bool:
        """Return whether a path is the watched one or in it.

        Args:
            path: The path.
        """
        return path == self._path or path.startswith(self._path + "/")

    def reports(self, path: str) -> bool:
        """Return whether changes of a path are reported.

        Args:
            path: The path, the watched one or in it.
        """
        return path == self._path or (self._recursive and not is_hidden(path, self._path))

    async def touched(self, path: str, revision: int) -> bool:
        """Return whether a transaction wrote the marker of a directory above.

        Args:
            path: The path.
            revision: The revision of the transaction.
        """
        timeout = self._deadline.left()
        # All are read at once: a call is on its way before it is awaited.
        calls = [
            self._communicator.get_kv(directory_key(above), revision=revision, timeout=timeout)
            for above in ancestors(path)
        ]
        touched = False
        for call in calls:
            # What is not known any more, or not to this user, does not count.
            with contextlib.suppress(CompactedError, PermissionDeniedError):
                marker = await call
                touched = touched or (marker is not None and marker.mod_revision == revision)
        return touched

    async def ttl(self, kv: KeyValue) -> int | None:
        """Return the seconds that are left to a key.

        Args:
            kv: The key.
        """
        return (await times_left(self._communicator, [kv], self._deadline)).get(kv.lease)


class _Batch:
    """The events of one revision, of which most are about one change of API v2.

    A change writes the markers of new directories, deletes all that is in a directory, or writes
    the marker above what it changes: none of that is an event of its own.
    """

    def __init__(self, watch: NodeWatch, events: list[WatchEvent]) -> None:
        self._watch = watch
        self._puts: dict[bytes, WatchEvent] = {}
        self._deletes: dict[bytes, WatchEvent] = {}
        for event in events:
            path, _ = path_of_key(event.key)
            if watch.has(path):
                is_put = event.event == WatchEventType.PUT
                (self._puts if is_put else self._deletes)[event.key] = event

    async def results(self) -> list[EtcdResult]:
        """Return what API v2 would report."""
        results = []
        for key, event in self._puts.items():
            path, is_directory = path_of_key(key)
            kv, previous = event.kv, event.prev_kv
            if kv is None or not self._watch.reports(path):
                continue
            if is_directory:
                action = await self._done_to_directory(path, kv, previous)
            else:
                action = None if await self._is_refresh(path, kv, previous) else "set"
            if action is not None:
                results.append(await self._put(action, kv, previous))
        for key, event in self._deletes.items():
            path, _ = path_of_key(key)
            if self._watch.reports(path) and not self._is_part(key, path):
                results.append(await self._delete(path, event))
        return results

    async def _done_to_directory(
        self, path: str, kv: KeyValue, previous: KeyValue | None
    ) -> str | None:
        if previous is None:
            # Made with what is in it, or on purpose.
            made_with = any(key != kv.key and key.startswith(kv.key) for key in self._puts)
            return None if made_with else "set"
        is_touched = previous.lease == kv.lease
        return None if is_touched or await self._is_refresh(path, kv, previous) else "update"

    async def _is_refresh(self, path: str, kv: KeyValue, previous: KeyValue | None) -> bool:
        """Return whether only the TTL was changed, which watches do not see."""
        if previous is None or previous.value != kv.value or previous.lease == kv.lease:
            return False
        if path == ROOT or directory_key(parent(path)) in self._puts:
            return True
        return await self._watch.touched(path, kv.mod_revision)

    def _is_part(self, key: bytes, path: str) -> bool:
        """Return whether a key was deleted as a part of a larger change."""
        if key + b"/" in self._puts:
            return True
        above = (directory_key(directory) for directory in ancestors(path))
        return any(marker != key and marker in self._deletes for marker in above)

    async def _put(self, action: str, kv: KeyValue, previous: KeyValue | None) -> EtcdResult:
        node = node_of(kv, await self._watch.ttl(kv))
        node |= {"modifiedIndex": kv.mod_revision, "newKey": previous is None}
        before = None if previous is None else node_of(previous)
        return EtcdResult(action, node, before, index=kv.mod_revision)

    async def _delete(self, path: str, event: WatchEvent) -> EtcdResult:
        previous = event.prev_kv
        revision = 0 if event.kv is None else event.kv.mod_revision
        expired = previous is not None and previous.lease != 0
        if expired:
            is_touched = any(directory_key(above) in self._puts for above in ancestors(path))
            expired = not (is_touched or await self._watch.touched(path, revision))
        before = {} if previous is None else node_of(previous)
        node = {
            "key": path_of_key(event.key)[0],
            "dir": event.key.endswith(b"/"),
            "modifiedIndex": revision,
            "createdIndex": before.get("createdIndex", revision),
        }
        return EtcdResult("expire" if expired else "delete", node, before, index=revision)
