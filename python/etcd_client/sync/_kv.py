"""`_kv` for threads; made by `make generate`, change `etcd_client._kv`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import etcd_client as aio

from ._face import Face, following, run

if TYPE_CHECKING:
    from etcd_client import KeyValue


class Scan(Face):
    """The key-value pairs of a range as they were at one revision, as an iterator.

    `Communicator.scan_prefix` and `scan_range` make it. It does not see concurrent writes, and
    holds no more than a few megabytes in memory. A step that is interrupted
    loses nothing: the step can be repeated. Only one thread at a time may iterate.

    Reading it raises:

    Raises:
        CompactedError: The revision was compacted before the end was reached.

    Examples:
        >>> for name in ("ada", "bob", "eve"):
        ...     response = communicator.put(f"users/{name}", name.title())
        >>> scan = communicator.scan_prefix("users/")
        >>> [kv.value for kv in scan]
        [b'Ada', b'Bob', b'Eve']
        >>> watch = communicator.watch_prefix("users/", start_revision=scan.revision + 1)
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Scan

    @property
    def revision(self) -> int:
        """The revision that is read; 0 if it was not given and no page has arrived yet.

        A watch with `start_revision=revision + 1` continues where the scan ends.
        """
        return run(lambda: self._inner.revision)

    def __iter__(self) -> Scan:
        return self

    def __next__(self) -> KeyValue:
        return following(self._inner.__anext__)
