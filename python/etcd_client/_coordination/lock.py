"""Locks: `Lock`, and `EtcdLockOption` for `Client.with_lock`."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, ClassVar

from etcd_client._arguments import check_name, check_seconds
from etcd_client._started import StartedCoroutine
from etcd_client.errors import EtcdError, LockError, LockLostError

from .contender import Contender

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from types import TracebackType
    from typing import Any

    from etcd_client._etcd_client import Call, Communicator, HeldLease, ResponseHeader
    from etcd_client._types import BytesLike

    from .open_session import Session


class EtcdLockOption:
    """The lock for `Client.with_lock`.

    Args:
        lock_name: The name of the lock.
        timeout: Maximum wait in seconds; None to wait without limit.
        ttl: Maximum time to hold it, in seconds; None to hold it until it is released.

    Examples:
        >>> from etcd_client import EtcdLockOption
        >>> async with client.with_lock(EtcdLockOption("deploy", timeout=5)) as communicator:
        ...     response = await communicator.put("deployed", "7")
    """

    __module__ = "etcd_client"

    # Not a dataclass: importing that module would be a third of the import of this package.
    __hash__: ClassVar[None] = None  # type: ignore[assignment]  # it can be changed

    def __init__(
        self, lock_name: BytesLike, timeout: float | None = None, ttl: float | None = None
    ) -> None:
        check_name(lock_name, "lock_name")
        for name, seconds in (("timeout", timeout), ("ttl", ttl)):
            if seconds is not None:
                check_seconds(seconds, name)
        self.lock_name = lock_name
        self.timeout = timeout
        self.ttl = ttl

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EtcdLockOption):
            return NotImplemented
        return vars(self) == vars(other)

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in vars(self).items())
        return f"EtcdLockOption({fields})"


class Lock(Contender):
    """A lock with one holder at a time in the whole cluster.

    It is compatible with etcd's lock service and the mutex of its Go client. Without a `ttl`, it is
    held until its holder releases it or dies: its lease is renewed in the background, and after a
    crash it expires within 30 seconds, or within the time to live of the `session`. With a `ttl`,
    it is released that many seconds after it was acquired, whatever its holder does, unless `renew`
    changes that.

    A `Lock` object is for one holder: make one for each task. It can be acquired again after it was
    released. It is released with its session or its communicator at the latest.

    Args:
        communicator: The communicator to use.
        name: The name of the lock.
        ttl: Maximum time to hold it, in seconds; None to hold it until it is released.
        session: The session whose lease to use. Any number of locks can share it, and acquiring and
            releasing a free lock then costs one round trip each. None for a lease of its own.

    Examples:
        >>> from etcd_client import Lock
        >>> lock = Lock(communicator, "report")
        >>> async with lock:
        ...     # A store that remembers the greatest token it has seen can refuse late writers.
        ...     token = lock.revision
        ...     await Lock(communicator, "report").acquire(blocking=False)
        False
    """

    __module__ = "etcd_client"

    __slots__ = ("_ttl",)

    _what = "lock"
    _error = LockError

    def __init__(
        self,
        communicator: Communicator,
        name: BytesLike,
        ttl: float | None = None,
        *,
        session: Session | None = None,
    ) -> None:
        super().__init__(communicator, name, session)
        if ttl is not None:
            check_seconds(ttl, "ttl")
        self._ttl = ttl

    @property
    def is_acquired(self) -> bool:
        """Whether it is held: acquired, not released and not lost."""
        return self._held is not None and self._held.loss is None

    def acquire(
        self,
        blocking: bool = True,  # noqa: FBT001, FBT002 - as for the locks of Python
        timeout: float | None = None,
    ) -> Coroutine[Any, Any, bool]:
        """Acquire the lock; a failed or cancelled attempt leaves nothing on the server.

        Args:
            blocking: Whether to wait for it.
            timeout: Maximum wait in seconds; None to wait without limit.

        Returns:
            True; False if it is not free and `blocking` is False.

        Raises:
            LockTimeoutError: The lock was not acquired in time.
            LockLostError: Its key or lease was lost while waiting.
            SessionLostError: The session had been lost.
            LockError: This object holds the lock already.
        """
        call = self._enter(timeout, wait=blocking, ttl=self._ttl)
        return StartedCoroutine(call.close, self._entered(call))

    def renew(self, seconds: float, *, timeout: float | None = None) -> Call[None]:
        """Hold the lock for the given time from now on, whatever its previous limit.

        A lock that was acquired without a `ttl` has one from then on.

        Args:
            seconds: Maximum time to hold it, counted from this call.
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Raises:
            LockLostError: The lock had been lost.
            LockError: This object does not hold the lock.
        """
        return self._holding().renew(seconds, timeout)

    def release(self, *, timeout: float | None = None) -> Coroutine[Any, Any, None]:
        """Release the lock.

        Args:
            timeout: Deadline for the call, in seconds; None for the connection's default.

        Raises:
            LockLostError: The lock had been lost.
            LockError: This object does not hold the lock.
        """
        held = self._holding()
        call = held.release(timeout)
        self._held = None
        return self._released(held, call)

    async def _released(self, held: HeldLease, call: Call[ResponseHeader | None]) -> None:
        if await call is None:
            raise LockLostError(self._message(f"was lost: {held.loss}"))

    async def __aenter__(self) -> Lock:
        await self.acquire()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._held is None:
            return
        # The exception of the body matters more than that of releasing.
        with contextlib.suppress(*() if kind is None else (EtcdError,)):
            await self.release()

    def __repr__(self) -> str:
        state = "acquired" if self.is_acquired else "not acquired"
        return f"<Lock {self._name!r} {state}>"
