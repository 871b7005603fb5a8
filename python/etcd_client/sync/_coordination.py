"""`_coordination` for threads; made by `make generate`, change `etcd_client._coordination`."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import etcd_client as aio

from ._face import Face, abandon, following, leaving, own, run, waiting
from ._lease import Loss

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from typing_extensions import Self

    from etcd_client import BytesLike, Compare, KeyExistsError, LeaderResponse

    from ._face import Communicator, Session

_T = TypeVar("_T")


class Election(Face):
    """An election, as a candidate or as an observer.

    It is compatible with etcd's election service and the elections of its Go client. The leader
    leads until it resigns or dies: its lease is renewed in the background. If it dies, there is
    another leader within the lease's time to live: 30 seconds, or that of the `session`.

    Args:
        communicator: The communicator to use.
        name: The name of the election. Its keys are all that begin with it and `/`.
        value: The value to proclaim as the leader.
        session: The session whose lease to use; None for a lease of its own.

    Examples:
        >>> from etcd_client.sync import Election
        >>> with Election(communicator, "scheduler", value="node-7") as election:
        ...     (election.leader()).kv.value
        b'node-7'
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Election

    def __init__(
        self,
        communicator: Communicator,
        name: BytesLike,
        value: BytesLike = b"",
        *,
        session: Session | None = None,
    ) -> None:
        self._inner = run(
            aio.Election,
            own(communicator, "communicator"),
            name,
            value,
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
    def is_leader(self) -> bool:
        """Whether this object is the leader: elected, and not resigned or lost since."""
        return run(lambda: self._inner.is_leader)

    def campaign(self, value: BytesLike | None = None, *, timeout: float | None = None) -> None:
        """Wait to become the leader.

        A failed or cancelled candidacy leaves nothing on the server.

        Args:
            value: The value to proclaim; by default that of the election.
            timeout: Maximum wait in seconds; None to wait without limit.

        Raises:
            EtcdTimeoutError: The election was not won in time.
            ElectError: The candidate's key or lease was lost while waiting, or this object is the
                leader already.
            SessionLostError: The session had been lost.
        """
        run(self._inner.campaign, value, timeout=timeout)

    def run(self, work: Callable[[Election], _T]) -> _T:
        """Campaign, work as the leader, and campaign again after a loss of the leadership.

        The work is cancelled when the leadership is lost, before the server lets another client
        lead. Its writes should have `fence` as a condition all the same: a process that was paused
        notices the loss only when it runs again. While no member can be reached, it goes on
        campaigning.

        Args:
            work: The function to run as the leader; its argument is this election.

        Returns:
            The result of the work; the leadership has been resigned by then. If the work raises,
            its exception is raised.

        Raises:
            SessionLostError: The session was lost, so that the election can no longer be won.
            ElectError: This object is the leader already.
            RpcError: The server refuses the candidate for good.
        """
        try:
            return run(self._inner.run, waiting(Election, work))
        except BaseException as interruption:
            # It may have come just after the election, before the work had begun.
            abandon(self._inner, interruption)
            raise

    def proclaim(self, value: BytesLike, *, timeout: float | None = None) -> None:
        """Proclaim a new value as the leader.

        Args:
            value: The value to proclaim.
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Raises:
            ElectionNotLeaderError: The leadership was lost.
            ElectError: This object is not the leader.
        """
        run(self._inner.proclaim, value, timeout=timeout)

    def resign(self, *, timeout: float | None = None) -> None:
        """Resign the leadership.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Raises:
            ElectError: The leadership had been lost, or this object is not the leader.
        """
        run(self._inner.resign, timeout=timeout)

    def leader(self, *, timeout: float | None = None) -> LeaderResponse:
        """Get the current leader.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Returns:
            The leader's key and the value that it proclaims.

        Raises:
            ElectionNoLeaderError: There is no leader.
        """
        return run(self._inner.leader, timeout=timeout)

    def observe(self) -> Leaders:
        """Observe the current leader, its successors, and what they proclaim.

        Returns:
            An iterator of `LeaderResponse`, and None while there is no leader.
        """
        return Leaders._of(run(self._inner.observe))

    def __enter__(self) -> Election:
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


class Leaders(Face):
    """Iterates over the leaders of an election, with None while there is no leader.

    The first item is the current state. Then each leader is reported once, in order, and again when
    it proclaims another value. The whole line of candidates is watched, revision by revision, so
    that none is missed however fast they change. Only if the unread history has been compacted, it
    continues with the state at that time.

    A step can be cancelled and repeated. The iteration ends with `cancel`, with the communicator,
    or with the last reference.

    Examples:
        >>> from etcd_client.sync import Election
        >>> leaders = Election(communicator, "scheduler").observe()
        >>> next(leaders) is None
        True
        >>> with Election(communicator, "scheduler", value="node-7"):
        ...     (next(leaders)).kv.value
        b'node-7'
        >>> leaders.cancel()
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Leaders

    def __iter__(self) -> Leaders:
        return self

    def __next__(self) -> LeaderResponse | None:
        return following(self._inner.__anext__)

    def cancel(self) -> None:
        """End the iteration, on the server too."""
        run(self._inner.cancel)


class Lock(Face):
    """A lock with one holder at a time in the whole cluster.

    It is compatible with etcd's lock service and the mutex of its Go client. Without a `ttl`, it is
    held until its holder releases it or dies: its lease is renewed in the background, and after a
    crash it expires within 30 seconds, or within the time to live of the `session`. With a `ttl`,
    it is released that many seconds after it was acquired, whatever its holder does, unless `renew`
    changes that.

    A `Lock` object is for one holder: make one for each thread. It can be acquired again after it
    was released. It is released with its session or its communicator at the latest.

    Args:
        communicator: The communicator to use.
        name: The name of the lock. Its keys are all that begin with it and `/`: it waits for any
            that was there before.
        ttl: Maximum time to hold it, in seconds; None to hold it until it is released.
        session: The session whose lease to use. Any number of locks can share it, and acquiring and
            releasing a free lock then costs one round trip each. None for a lease of its own.

    Examples:
        >>> from etcd_client.sync import Lock
        >>> lock = Lock(communicator, "report")
        >>> with lock:
        ...     # A store that remembers the greatest token it has seen can refuse late writers.
        ...     token = lock.revision
        ...     Lock(communicator, "report").acquire(blocking=False)
        False
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Lock

    def __init__(
        self,
        communicator: Communicator,
        name: BytesLike,
        ttl: float | None = None,
        *,
        session: Session | None = None,
    ) -> None:
        self._inner = run(
            aio.Lock, own(communicator, "communicator"), name, ttl, session=own(session, "session")
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


class Registration(Face):
    """A key that exists while its session is open, whatever happens to the lease.

    `Session.register` makes one. If the session is lost, the key is written again with a new lease
    as soon as a member can be reached. There is one owner at a time: if another client has written
    the key meanwhile, it is left alone and the registration ends.

    Examples:
        >>> with communicator.session(ttl=10) as session:
        ...     registration = session.register("services/api/7", "10.0.0.7:80")
        ...     registration.update("10.0.0.8:80")
        ...     communicator.get("services/api/7")
        b'10.0.0.8:80'
        >>> communicator.get("services/api/7") is None
        True
    """

    __module__ = "etcd_client.sync"
    __slots__ = ()
    _inner: aio.Registration

    @property
    def key(self) -> bytes:
        """The key."""
        return run(lambda: self._inner.key)

    @property
    def value(self) -> bytes:
        """The last value that was registered or updated."""
        return run(lambda: self._inner.value)

    @property
    def is_registered(self) -> bool:
        """Whether the key exists, as far as is known: written, and its lease not lost since."""
        return run(lambda: self._inner.is_registered)

    @property
    def conflict(self) -> KeyExistsError | None:
        """Why it was not restored after a loss: another client owns the key, which is its `kv`."""
        return run(lambda: self._inner.conflict)

    def update(self, value: BytesLike, *, timeout: float | None = None) -> None:
        """Replace the value; if the key is being restored, wait for that first.

        Args:
            value: The new value.
            timeout: Deadline for the call, in seconds. If None, the request has the connection's
                default, and the wait has no limit.

        Raises:
            ConflictError: The key was deleted or belongs to another client; nothing was changed.
            ClosedError: The session was left or the registration withdrawn.
        """
        run(self._inner.update, value, timeout=timeout)

    def withdraw(self, *, timeout: float | None = None) -> None:
        """Delete the key. Withdrawing it again does nothing.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.
        """
        run(self._inner.withdraw, timeout=timeout)
