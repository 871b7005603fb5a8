"""`_cache` for threads; made by `make generate`, change `etcd_client._cache`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

import etcd_client as aio

from ._face import Contents, Face, abandon, following, given, leaving, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from etcd_client import BytesLike, CacheBatch, CacheSnapshot, EtcdError, KeyValue

_D = TypeVar("_D")

_T = TypeVar("_T")

_V = TypeVar("_V")


class Cache(Contents[bytes, _V], Face):
    """The keys of one or more prefixes in memory, kept up to date: a read-only mapping.

    `Communicator.cache` returns it. Entering it reads all keys; from then on one watch keeps it up
    to date for all threads that share it. Reading a key sends no request and never waits. The cache
    always shows the keys at one revision, `revision`: a transaction is visible as a whole or not at
    all. The keys are not in the order of the server.

    If the history that it needs is compacted, or the cluster is restored from a backup, the cache
    reads everything again and goes on. After any other error it retries with backoff; meanwhile
    `trouble` is the error, and the contents get older. `fresh` and `age` tell how old they are.

    Keys may be given as any bytes-like object or `str`. Before the context is entered, reading them
    raises `ClosedError`; after it is left, the cache keeps its last contents.

    Examples:
        >>> with communicator.cache("/services/") as view:
        ...     put = communicator.put("/services/api", "10.0.0.1")
        ...     revision = view.wait_for(revision=put.header.revision)
        ...     view["/services/api"], len(view), view.get("/services/db")
        (b'10.0.0.1', 1, None)
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Cache[_V]

    def __enter__(self) -> Cache[_V]:
        try:
            run(self._inner.__aenter__)
        except BaseException as interruption:
            abandon(self._inner, interruption)
            raise
        return self

    @leaving
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        return run(self._inner.__aexit__, kind, error, traceback)

    def __getitem__(self, key: BytesLike) -> _V:
        return self._inner.__getitem__(key)

    def get(
        self,
        key: BytesLike,
        default: _D = None,  # type: ignore[assignment]  # as in the one for coroutines
    ) -> _V | _D:
        """Return the value of a key, or a default if there is no such key.

        Args:
            key: The key.
            default: What to return where there is no such key.
        """
        return self._inner.get(key, default)

    def __contains__(self, key: object) -> bool:
        return self._inner.__contains__(key)

    def __iter__(self) -> Iterator[bytes]:
        return iter(run(list, self._inner))

    def __len__(self) -> int:
        return self._inner.__len__()

    def kv(self, key: BytesLike) -> KeyValue | None:
        """Return a key with its revisions and lease, even if its value could not be decoded.

        Args:
            key: The key.

        Returns:
            The key-value pair; None where there is no such key.
        """
        return self._inner.kv(key)

    @property
    def errors(self) -> Mapping[bytes, Exception]:
        """The exceptions of `decode` by key; the mapping leaves these keys out."""
        return run(lambda: self._inner.errors)

    def snapshot(self) -> CacheSnapshot[_V]:
        """Copy the cache, which takes time proportional to the number of keys.

        Returns:
            A mapping that does not change any more.
        """
        return run(self._inner.snapshot)

    @property
    def revision(self) -> int:
        """The revision of the contents; 0 before the cache is entered.

        It also grows when no key of the cache changes, and may fall if the cluster is restored from
        a backup.
        """
        return self._inner.revision

    @property
    def age(self) -> float:
        """The seconds since the server last reported a change, or that there is none."""
        return self._inner.age

    @property
    def fresh(self) -> bool:
        """Whether the cache is kept up to date, and `age` is at most `max_age`.

        It is False while the cache has to read everything again.
        """
        return self._inner.fresh

    @property
    def trouble(self) -> EtcdError | None:
        """Why the cache is not kept up to date; None if it is, or only the connection is cut."""
        return self._inner.trouble

    def wait_for(self, *, revision: int, timeout: float | None = None) -> int:
        """Wait until the cache has reached a revision, such as that of your own write.

        Args:
            revision: The revision, as `response.header.revision` of a write.
            timeout: Seconds that it may take; None for any time.

        Returns:
            The revision that it has come to.

        Raises:
            EtcdTimeoutError: It has not come to it in time.
            ClosedError: The cache is not open.
        """
        return run(self._inner.wait_for, revision=revision, timeout=timeout)

    def sync(self, *, timeout: float | None = None) -> int:
        """Wait until the cache shows everything that any client wrote before this call.

        One linearizable read gets the revision of the cluster. Reading the cache afterwards is at
        least as up to date as a linearizable read at the time of the call.

        Args:
            timeout: Seconds that it may take; None for any time.

        Returns:
            The revision that it has come to.

        Raises:
            EtcdTimeoutError: It has not come to it in time.
            ClosedError: The cache is not open.
        """
        return run(self._inner.sync, timeout=timeout)

    def wait_until(
        self, predicate: Callable[[Cache[_V]], _T], *, timeout: float | None = None
    ) -> _T:
        """Wait until a function of the cache returns a true value.

        The function is called at once and after changes; a condition that is true only between two
        calls may be missed.

        Args:
            predicate: The function, which is given the cache.
            timeout: Seconds that it may take; None for any time.

        Returns:
            What the function returned.

        Raises:
            EtcdTimeoutError: It was not true in time.
            ClosedError: The cache is not open.
        """
        return run(self._inner.wait_until, given(Cache, predicate), timeout=timeout)

    def changes(self, *, limit: int = 1000) -> CacheChanges:
        """Subscribe to the changes from now on.

        Call `snapshot` after it, and skip the changes up to the revision of the snapshot.

        Args:
            limit: How many changes may wait for a slow reader. More are merged: each key has one
                change then, from what the reader knew to what is there now.

        Returns:
            An iterator of `CacheBatch`, lists of `CacheChange`.

        Raises:
            ClosedError: The cache is not open.
        """
        return CacheChanges._of(run(self._inner.changes, limit=limit))


class CacheChanges(Face):
    """The changes of a cache, as an iterator of `CacheBatch`.

    `Cache.changes` returns it; it starts from the state of the cache at that moment, and ends when
    the cache is closed. Cancelling a step loses nothing. Only one thread at a time may iterate;
    each thread can have an iterator of its own.

    If more than `limit` changes wait for the subscriber, they are merged into one batch, without
    intermediate values and without keys that were created and deleted meanwhile. Applying all
    batches in order still gives the same contents.

    Iterating raises:

    Raises:
        ClosedError: The communicator was closed.

    Examples:
        >>> with communicator.cache("fruit/") as view:
        ...     changes = view.changes()
        ...     put = communicator.put("fruit/1", "pear")
        ...     for batch in changes:
        ...         print(batch[0].key, batch[0].new.value)
        ...         break
        b'fruit/1' b'pear'
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.CacheChanges

    def __iter__(self) -> CacheChanges:
        return self

    def __next__(self) -> CacheBatch:
        return following(self._inner.__anext__)
