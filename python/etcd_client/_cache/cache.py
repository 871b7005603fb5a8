"""`Cache`: the keys of prefixes in memory, kept up to date."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from etcd_client._arguments import as_bytes, check_count
from etcd_client._async_only import async_only
from etcd_client._concurrency import Background
from etcd_client._deadline import Deadline
from etcd_client.errors import ClosedError

from .contents import not_open
from .follower import Follower
from .snapshot import CacheSnapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from etcd_client._etcd_client import Communicator, KeyValue
    from etcd_client._types import BytesLike
    from etcd_client.errors import EtcdError

    from .changes import CacheChanges

_V = TypeVar("_V")
_D = TypeVar("_D")
_T = TypeVar("_T")


@async_only
class Cache(Mapping[bytes, _V]):
    """The keys of one or more prefixes in memory, kept up to date: a read-only mapping.

    `Communicator.cache` returns it. Entering it reads all keys; from then on one watch keeps it up
    to date for all tasks that share it. Reading a key sends no request and never waits. The cache
    always shows the keys at one revision, `revision`: a transaction is visible as a whole or not at
    all. The keys are not in the order of the server.

    If the history that it needs is compacted, or the cluster is restored from a backup, the cache
    reads everything again and goes on. After any other error it retries with backoff; meanwhile
    `trouble` is the error, and the contents get older. `fresh` and `age` tell how old they are.

    Keys may be given as any bytes-like object or `str`. Before the context is entered, reading them
    raises `ClosedError`; after it is left, the cache keeps its last contents.

    Examples:
        >>> async with communicator.cache("/services/") as view:
        ...     put = await communicator.put("/services/api", "10.0.0.1")
        ...     revision = await view.wait_for(revision=put.header.revision)
        ...     view["/services/api"], len(view), view.get("/services/db")
        (b'10.0.0.1', 1, None)
    """

    __module__ = "etcd_client"

    __slots__ = ("_background", "_communicator", "_follower", "_max_age", "_prefixes", "_raw")

    def __init__(
        self,
        communicator: Communicator,
        prefixes: Sequence[bytes],
        decode: Callable[[KeyValue], Any] | None,
        max_age: float,
        timeout: float | None,
    ) -> None:
        self._communicator = communicator
        self._prefixes = prefixes
        self._max_age = max_age
        self._raw = decode is None
        self._follower = Follower(communicator, prefixes, decode, max_age / 3, timeout)
        self._background: Background | None = None

    # Its life

    async def __aenter__(self) -> Cache[_V]:
        if self._background is not None:
            message = "a cache is entered once: make another one"
            raise ClosedError(message)
        self._background = Background()
        await self._follower.load_first()
        await self._background.__aenter__()
        self._background.start(self._follower.follow)
        self._background.start(self._follower.keep_asking)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if self._background is None:
            return False
        return await self._background.__aexit__(kind, error, traceback)

    # The mapping

    def __getitem__(self, key: BytesLike) -> _V:
        shown: Any = self._follower.contents.shown[key if key.__class__ is bytes else as_bytes(key)]
        value: _V = shown.value if self._raw else shown
        return value

    def get(self, key: BytesLike, default: _D = None) -> _V | _D:  # type: ignore[assignment]
        """Return the value of a key, or a default if there is no such key.

        Args:
            key: The key.
            default: What to return where there is no such key.
        """
        name = key if key.__class__ is bytes else as_bytes(key)
        shown = self._follower.contents.shown.get(name, self)
        if shown is self:
            return default
        value: _V = shown.value if self._raw else shown
        return value

    def __contains__(self, key: object) -> bool:
        try:
            name = key if key.__class__ is bytes else as_bytes(key)  # type: ignore[arg-type]
        except TypeError:
            return False
        return name in self._follower.contents.shown

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._follower.contents.shown)

    def __len__(self) -> int:
        return len(self._follower.contents.shown)

    def kv(self, key: BytesLike) -> KeyValue | None:
        """Return a key with its revisions and lease, even if its value could not be decoded.

        Args:
            key: The key.

        Returns:
            The key-value pair; None where there is no such key.
        """
        return self._follower.contents.kvs.get(as_bytes(key))

    @property
    def errors(self) -> Mapping[bytes, Exception]:
        """The exceptions of `decode` by key; the mapping leaves these keys out."""
        return dict(self._follower.contents.errors)

    def snapshot(self) -> CacheSnapshot[_V]:
        """Copy the cache, which takes time proportional to the number of keys.

        Returns:
            A mapping that does not change any more.
        """
        return CacheSnapshot(self._follower.contents.snapshot(), self._follower.revision)

    # How old it is

    @property
    def revision(self) -> int:
        """The revision of the contents; 0 before the cache is entered.

        It also grows when no key of the cache changes, and may fall if the cluster is restored from
        a backup.
        """
        return self._follower.revision

    @property
    def age(self) -> float:
        """The seconds since the server last reported a change, or that there is none."""
        if not self._follower.loads:
            raise not_open()
        return monotonic() - self._follower.heard_at

    @property
    def fresh(self) -> bool:
        """Whether the cache is kept up to date, and `age` is at most `max_age`.

        It is False while the cache has to read everything again.
        """
        follower = self._follower
        running = follower.loads > 0 and follower.waiters.end is None
        return running and follower.trouble is None and self.age <= self._max_age

    @property
    def trouble(self) -> EtcdError | None:
        """Why the cache is not kept up to date; None if it is, or only the connection is cut."""
        return self._follower.trouble

    # Waiting

    async def wait_for(self, *, revision: int, timeout: float | None = None) -> int:
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
        check_count(revision, "revision", 0)
        deadline = Deadline(timeout, "waiting for a revision of a cache")
        self._check_open()
        while self._follower.revision < revision:
            await deadline.bound(self._follower.waiters.for_revision(revision))
        return self._follower.revision

    async def sync(self, *, timeout: float | None = None) -> int:
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
        deadline = Deadline(timeout, "synchronising a cache")
        self._check_open()
        follower = self._follower
        while True:
            loads, seen = follower.loads, follower.revision
            response = await self._communicator.range(
                self._prefixes[0] or b"\0", count_only=True, timeout=deadline.left()
            )
            wanted = response.header.revision
            if wanted < seen:
                # The cluster was restored from a backup. The watch will notice it, and everything
                # will be read again: wait for that.
                wanted = sys.maxsize
            if follower.revision < wanted:
                follower.ask()
            while follower.revision < wanted and follower.loads == loads:
                await deadline.bound(follower.waiters.for_revision(wanted))
            # After reading everything again, the history may be another one, in which `wanted`
            # means nothing: start over.
            if follower.loads == loads:
                return follower.revision

    async def wait_until(
        self,
        predicate: Callable[[Cache[_V]], _T],
        *,
        timeout: float | None = None,
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
        deadline = Deadline(timeout, "waiting for a condition on a cache")
        self._check_open()
        while not (result := predicate(self)):
            await deadline.bound(self._follower.waiters.for_change())
        return result

    def changes(self, *, limit: int = 1000) -> CacheChanges:
        """Subscribe to the changes from now on.

        They start from what `snapshot` returns just before or after this call, with no `await` in
        between.

        Args:
            limit: How many changes may wait for a slow reader. More are merged: each key has one
                change then, from what the reader knew to what is there now.

        Returns:
            An async iterator of `CacheBatch`, lists of `CacheChange`.

        Raises:
            ClosedError: The cache is not open.
        """
        check_count(limit, "limit", 1)
        self._check_open()
        return self._follower.subscribe(limit)

    def _check_open(self) -> None:
        if not self._follower.loads:
            raise not_open()
        if self._follower.waiters.end is not None:
            raise self._follower.waiters.end

    def __repr__(self) -> str:
        if not self._follower.loads:
            return "<Cache not open>"
        return f"<Cache of {len(self)} keys at revision {self.revision}>"
