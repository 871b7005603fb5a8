"""`_recipes` for threads; made by `make generate`, change `etcd_client._recipes`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import etcd_client as aio

from ._face import Face, abandon, leaving, own, run
from ._lease import Loss

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from etcd_client import BytesLike, Compare

    from ._face import Communicator, Session


class Barrier(Face):
    """A key for which others wait until it is removed.

    Any client can create, wait for and remove it; `with` creates it and removes it at the end.
    Without a session it stays until somebody removes it, even if its creator has died. With a
    session it falls at the end of the session at the latest, or within its time to live after a
    crash.

    Args:
        communicator: The communicator to use.
        name: The name of the barrier, which is its key.
        session: The session whose lease to attach it to; None for no lease.

    Examples:
        >>> from etcd_client.sync import Barrier
        >>> barrier = Barrier(communicator, "maintenance")
        >>> with barrier:
        ...     response = communicator.put("schema", "2")
        >>> barrier.wait(timeout=5)
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Barrier

    def __init__(
        self, communicator: Communicator, name: BytesLike, *, session: Session | None = None
    ) -> None:
        self._inner = run(
            aio.Barrier, own(communicator, "communicator"), name, session=own(session, "session")
        )

    @property
    def key(self) -> bytes:
        """The key that exists while others have to wait."""
        return run(lambda: self._inner.key)

    def create(self, *, timeout: float | None = None) -> None:
        """Create the barrier; a cancelled attempt leaves nothing on the server.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Raises:
            KeyExistsError: There is such a barrier already.
            SessionLostError: The session was lost.
        """
        run(self._inner.create, timeout=timeout)

    def wait(self, *, timeout: float | None = None) -> None:
        """Wait until the barrier is removed; return at once if there is none.

        Args:
            timeout: Maximum wait in seconds; None to wait without limit.

        Raises:
            EtcdTimeoutError: It was not removed in time.
        """
        run(self._inner.wait, timeout=timeout)

    def remove(self, *, timeout: float | None = None) -> bool:
        """Remove the barrier, whoever has created it.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Returns:
            Whether there was one.
        """
        return run(self._inner.remove, timeout=timeout)

    def __enter__(self) -> Barrier:
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
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        run(self._inner.__aexit__, kind, _error, _traceback)


