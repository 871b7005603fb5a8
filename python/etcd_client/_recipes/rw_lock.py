"""`RWLock`: a lock that any number of readers share, or one writer holds alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etcd_client._arguments import as_bytes, check_communicator, check_name
from etcd_client._coordination.acquirable import Acquirable
from etcd_client._coordination.open_session import check_session

if TYPE_CHECKING:
    from etcd_client._coordination.open_session import Session
    from etcd_client._etcd_client import Communicator
    from etcd_client._types import BytesLike


class RWLock:
    """A lock that any number of readers share, or that one writer holds alone.

    It is fair: a reader that comes after a waiting writer waits for it. A reader watches the key of
    the last writer before it, a writer the last key before it. It is compatible with the `RWMutex`
    of etcd's Go client.

    Any number of tasks may use the same `RWLock` object. It is not reentrant: a task that holds it,
    for reading or writing, and asks for it again can wait for itself; it is neither upgraded from
    reading to writing nor the other way round. Release it in between.

    Args:
        communicator: The communicator to use.
        name: The name of the lock. Its keys are all that begin with it and `/`.
        session: The session whose lease to use; None for a lease for each holder.

    Examples:
        >>> from etcd_client import RWLock
        >>> lock = RWLock(communicator, "report")
        >>> async with lock.read(), lock.read():
        ...     await lock.write().acquire(blocking=False)
        False
    """

    __module__ = "etcd_client"

    __slots__ = ("_communicator", "_name", "_session")

    def __init__(
        self, communicator: Communicator, name: BytesLike, *, session: Session | None = None
    ) -> None:
        check_communicator(communicator, self)
        check_name(name, "name")
        check_session(session, "session")
        self._communicator = communicator
        self._name = as_bytes(name)
        self._session = session

    def read(self, *, ttl: float | None = None) -> ReadLock:
        """Make a lock for a reader, not yet acquired.

        Args:
            ttl: Maximum time to hold it, in seconds; None to hold it until it is released.

        Returns:
            The lock; `async with` acquires it.
        """
        return ReadLock(self._communicator, self._name, ttl, session=self._session)

    def write(self, *, ttl: float | None = None) -> WriteLock:
        """Make a lock for a writer, not yet acquired.

        Args:
            ttl: Maximum time to hold it, in seconds; None to hold it until it is released.

        Returns:
            The lock; `async with` acquires it.
        """
        return WriteLock(self._communicator, self._name, ttl, session=self._session)

    def __repr__(self) -> str:
        return f"<RWLock {self._name!r}>"


class ReadLock(Acquirable):
    """A reader's share of an `RWLock`, which `RWLock.read` makes.

    It waits for the writers that came before.

    Args:
        communicator: The communicator to use.
        name: The name of the read-write lock. Its keys are all that begin with it and `/`.
        ttl: Maximum time to hold it, in seconds; None to hold it until it is released.
        session: The session whose lease to use; None for a lease of its own.

    Examples:
        >>> from etcd_client import ReadLock
        >>> async with ReadLock(communicator, "index", ttl=30) as lock:
        ...     lock.is_acquired
        True
    """

    __module__ = "etcd_client"

    __slots__ = ()

    _what = "read lock"

    def __init__(
        self,
        communicator: Communicator,
        name: BytesLike,
        ttl: float | None = None,
        *,
        session: Session | None = None,
    ) -> None:
        check_name(name, "name")
        own = as_bytes(name)
        super().__init__(
            communicator, own + b"/read", session, ttl, line={"ahead": own + b"/write/"}
        )


class WriteLock(Acquirable):
    """A writer's hold of an `RWLock`, which `RWLock.write` makes.

    It waits for all that came before, readers and writers.

    Args:
        communicator: The communicator to use.
        name: The name of the read-write lock. Its keys are all that begin with it and `/`.
        ttl: Maximum time to hold it, in seconds; None to hold it until it is released.
        session: The session whose lease to use; None for a lease of its own.

    Examples:
        >>> from etcd_client import WriteLock
        >>> async with WriteLock(communicator, "index", ttl=30) as lock:
        ...     lock.is_acquired
        True
    """

    __module__ = "etcd_client"

    __slots__ = ()

    _what = "write lock"

    def __init__(
        self,
        communicator: Communicator,
        name: BytesLike,
        ttl: float | None = None,
        *,
        session: Session | None = None,
    ) -> None:
        check_name(name, "name")
        own = as_bytes(name)
        super().__init__(communicator, own + b"/write", session, ttl, line={"ahead": own + b"/"})
