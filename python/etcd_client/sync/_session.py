"""`_session` for threads; made by `make generate`, change `etcd_client._session`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import etcd_client as aio

from . import _face
from ._coordination import Election, Lock, Registration
from ._face import abandon, leaving, outside, own, run
from ._groups import Partitioner, Party
from ._lease import Loss
from ._queues import PriorityQueue, Queue
from ._recipes import Barrier, Counter, DoubleBarrier, RWLock, Semaphore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from etcd_client import BytesLike, KeyExistsError, SessionLostError

    from ._face import Communicator


class Session(_face.Session):
    """One lease, kept alive in the background, that several things share and end with.

    `Communicator.session` makes one. It can be entered once; leaving it revokes the lease, which
    deletes all keys attached to it. Any number of locks, elections and registrations can share it,
    and so can any key that is written with `lease=session`.

    A lost session stays lost, with all its locks and leaderships; only registrations are restored.
    The loss is reported no later than the time to live after the last confirmed renewal was sent,
    which is before the server gives what it held to others. With `cancel_on_loss`, the body is
    cancelled then. In any case leaving raises `SessionLostError`, unless `on_loss` was called.

    Args:
        communicator: The communicator to use.
        ttl: Time to live in seconds: how long after its last renewal the lease expires.
        cancel_on_loss: Whether to cancel the body when the session is lost.
        on_loss: Called in a thread of its own with a `SessionLostError` when the session is lost;
            if it raises, the body is cancelled, and its exception is raised on leaving.

    Examples:
        >>> with communicator.session(ttl=10) as session:
        ...     response = communicator.put("workers/7", "ready", lease=session)
        ...     with session.lock("report") as lock:
        ...         lock.is_acquired
        True
        >>> communicator.get("workers/7") is None
        True
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Session

    def __init__(
        self,
        communicator: Communicator,
        ttl: int = 10,
        *,
        cancel_on_loss: bool = False,
        on_loss: Callable[[SessionLostError], object] | None = None,
    ) -> None:
        self._inner = run(
            aio.Session,
            own(communicator, "communicator"),
            ttl,
            cancel_on_loss=cancel_on_loss,
            on_loss=outside(on_loss),
        )

    @property
    def id(self) -> int:
        """The id by which etcd knows the lease."""
        return run(lambda: self._inner.id)

    @property
    def ttl(self) -> int:
        """The granted time to live, in seconds."""
        return run(lambda: self._inner.ttl)

    @property
    def lost(self) -> Loss:
        """Whether it was lost before it was left."""
        return Loss._of(run(lambda: self._inner.lost))

    @property
    def remaining(self) -> float:
        """The seconds for which it certainly lives without a renewal; 0 if it has ended.

        They are counted from when the last confirmed renewal was sent.
        """
        return run(lambda: self._inner.remaining)

    def register(
        self,
        key: BytesLike,
        value: BytesLike,
        *,
        replace: bool = False,
        on_conflict: Callable[[KeyExistsError], object] | None = None,
        timeout: float | None = None,
    ) -> Registration:
        """Write a key that exists while the session is open, and is restored after a loss.

        It has one owner at a time: a key that another client has written is not touched.

        Args:
            key: The key.
            value: The value.
            replace: Whether to overwrite the key of another client, now and when it is restored.
            on_conflict: Called with a `KeyExistsError` if the key cannot be restored because
                another client has written it. By default leaving the session raises the error.
            timeout: Deadline for the call, in seconds; None for the connection's default for each
                request.

        Returns:
            The registration, with which the value can be changed or the key withdrawn.

        Raises:
            KeyExistsError: Another client has written the key, which is the error's `kv`.
            InvalidArgsError: This session has registered the key already.
            ClosedError: The session is not open, or was left.
        """
        return Registration._of(
            run(
                self._inner.register,
                key,
                value,
                replace=replace,
                on_conflict=outside(on_conflict),
                timeout=timeout,
            )
        )

    def lock(self, name: BytesLike, *, ttl: float | None = None) -> Lock:
        """Make a lock on this session, not yet acquired.

        Args:
            name: The name of the lock.
            ttl: Maximum time to hold it, in seconds; None to hold it until it is released.

        Returns:
            The lock; `with` acquires it.
        """
        return Lock._of(run(self._inner.lock, name, ttl=ttl))

    def semaphore(self, name: BytesLike, limit: int, *, ttl: float | None = None) -> Semaphore:
        """Make a permit of a semaphore on this session, not yet acquired.

        Args:
            name: The name of the semaphore.
            limit: The maximum number of holders.
            ttl: Maximum time to hold it, in seconds; None to hold it until it is released.

        Returns:
            The permit; `with` acquires it.
        """
        return Semaphore._of(run(self._inner.semaphore, name, limit, ttl=ttl))

    def rw_lock(self, name: BytesLike) -> RWLock:
        """Make a read-write lock on this session.

        Args:
            name: The name of the lock.

        Returns:
            The lock, whose `read()` and `write()` make what is acquired.
        """
        return RWLock._of(run(self._inner.rw_lock, name))

    def barrier(self, name: BytesLike) -> Barrier:
        """Make a barrier on this session, which does not exist yet.

        Args:
            name: The name of the barrier, which is its key.

        Returns:
            The barrier; `with` creates it.
        """
        return Barrier._of(run(self._inner.barrier, name))

    def double_barrier(self, name: BytesLike, count: int) -> DoubleBarrier:
        """Make a member of a double barrier on this session, which has not entered yet.

        Args:
            name: The name of the barrier.
            count: The number of members of a round.

        Returns:
            The member; `with` enters and leaves.
        """
        return DoubleBarrier._of(run(self._inner.double_barrier, name, count))

    def counter(self, name: BytesLike, default: int = 0) -> Counter:
        """Make a counter to which each addition is made exactly once while the session lives.

        Args:
            name: The name of the counter, which is its key.
            default: The number to begin with where there is no such key.

        Returns:
            The counter, which outlives the session.
        """
        return Counter._of(run(self._inner.counter, name, default))

    def queue(self, name: BytesLike) -> Queue:
        """Make a queue whose items are claimed on this session.

        Args:
            name: The name of the queue.

        Returns:
            The queue.
        """
        return Queue._of(run(self._inner.queue, name))

    def priority_queue(self, name: BytesLike) -> PriorityQueue:
        """Make a queue with priorities, whose items are claimed on this session.

        Args:
            name: The name of the queue.

        Returns:
            The queue.
        """
        return PriorityQueue._of(run(self._inner.priority_queue, name))

    def party(
        self, name: BytesLike, value: BytesLike = b"", *, member: BytesLike | None = None
    ) -> Party:
        """Make a member of a group on this session, which has not joined yet.

        Args:
            name: The name of the group.
            value: The value of this member.
            member: The name of this member; by default one that nobody else has.

        Returns:
            The party; `with` joins and leaves.
        """
        return Party._of(run(self._inner.party, name, value, member=member))

    def partitioner(
        self,
        name: BytesLike,
        partitions: int | Iterable[BytesLike],
        *,
        member: BytesLike | None = None,
    ) -> Partitioner:
        """Make a member of a group that shares out partitions, which has not joined yet.

        Args:
            name: The name of the group.
            partitions: How many partitions there are, named by the numbers from 0; or their names.
            member: The name of this member; by default one that nobody else has.

        Returns:
            The partitioner; `with` joins and leaves.
        """
        return Partitioner._of(run(self._inner.partitioner, name, partitions, member=member))

    def election(self, name: BytesLike, value: BytesLike = b"") -> Election:
        """Make a candidate on this session, which does not campaign yet.

        Args:
            name: The name of the election.
            value: The value to proclaim as the leader.

        Returns:
            The election; `with` or `Election.run` campaigns.
        """
        return Election._of(run(self._inner.election, name, value))

    def __enter__(self) -> Session:
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