class Counter(Face):
    """A whole number, as text in a key, that any number of clients add to.

    No addition is lost or made twice. Where only one process adds, each addition costs one round
    trip, as the process remembers the number; its threads wait in line. Between processes, an
    addition that conflicts with another is tried again, with random pauses.

    With a session, an addition has no unknown outcome while the session lives. Without one,
    `OutcomeUnknownError` says that it may or may not have been made. The number itself stays in
    etcd in either case.

    Args:
        communicator: The communicator to use.
        name: The name of the counter, which is its key.
        default: The number to begin with where there is no such key.
        session: The session for additions that are made exactly once; None for none.

    Examples:
        >>> from etcd_client.sync import Counter
        >>> counter = Counter(communicator, "visits")
        >>> counter.add()
        1
        >>> counter.add(-3)
        -2
        >>> counter.value()
        -2
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Counter

    def __init__(
        self,
        communicator: Communicator,
        name: BytesLike,
        default: int = 0,
        *,
        session: Session | None = None,
    ) -> None:
        self._inner = run(
            aio.Counter,
            own(communicator, "communicator"),
            name,
            default,
            session=own(session, "session"),
        )

    @property
    def key(self) -> bytes:
        """The key that holds the number."""
        return run(lambda: self._inner.key)

    def add(self, amount: int = 1, *, timeout: float | None = None) -> int:
        """Add to the number.

        Args:
            amount: What to add; may be negative.
            timeout: Deadline for the whole call, waiting included, in seconds. If None, each
                request has the connection's default, and the call is retried until it succeeds.

        Returns:
            The new number.

        Raises:
            ConflictError: The key holds something else than a number; the error's `kv` is it.
            SessionLostError: The session was lost; nothing was added.
        """
        return run(self._inner.add, amount, timeout=timeout)

    def value(self, *, timeout: float | None = None) -> int:
        """Read the number.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Returns:
            The number; the default if there is no such key.

        Raises:
            ConflictError: The key holds something else than a number; the error's `kv` is it.
        """
        return run(self._inner.value, timeout=timeout)


class DoubleBarrier(Face):
    """A barrier that `count` clients enter together and leave together.

    `enter` waits until `count` of them have come, and `leave` until all of these have left or died.
    They make a round. Clients beyond `count` wait for the next round, which begins when the present
    one has been left by all: there are never more than `count` inside. The first to come are the
    first to enter.

    Each member has a key that lives with it: its lease is renewed in the background, and after a
    crash it expires within 30 seconds, or within the time to live of the `session`.

    A `DoubleBarrier` object is for one member at a time: make one for each thread.

    Args:
        communicator: The communicator to use.
        name: The name of the barrier.
        count: The number of members of a round; the same for all clients.
        session: The session whose lease to use; None for a lease of its own.

    Examples:
        >>> from concurrent.futures import ThreadPoolExecutor
        >>> from etcd_client.sync import DoubleBarrier
        >>> def work(name):
        ...     with DoubleBarrier(communicator, "benchmark", 2):
        ...         return name
        >>> list(ThreadPoolExecutor().map(work, ["one", "two"]))
        ['one', 'two']
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.DoubleBarrier

    def __init__(
        self,
        communicator: Communicator,
        name: BytesLike,
        count: int,
        *,
        session: Session | None = None,
    ) -> None:
        self._inner = run(
            aio.DoubleBarrier,
            own(communicator, "communicator"),
            name,
            count,
            session=own(session, "session"),
        )

    @property
    def key(self) -> bytes | None:
        """The key that exists while it is held; None before and after."""
        return run(lambda: self._inner.key)

    @property
    def revision(self) -> int | None:
        """The fencing token: the create revision of `key`, which increases from holder to holder.

        For transactions in etcd, use `fence`.
        """
        return run(lambda: self._inner.revision)

    @property
    def lost(self) -> Loss:
        """Whether it was lost: its lease has ended, its key was deleted, or its time is over."""
        return Loss._of(run(lambda: self._inner.lost))

    @property
    def remaining(self) -> float:
        """The seconds for which it is certainly held; 0 if it is not.

        They are counted from when the last confirmed renewal of the lease was sent.
        """
        return run(lambda: self._inner.remaining)

    @property
    def fence(self) -> Compare:
        """The condition that it is held, for transactions: `Txn().when([lock.fence])`.

        The server checks it when it applies the transaction, so that a holder that has lost it and
        does not know yet writes nothing.

        Raises:
            LockError: A lock is not held by this object; it may have been lost.
            ElectError: The same for an election.
        """
        return run(lambda: self._inner.fence)

    def is_owner(self, *, timeout: float | None = None) -> bool:
        """Ask the server whether it is held by this object.

        The answer may be outdated when it arrives: for writes, use `fence` as a condition.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Returns:
            Whether the key exists and belongs to this object.
        """
        return run(self._inner.is_owner, timeout=timeout)

    @property
    def count(self) -> int:
        """The number of members of a round."""
        return run(lambda: self._inner.count)

    @property
    def is_inside(self) -> bool:
        """Whether this object is inside: entered, not left and not lost."""
        return run(lambda: self._inner.is_inside)

    def enter(self, *, timeout: float | None = None) -> None:
        """Wait until as many have come as make a round, and enter with them.

        A failed or cancelled attempt leaves nothing on the server. One that has timed out was not
        counted by the others, if the server answers.

        Args:
            timeout: Maximum wait in seconds; None to wait without limit. If the server does not
                answer, it takes a few seconds more.

        Raises:
            EtcdTimeoutError: Not enough have come in time.
            LockLostError: Its key or lease was lost while waiting.
            SessionLostError: The session had been lost.
            LockError: This object is inside already.
        """
        run(self._inner.enter, timeout=timeout)

    def leave(self, *, timeout: float | None = None) -> None:
        """Leave, and wait until all members of the round have left or died.

        Its own key is deleted at once, also if the wait fails or is cancelled.

        Args:
            timeout: Maximum wait in seconds; None to wait without limit.

        Raises:
            EtcdTimeoutError: The others have not left in time.
            LockLostError: Its key or lease had been lost, so that the others may have gone on.
            LockError: This object is not inside.
        """
        run(self._inner.leave, timeout=timeout)

    def __enter__(self) -> DoubleBarrier:
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
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        run(self._inner.__aexit__, kind, _error, _traceback)


