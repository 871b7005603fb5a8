"""`Session`: one lease, kept alive, that locks, elections, recipes and registrations share.

The recipes are imported when they are used, so that a program pays only for those that it uses.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from etcd_client._arguments import check_flag, check_function
from etcd_client._async_only import async_only
from etcd_client._concurrency import CancelScope
from etcd_client._operation import begin
from etcd_client.errors import ClosedError, EtcdError, SessionLostError

from ._coordination import open_session
from ._coordination.election import Election
from ._coordination.lock import Lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from etcd_client._etcd_client import Communicator, HeldLease
    from etcd_client._types import BytesLike

    from ._groups.partitioner import Partitioner
    from ._groups.party import Party
    from ._queues.priority_queue import PriorityQueue
    from ._queues.queue import Queue
    from ._recipes.barrier import Barrier
    from ._recipes.counter import Counter
    from ._recipes.double_barrier import DoubleBarrier
    from ._recipes.rw_lock import RWLock
    from ._recipes.semaphore import Semaphore


@async_only
class Session(open_session.Session):
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
        on_loss: Called on the event loop with a `SessionLostError` when the session is lost; if it
            raises, the body is cancelled, and its exception is raised on leaving.

    Examples:
        >>> async with communicator.session(ttl=10) as session:
        ...     response = await communicator.put("workers/7", "ready", lease=session)
        ...     async with session.lock("report") as lock:
        ...         lock.is_acquired
        True
        >>> await communicator.get("workers/7") is None
        True
    """

    __module__ = "etcd_client"

    __slots__ = (
        "_cancel_on_loss",
        "_on_loss",
        "_scope",
    )

    def __init__(
        self,
        communicator: Communicator,
        ttl: int = 10,
        *,
        cancel_on_loss: bool = False,
        on_loss: Callable[[SessionLostError], object] | None = None,
    ) -> None:
        super().__init__(communicator, ttl)
        check_flag(cancel_on_loss, "cancel_on_loss")
        if on_loss is not None:
            check_function(on_loss, "on_loss")
        self._cancel_on_loss = cancel_on_loss
        self._on_loss = on_loss
        self._scope = CancelScope()

    def lock(self, name: BytesLike, *, ttl: float | None = None) -> Lock:
        """Make a lock on this session, not yet acquired.

        Args:
            name: The name of the lock.
            ttl: Maximum time to hold it, in seconds; None to hold it until it is released.

        Returns:
            The lock; `async with` acquires it.
        """
        return Lock(self._communicator, name, ttl, session=self)

    def semaphore(self, name: BytesLike, limit: int, *, ttl: float | None = None) -> Semaphore:
        """Make a permit of a semaphore on this session, not yet acquired.

        Args:
            name: The name of the semaphore.
            limit: The maximum number of holders.
            ttl: Maximum time to hold it, in seconds; None to hold it until it is released.

        Returns:
            The permit; `async with` acquires it.
        """
        from ._recipes.semaphore import Semaphore

        return Semaphore(self._communicator, name, limit, ttl, session=self)

    def rw_lock(self, name: BytesLike) -> RWLock:
        """Make a read-write lock on this session.

        Args:
            name: The name of the lock.

        Returns:
            The lock, whose `read()` and `write()` make what is acquired.
        """
        from ._recipes.rw_lock import RWLock

        return RWLock(self._communicator, name, session=self)

    def barrier(self, name: BytesLike) -> Barrier:
        """Make a barrier on this session, which does not exist yet.

        Args:
            name: The name of the barrier, which is its key.

        Returns:
            The barrier; `async with` creates it.
        """
        from ._recipes.barrier import Barrier

        return Barrier(self._communicator, name, session=self)

    def double_barrier(self, name: BytesLike, count: int) -> DoubleBarrier:
        """Make a member of a double barrier on this session, which has not entered yet.

        Args:
            name: The name of the barrier.
            count: The number of members of a round.

        Returns:
            The member; `async with` enters and leaves.
        """
        from ._recipes.double_barrier import DoubleBarrier

        return DoubleBarrier(self._communicator, name, count, session=self)

    def counter(self, name: BytesLike, default: int = 0) -> Counter:
        """Make a counter to which each addition is made exactly once while the session lives.

        Args:
            name: The name of the counter, which is its key.
            default: The number to begin with where there is no such key.

        Returns:
            The counter, which outlives the session.
        """
        from ._recipes.counter import Counter

        return Counter(self._communicator, name, default, session=self)

    def queue(self, name: BytesLike) -> Queue:
        """Make a queue whose items are claimed on this session.

        Args:
            name: The name of the queue.

        Returns:
            The queue.
        """
        from ._queues.queue import Queue

        return Queue(self, name)

    def priority_queue(self, name: BytesLike) -> PriorityQueue:
        """Make a queue with priorities, whose items are claimed on this session.

        Args:
            name: The name of the queue.

        Returns:
            The queue.
        """
        from ._queues.priority_queue import PriorityQueue

        return PriorityQueue(self, name)

    def party(
        self, name: BytesLike, value: BytesLike = b"", *, member: BytesLike | None = None
    ) -> Party:
        """Make a member of a group on this session, which has not joined yet.

        Args:
            name: The name of the group.
            value: The value of this member.
            member: The name of this member; by default one that nobody else has.

        Returns:
            The party; `async with` joins and leaves.
        """
        from ._groups.party import Party

        return Party(self, name, value, member=member)

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
            The partitioner; `async with` joins and leaves.
        """
        from ._groups.partitioner import Partitioner

        return Partitioner(self, name, partitions, member=member)

    def election(self, name: BytesLike, value: BytesLike = b"") -> Election:
        """Make a candidate on this session, which does not campaign yet.

        Args:
            name: The name of the election.
            value: The value to proclaim as the leader.

        Returns:
            The election; `async with` or `Election.run` campaigns.
        """
        return Election(self._communicator, name, value, session=self)

    async def __aenter__(self) -> Session:
        if self._held is not None:
            message = "a session is entered once: make another one"
            raise ClosedError(message)
        operation = begin(self._communicator, "Session.open")
        with operation:
            call = self._communicator._hold_lease(self._ttl)  # noqa: SLF001 - made for this
        held = await operation.until_end_of(lambda: call)
        # Until here, the lease would have ended with a caller that was cancelled.
        self._held = held
        held.adopt()
        await self._background.__aenter__()
        self._scope.__enter__()
        self._background.start(self._tell_loss, held)
        return self

    async def _tell_loss(self, held: HeldLease) -> None:
        if await held.until_over() is None:
            return
        if self._cancel_on_loss:
            self._scope.cancel()
        if self._on_loss is not None:
            self._on_loss(self._lost_error(held.loss))

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        # From here on, the body has been left and is no longer cancelled.
        cancelled = self._scope.__exit__(kind, error, traceback)
        failed = kind is not None and not cancelled
        held = self._opened()
        self._left = True
        releasing = held.release()
        registrar = self._registrar
        releasing_own = None if registrar is None else registrar.leave()
        if failed:
            await self._background.__aexit__(kind, error, traceback)
        else:
            await self._background.__aexit__(None, None, None)
        # The exception of the body matters more than that of revoking the lease.
        with contextlib.suppress(*(EtcdError,) if failed else ()):
            if releasing_own is not None:
                await releasing_own
            lost = await releasing is None
            if cancelled or (lost and self._on_loss is None):
                raise self._lost_error(held.loss) from error
            if registrar is not None and registrar.untold:
                raise registrar.untold[0]
        return False