class RWLock(Face):
    """A lock that any number of readers share, or that one writer holds alone.

    It is fair: a reader that comes after a waiting writer waits for it. A reader watches the key of
    the last writer before it, a writer the last key before it. It is compatible with the `RWMutex`
    of etcd's Go client.

    Any number of threads may use the same `RWLock` object. It is not reentrant: a thread that holds
    it, for reading or writing, and asks for it again can wait for itself; it is neither upgraded
    from reading to writing nor the other way round. Release it in between.

    Args:
        communicator: The communicator to use.
        name: The name of the lock. Its keys are all that begin with it and `/`.
        session: The session whose lease to use; None for a lease for each holder.

    Examples:
        >>> from etcd_client.sync import RWLock
        >>> lock = RWLock(communicator, "report")
        >>> with lock.read(), lock.read():
        ...     lock.write().acquire(blocking=False)
        False
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.RWLock

    def __init__(
        self, communicator: Communicator, name: BytesLike, *, session: Session | None = None
    ) -> None:
        self._inner = run(
            aio.RWLock, own(communicator, "communicator"), name, session=own(session, "session")
        )

    def read(self, *, ttl: float | None = None) -> ReadLock:
        """Make a lock for a reader, not yet acquired.

        Args:
            ttl: Maximum time to hold it, in seconds; None to hold it until it is released.

        Returns:
            The lock; `with` acquires it.
        """
        return ReadLock._of(run(self._inner.read, ttl=ttl))

    def write(self, *, ttl: float | None = None) -> WriteLock:
        """Make a lock for a writer, not yet acquired.

        Args:
            ttl: Maximum time to hold it, in seconds; None to hold it until it is released.

        Returns:
            The lock; `with` acquires it.
        """
        return WriteLock._of(run(self._inner.write, ttl=ttl))


class ReadLock(Face):
    """A reader's share of an `RWLock`, which `RWLock.read` makes.

    It waits for the writers that came before.

    Args:
        communicator: The communicator to use.
        name: The name of the read-write lock. Its keys are all that begin with it and `/`.
        ttl: Maximum time to hold it, in seconds; None to hold it until it is released.
        session: The session whose lease to use; None for a lease of its own.

    Examples:
        >>> from etcd_client.sync import ReadLock
        >>> with ReadLock(communicator, "index", ttl=30) as lock:
        ...     lock.is_acquired
        True
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.ReadLock

    def __init__(
        self,
        communicator: Communicator,
        name: BytesLike,
        ttl: float | None = None,
        *,
        session: Session | None = None,
    ) -> None:
        self._inner = run(
            aio.ReadLock,
            own(communicator, "communicator"),
            name,
            ttl,
            session=own(session, "session"),
        )

    @property
    def key(self) -> bytes | None:
        """The key that exists while it is held; None before and after."""
        return run(lambda: self._inner.key)

    @property
    def revision(self) -> int | None:
        """The fencing token: the create revision of `key`, which increases from holder to holder.

        For transactions in etcd, use `fence`.
        """
        return run(lambda: self._inner.revision)

    @property
    def lost(self) -> Loss:
        """Whether it was lost: its lease has ended, its key was deleted, or its time is over."""
        return Loss._of(run(lambda: self._inner.lost))

    @property
    def remaining(self) -> float:
        """The seconds for which it is certainly held; 0 if it is not.

        They are counted from when the last confirmed renewal of the lease was sent.
        """
        return run(lambda: self._inner.remaining)

    @property
    def fence(self) -> Compare:
        """The condition that it is held, for transactions: `Txn().when([lock.fence])`.

        The server checks it when it applies the transaction, so that a holder that has lost it and
        does not know yet writes nothing.

        Raises:
            LockError: A lock is not held by this object; it may have been lost.
            ElectError: The same for an election.
        """
        return run(lambda: self._inner.fence)

    def is_owner(self, *, timeout: float | None = None) -> bool:
        """Ask the server whether it is held by this object.

        The answer may be outdated when it arrives: for writes, use `fence` as a condition.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Returns:
            Whether the key exists and belongs to this object.
        """
        return run(self._inner.is_owner, timeout=timeout)

    @property
    def is_acquired(self) -> bool:
        """Whether it is held: acquired, not released and not lost."""
        return run(lambda: self._inner.is_acquired)

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Acquire it; a failed or cancelled attempt leaves nothing on the server.

        Args:
            blocking: Whether to wait for it.
            timeout: Maximum wait in seconds; None to wait without limit.

        Returns:
            True; False if it is not free and `blocking` is False.

        Raises:
            LockTimeoutError: It was not acquired in time.
            LockLostError: Its key or lease was lost while waiting.
            SessionLostError: The session had been lost.
            LockError: This object holds it already.
        """
        return run(self._inner.acquire, blocking, timeout)

    def renew(self, seconds: float, *, timeout: float | None = None) -> None:
        """Hold it for the given time from now on, whatever its previous limit.

        What was acquired without a `ttl` has one from then on.

        Args:
            seconds: Maximum time to hold it, counted from this call.
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Raises:
            LockLostError: It had been lost.
            LockError: This object does not hold it.
        """
        self._inner.renew(seconds, timeout=timeout)._wait()

    def release(self, *, timeout: float | None = None) -> None:
        """Release it.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Raises:
            LockLostError: It had been lost.
            LockError: This object does not hold it.
        """
        run(self._inner.release, timeout=timeout)

    def __enter__(self) -> Self:
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
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        run(self._inner.__aexit__, kind, _error, _traceback)


class Semaphore(Face):
    """One permit of a semaphore, which has at most `limit` holders at a time in the whole cluster.

    Permits are given in the order of arrival. A permit is held until it is released or its holder
    dies: its lease is renewed in the background, and after a crash it expires within 30 seconds, or
    within the time to live of the `session`. With a `ttl`, it is released that many seconds after
    it was acquired, unless `renew` changes that.

    A free permit costs one round trip. A client that waits watches the key of the one before it;
    the first that waits watches the holders. So one release wakes one client.

    Each client goes by its own limit: it acquires when fewer than `limit` clients that came before
    it are there. So the limit can be changed while the semaphore is in use, and there are never
    more holders than the greatest limit allows. With the limit 1, it is a `Lock` of the same name.

    A `Semaphore` object is for one permit: make one for each thread.

    Args:
        communicator: The communicator to use.
        name: The name of the semaphore. Its keys are all that begin with it and `/`.
        limit: The maximum number of holders; the same for all clients, except while it is changed.
        ttl: Maximum time to hold the permit, in seconds; None to hold it until it is released.
        session: The session whose lease to use; any number of permits can share it. None for a
            lease of its own.

    Examples:
        >>> from etcd_client.sync import Semaphore
        >>> with Semaphore(communicator, "exports", 2):
        ...     with Semaphore(communicator, "exports", 2):
        ...         Semaphore(communicator, "exports", 2).acquire(blocking=False)
        False
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Semaphore

    def __init__(
        self,
        communicator: Communicator,
        name: BytesLike,
        limit: int,
        ttl: float | None = None,
        *,
        session: Session | None = None,
    ) -> None:
        self._inner = run(
            aio.Semaphore,
            own(communicator, "communicator"),
            name,
            limit,
            ttl,
            session=own(session, "session"),
        )

    @property
    def key(self) -> bytes | None:
        """The key that exists while it is held; None before and after."""
        return run(lambda: self._inner.key)

    @property
    def revision(self) -> int | None:
        """The fencing token: the create revision of `key`, which increases from holder to holder.

        For transactions in etcd, use `fence`.
        """
        return run(lambda: self._inner.revision)

    @property
    def lost(self) -> Loss:
        """Whether it was lost: its lease has ended, its key was deleted, or its time is over."""
        return Loss._of(run(lambda: self._inner.lost))

    @property
    def remaining(self) -> float:
        """The seconds for which it is certainly held; 0 if it is not.

        They are counted from when the last confirmed renewal of the lease was sent.
        """
        return run(lambda: self._inner.remaining)

    @property
    def fence(self) -> Compare:
        """The condition that it is held, for transactions: `Txn().when([lock.fence])`.

        The server checks it when it applies the transaction, so that a holder that has lost it and
        does not know yet writes nothing.

        Raises:
            LockError: A lock is not held by this object; it may have been lost.
            ElectError: The same for an election.
        """
        return run(lambda: self._inner.fence)

    def is_owner(self, *, timeout: float | None = None) -> bool:
        """Ask the server whether it is held by this object.

        The answer may be outdated when it arrives: for writes, use `fence` as a condition.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Returns:
            Whether the key exists and belongs to this object.
        """
        return run(self._inner.is_owner, timeout=timeout)

    @property
    def is_acquired(self) -> bool:
        """Whether it is held: acquired, not released and not lost."""
        return run(lambda: self._inner.is_acquired)

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Acquire it; a failed or cancelled attempt leaves nothing on the server.

        Args:
            blocking: Whether to wait for it.
            timeout: Maximum wait in seconds; None to wait without limit.

        Returns:
            True; False if it is not free and `blocking` is False.

        Raises:
            LockTimeoutError: It was not acquired in time.
            LockLostError: Its key or lease was lost while waiting.
            SessionLostError: The session had been lost.
            LockError: This object holds it already.
        """
        return run(self._inner.acquire, blocking, timeout)

    def renew(self, seconds: float, *, timeout: float | None = None) -> None:
        """Hold it for the given time from now on, whatever its previous limit.

        What was acquired without a `ttl` has one from then on.

        Args:
            seconds: Maximum time to hold it, counted from this call.
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Raises:
            LockLostError: It had been lost.
            LockError: This object does not hold it.
        """
        self._inner.renew(seconds, timeout=timeout)._wait()

    def release(self, *, timeout: float | None = None) -> None:
        """Release it.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Raises:
            LockLostError: It had been lost.
            LockError: This object does not hold it.
        """
        run(self._inner.release, timeout=timeout)

    def __enter__(self) -> Self:
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
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        run(self._inner.__aexit__, kind, _error, _traceback)

    @property
    def limit(self) -> int:
        """The maximum number of holders."""
        return run(lambda: self._inner.limit)


class WriteLock(Face):
    """A writer's hold of an `RWLock`, which `RWLock.write` makes.

    It waits for all that came before, readers and writers.

    Args:
        communicator: The communicator to use.
        name: The name of the read-write lock. Its keys are all that begin with it and `/`.
        ttl: Maximum time to hold it, in seconds; None to hold it until it is released.
        session: The session whose lease to use; None for a lease of its own.

    Examples:
        >>> from etcd_client.sync import WriteLock
        >>> with WriteLock(communicator, "index", ttl=30) as lock:
        ...     lock.is_acquired
        True
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.WriteLock

    def __init__(
        self,
        communicator: Communicator,
        name: BytesLike,
        ttl: float | None = None,
        *,
        session: Session | None = None,
    ) -> None:
        self._inner = run(
            aio.WriteLock,
            own(communicator, "communicator"),
            name,
            ttl,
            session=own(session, "session"),
        )

    @property
    def key(self) -> bytes | None:
        """The key that exists while it is held; None before and after."""
        return run(lambda: self._inner.key)

    @property
    def revision(self) -> int | None:
        """The fencing token: the create revision of `key`, which increases from holder to holder.

        For transactions in etcd, use `fence`.
        """
        return run(lambda: self._inner.revision)

    @property
    def lost(self) -> Loss:
        """Whether it was lost: its lease has ended, its key was deleted, or its time is over."""
        return Loss._of(run(lambda: self._inner.lost))

    @property
    def remaining(self) -> float:
        """The seconds for which it is certainly held; 0 if it is not.

        They are counted from when the last confirmed renewal of the lease was sent.
        """
        return run(lambda: self._inner.remaining)

    @property
    def fence(self) -> Compare:
        """The condition that it is held, for transactions: `Txn().when([lock.fence])`.

        The server checks it when it applies the transaction, so that a holder that has lost it and
        does not know yet writes nothing.

        Raises:
            LockError: A lock is not held by this object; it may have been lost.
            ElectError: The same for an election.
        """
        return run(lambda: self._inner.fence)

    def is_owner(self, *, timeout: float | None = None) -> bool:
        """Ask the server whether it is held by this object.

        The answer may be outdated when it arrives: for writes, use `fence` as a condition.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Returns:
            Whether the key exists and belongs to this object.
        """
        return run(self._inner.is_owner, timeout=timeout)

    @property
    def is_acquired(self) -> bool:
        """Whether it is held: acquired, not released and not lost."""
        return run(lambda: self._inner.is_acquired)

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        """Acquire it; a failed or cancelled attempt leaves nothing on the server.

        Args:
            blocking: Whether to wait for it.
            timeout: Maximum wait in seconds; None to wait without limit.

        Returns:
            True; False if it is not free and `blocking` is False.

        Raises:
            LockTimeoutError: It was not acquired in time.
            LockLostError: Its key or lease was lost while waiting.
            SessionLostError: The session had been lost.
            LockError: This object holds it already.
        """
        return run(self._inner.acquire, blocking, timeout)

    def renew(self, seconds: float, *, timeout: float | None = None) -> None:
        """Hold it for the given time from now on, whatever its previous limit.

        What was acquired without a `ttl` has one from then on.

        Args:
            seconds: Maximum time to hold it, counted from this call.
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Raises:
            LockLostError: It had been lost.
            LockError: This object does not hold it.
        """
        self._inner.renew(seconds, timeout=timeout)._wait()

    def release(self, *, timeout: float | None = None) -> None:
        """Release it.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Raises:
            LockLostError: It had been lost.
            LockError: This object does not hold it.
        """
        run(self._inner.release, timeout=timeout)

    def __enter__(self) -> Self:
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
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        run(self._inner.__aexit__, kind, _error, _traceback)
